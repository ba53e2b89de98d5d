"""Messages of one channel: the way out, and their order and credit on the way in (SPEC.md, 6.2 to 6.4, 7.7)."""

import collections

from wire import Malformed, fnv1a, u, v

UNRELIABLE, RELIABLE_ORDERED = 0, 4
WINDOW = 1 << 16
MOST_OPEN = 1 << 15  # messages that wait for their turn, those that will not come included
LARGEST = {UNRELIABLE: 1 << 16, RELIABLE_ORDERED: 1 << 20}


class Channel:
    """Both directions of a channel."""

    def __init__(self, delivery, name):
        self.delivery, self.name = delivery, name
        self.next_id = self.started = self.limit = self.asked = 0  # of what we send
        self.waiting = collections.deque()
        self.turn, self.whole, self.parts = 0, {}, {}  # of what comes: the next id in its order
        self.returned, self.granted = 0, WINDOW

    def frame(self, number):
        """The next message of ours, as a run of one (6.2); None if there is none, or no credit for it (7.7)."""
        if not self.waiting or not self.affords(self.charge()):
            return None
        self.started += self.charge()
        message = self.waiting.popleft()
        sized = v(len(message)) + message
        if not self.delivery:
            return b"\xc1" + v(number) + sized
        self.next_id += 1
        return b"\x81" + v(number) + u(self.next_id - 1, 2) + sized

    def charge(self):
        return len(self.waiting[0]) + 32

    def affords(self, charge):
        return self.delivery == UNRELIABLE or self.started + charge <= self.limit

    def blocked(self):
        """Whether the next message has no credit, and the server does not know."""
        return bool(self.waiting) and not self.affords(self.charge()) and self.asked < self.started + self.charge()

    def wants(self, number):
        """BLOCKED, with the limit that the next message wants."""
        self.asked = self.started + self.charge()
        return b"\5" + v(number) + u(self.asked, 4)

    def window(self, number, wanted=0):
        """The credit that we give: a window more than was taken, or what one message wants that is larger."""
        self.granted = max(self.returned + WINDOW, min(wanted, self.returned + LARGEST[self.delivery] + 32))
        return b"\4" + v(number) + u(self.granted, 4)

    def row(self, number):
        """What HELLO has both ends agree on (6.4)."""
        return u(number, 2) + u(self.delivery, 1) + b"\0" + u(LARGEST[self.delivery], 4) + u(fnv1a(self.name.encode()), 4)

    def arrived(self, ident, message):
        """A message of a reliable channel, or None for one that will not come; returns those whose turn it is."""
        if ident >= self.turn:
            self.parts.pop(ident, None)
            self.whole.setdefault(ident, message)
            self.afford()
        while self.turn in self.whole:
            message = self.whole.pop(self.turn)
            self.turn += 1
            if message is not None:
                self.returned += len(message) + 32
                yield message

    def afford(self):
        """Whoever sends more than there is credit for (7.7) would have us keep it all."""
        held = sum(len(m) + 32 for m in self.whole.values() if m is not None) + sum(len(p[0]) + 32 for p in self.parts.values())
        if held > self.granted - self.returned or len(self.whole) > MOST_OPEN:
            raise Malformed("more than there is credit for")

    def skipped(self, ident, size):
        if ident >= self.turn and ident not in self.whole:
            self.returned += size + 32
            yield from self.arrived(ident, None)

    def part(self, ident, offset, total, b):
        """Bytes of a message; returns it when all are there."""
        if ident < self.turn or ident in self.whole:
            return None
        part = self.parts.setdefault(ident, [bytearray(), 0, None])
        end = offset + len(b)
        part[2] = total or part[2]
        if max(end, part[2] or 0) > LARGEST[self.delivery] or part[2] and max(end, len(part[0])) > part[2]:
            raise Malformed("a message is longer than it may be")
        part[0].extend(bytes(max(0, end - len(part[0]))))
        part[0][offset:end] = b
        part[1] |= (1 << end) - (1 << offset)
        self.afford()
        return bytes(part[0]) if part[2] and part[1] == (1 << part[2]) - 1 else None

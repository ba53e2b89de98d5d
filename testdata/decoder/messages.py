"""What one side sends on one channel, followed over a trace: sections 6.2, 6.3, 6.6, 6.9 and 7.7."""

from frames import DROPPABLE, MOST, UNRELIABLE, symbol
from octets import nearest
from spans import Spans

CYCLE = 2**32


class Sent:
    """A message as the wire shows it so far; bytes that come twice are the same bytes."""

    def __init__(self):
        self.bytes, self.have, self.total = bytearray(), Spans(), None
        self.options, self.whole, self.skipped, self.charged = None, None, None, 0

    def put(self, offset, b, total):
        """What is wrong with these bytes, or None."""
        end = offset + len(b)
        if total is not None:
            if self.total not in (None, total):
                return f"two totals, {self.total} and {total}"
            if len(self.bytes) > total:
                return "bytes beyond the total"
            self.total = total
        if self.total is not None and end > self.total:
            return "bytes beyond the total"
        if not b:
            return None
        if len(self.bytes) < end:
            self.bytes.extend(bytes(end - len(self.bytes)))
        old = self.bytes[offset:end]
        for low, high in zip(self.have.lows, self.have.highs):
            a, z = max(low, offset), min(high + 1, end)
            if a < z and old[a - offset : z - offset] != b[a - offset : z - offset]:
                return "bytes that differ from those sent before"
        self.bytes[offset:end] = b
        self.have.add(offset, end - 1)
        return None

    def complete(self):
        return self.total is not None and (not self.total or self.have.has(0, self.total - 1))


class Stream:
    """One channel in one direction: ids given, credit used, what was told of it."""

    def __init__(self, channel, window):
        self.channel = channel
        self.next = 0  # the next id to be given
        self.next_fragment = 0  # of fragmented messages on Unreliable
        self.sent, self.fragmented, self.droppables = {}, {}, {}
        self.index = 0
        self.started = 0
        self.limit = self.said = window  # the newest limit that its sender heard, its receiver said
        self.ahead = None  # the limit at which BLOCKED was sent although the next message fits
        self.resolved, self.newest, self.newest_fragment = Spans(), -1, -1  # at the receiver
        self.got, self.sums, self.wanted = {}, set(), set()
        self.debt = 0  # ids that are to come yet in this instant

    def message(self, space, key):
        if key not in space:
            space[key] = Sent()
        return space[key]

    def options(self, m, o, key, back):
        if m.options is None:
            m.options = (o, key, back)
        return m.options == (o, key, back)

    def fragments_of(self, i):
        """What was sent in fragments under an id, of whichever kind."""
        if isinstance(i, tuple):
            return self.droppables.get(i)
        return (self.fragmented if self.channel.delivery == UNRELIABLE else self.sent).get(i)

    def arrived(self, i):
        """Whether all bytes of a message came in fragments."""
        m, have = self.fragments_of(i), self.got.get(("f", i))
        return bool(m and have and m.total and have.has(0, m.total - 1))

    def charge(self, m):
        """Charges a message of a reliable delivery as far as it is known; the credit that is left."""
        size = m.skipped if m.total is None and m.skipped is not None else m.total
        size = len(m.bytes) if size is None else size
        self.started += 32 + size - m.charged
        m.charged = 32 + size
        return self.limit - self.started

    def true_id(self, f, fragment=False):
        bits = 32 if f["wide"] else 16
        if fragment and self.channel.delivery == UNRELIABLE:
            return nearest(self.next_fragment, f["id"], bits)
        return nearest(self.next, f["id"], bits)

    def expected(self, fragment=False):
        """What a receiver rebuilds ids by."""
        if self.channel.reliable:
            return self.resolved.missing()
        return 1 + (self.newest_fragment if fragment and self.channel.delivery == UNRELIABLE else self.newest)


def new_id(s, i, side, what):
    """Takes note of an id, and says whether it is new; ids are given in order, without a hole."""
    if s.channel.reliable and i - s.resolved.missing() >= MOST:
        side.bad(f"{what}: 2^14 ids open", f"channel {s.channel.channel}: {i}")
    if i < s.next:
        return i not in s.sent
    if i > s.next:
        holes = range(s.next, i)
        well = lambda: s.debt <= 0 if s.channel.delivery == UNRELIABLE else all(n in s.sent for n in holes)
        side.unless(well, f"{what}: an id is left out", f"channel {s.channel.channel}: {i} behind {s.next - 1}")
        s.debt += i - s.next
    s.next, s.index = i + 1, 0
    return True


def count(s, n):
    """n messages are started on Unreliable that show no id."""
    paid = min(n, s.debt)
    s.debt -= paid
    s.next += n - paid


def settle(s, m, side, what, i):
    if s.channel.reliable and s.charge(m) < 0:
        side.bad(f"{what}: above the credit", f"channel {s.channel.channel}, id {i}: {s.started} of {s.limit}")


def run(s, f, side, copy):
    """A RUN as it is sent; the ids of its messages are put into f."""
    f["ids"], c = [], s.channel
    if f["id"] is None:
        return count(s, len(f["messages"]))
    base = s.true_id(f)
    for n, (key, b) in enumerate(f["messages"]):
        if f["options"] & DROPPABLE:
            f["ids"].append(droppable(s, base, f["index"] + n, f, 0, b, len(b), side))
            continue
        i = base + n
        f["ids"].append(i)
        fresh = new_id(s, i, side, "RUN")
        if not c.reliable and not fresh and not copy:
            side.bad("RUN: an unreliable message is sent again", f"channel {c.channel}, id {i}")
        m = s.message(s.sent, i)
        m.whole = True
        check(s, m, f, key, i, 0, b, len(b), side, n)


def check(s, m, f, key, i, offset, b, total, side, n=0):
    """Judges a message, or a part; it is the nth of its RUN, and so further from its group's first."""
    what = f["f"]
    if m.skipped is not None:
        side.bad(f"{what}: sent after its SKIP", f"channel {s.channel.channel}, id {i}")
    back = f["back"]
    if back is not None and not f["options"] & DROPPABLE:
        back = min(back + n, MOST)
    if back is not None and back > i:
        side.bad(f"{what}: back reaches below id 0", f"channel {s.channel.channel}, id {i}")
    if not s.options(m, f["options"], key, back):
        side.bad(f"{what}: options differ", f"channel {s.channel.channel}, id {i}: {m.options}, {f}")
    wrong = m.put(offset, b, total)
    if wrong:
        side.bad(f"{what}: {wrong}", f"channel {s.channel.channel}, id {i}")
    if not f["options"] & DROPPABLE:
        settle(s, m, side, what, i)


def droppable(s, i, index, f, offset, b, total, side):
    fresh = (i, index) not in s.droppables
    if fresh and i != s.next:
        side.bad("droppable: does not precede the next message", f"{i}, the next one is {s.next}")
    if fresh and index != s.index:
        side.bad("droppable: its index", f"id {i}: {index}, wanted {s.index}")
    if fresh:
        s.index = index + 1
    m = s.message(s.droppables, (i, index))
    check(s, m, f, None, i, offset, b, total, side)
    return (i, index)


def fragment(s, f, side, copy):
    c = s.channel
    i = s.true_id(f, True)
    total = f["total"]
    if f["options"] & DROPPABLE:
        f["ids"] = [droppable(s, i, f["index"], f, f["offset"], f["bytes"], total, side)]
        if f["stored"]:
            s.wanted.add(f["ids"][0])
        return
    f["ids"] = [i]
    if c.delivery == UNRELIABLE:
        if i > s.next_fragment:
            side.bad("FRAGMENT: an id is left out", f"channel {c.channel}: {i}, wanted {s.next_fragment}")
        fresh = i >= s.next_fragment
        count(s, int(fresh))  # it counts among all that were started (6.8)
        s.next_fragment = max(s.next_fragment, i + 1)
        m = s.message(s.fragmented, i)
    else:
        fresh = new_id(s, i, side, "FRAGMENT")
        m = s.message(s.sent, i)
    if fresh and f["offset"]:
        side.unless(lambda: m.have.has(0), "FRAGMENT: a message does not begin with its first", f"channel {c.channel}, id {i}")
    if f["stored"]:
        s.wanted.add(f["ids"][0])
    check(s, m, f, f["key"], i, f["offset"], f["bytes"], total, side)


def skip(s, f, side):
    base = s.true_id(f)
    f["ids"] = list(range(base, base + len(f["lengths"])))
    for i, n in zip(f["ids"], f["lengths"]):
        new_id(s, i, side, "SKIP")
        m = s.message(s.sent, i)
        if m.total not in (None, n) or len(m.bytes) > n:
            side.bad("SKIP: another length", f"channel {s.channel.channel}, id {i}: {n}, {m.total}")
        m.skipped = n
        if m.total is None:
            m.total = n
        settle(s, m, side, "SKIP", i)


def stored_id(i):
    """What STORED calls a message; a droppable by its id and its index (6.6)."""
    return (i[0] & 0xFFFF) | (i[1] & 0xFFFF) << 16 if isinstance(i, tuple) else i & 0xFFFFFFFF


def masked(newest, mask):
    return [newest - n for n in range(32) if mask >> n & 1]


def symbols(s, f):
    """The symbols of a REPAIR that is sent, by id; None if one of its messages is not known."""
    out = {}
    for i in f["ids"]:
        m = s.sent.get(i)
        if m is None or not m.whole or not m.complete():
            return None
        out[i] = symbol(bytes(m.bytes), *m.options)
    return out

"""One end of a connection over UDP (SPEC.md, sections 5 to 7).

It sends messages of up to 1100 bytes, reliable and in order or neither, and takes such of any size. It announces no paths,
no HOLD and no REPAIR, so nobody sends it any of them, and reads no options (6.6), which its server does not use. Ten packets
at most are under way (RFC 9002, 7.2): that is all the congestion control that it has.
"""

import collections
import contextlib
import os
import random
import time

from channel import RELIABLE_ORDERED, WINDOW, Channel
from cryptography.exceptions import InvalidTag
from handshake import Refused, Token, shake_hands
from traffic import Traffic
from wire import Malformed, Reader, fnv1a, nearest, u, v

MOST_BYTES, MOST_PACKETS = 1100, 10
PING, CLOSE, CLOSE_ACK = b"\1", b"\x0c", b"\x0d"
Sent = collections.namedtuple("Sent", "at frames eliciting largest acked")


class Closed(Exception):
    """The connection is over."""


class Connection:
    def __init__(self, token, channels):
        token = Token(token)
        self.channels = {0: Channel(RELIABLE_ORDERED, ""), **channels}
        self.digest = u(fnv1a(b"".join(channels[n].row(n) for n in sorted(channels))), 8)
        self.line, (self.id, up, down, hello) = shake_hands(token, self.hello())
        self.up, self.down = Traffic(up), Traffic(down)
        self.agree(hello)
        self.begin(token.timeout)
        self.send_packet([PING])

    def begin(self, timeout):
        self.timeout, self.heard = timeout, time.monotonic()
        self.number, self.acked, self.under_way, self.again = 0, -1, {}, collections.deque()
        self.top, self.seen, self.received, self.arrival = -1, 0, set(), 0
        self.due = self.news = False
        self.told, self.alone, self.probes = 0, 0, 0
        self.rtt, self.variance, self.first = 0.25, 0.125, True
        self.over = None

    # HELLO (6.4)

    def hello(self):
        capabilities = 8 | 16
        limits = u(1472, 2) + u(20, 1) + u(0, 2) + v(WINDOW)
        return b"\1\1" + self.digest + os.urandom(8) + v(capabilities) + u(self.clock(time.monotonic()), 8) + limits + b"\0"

    def agree(self, r):
        least, _, digest = r.u(1), r.u(1), r.take(8)
        if least != 1 or digest != self.digest:
            raise Refused("the server has another version, or other channels")
        r.take(8), r.v(), r.take(10)
        self.hold = min(r.u(1), 250) / 1000
        r.take(2)
        window = r.v()
        windows = {r.v(): r.v() for _ in range(r.v())}
        for n, channel in self.channels.items():
            channel.limit = windows.get(n, window)

    @staticmethod
    def clock(at):
        return int(at / 64e-6)

    # What the program calls

    def send(self, channel, message):
        if len(message) > MOST_BYTES:
            raise ValueError(f"a message of {len(message)} bytes; this client cuts none, so {MOST_BYTES} is the most")
        self.channels[channel].waiting.append(message)
        self.flush()

    def receive(self, patience):
        """Waits for messages, and returns them with their channels; raises Closed when it is over."""
        messages = []
        self.line.settimeout(max(1e-3, min(patience, self.deadline() - time.monotonic())))
        try:
            while True:
                messages += self.datagram(self.line.recv(2048))
                self.line.settimeout(0)
        except (TimeoutError, BlockingIOError, ConnectionRefusedError):
            pass
        self.timers(time.monotonic())
        self.flush()
        if self.over is not None and not messages:
            raise Closed(self.over)
        return messages

    def close(self, patience=5):
        """Leaves when what was sent has arrived; it ends with Closed, as each end does."""
        end = time.monotonic() + patience
        while time.monotonic() < end and self.over is None and (self.busy() or self.again):
            self.receive(0.1)
        for _ in range(30):
            self.send_packet([CLOSE + bytes(3)])
            self.receive(0.1)
        raise Closed("the server did not answer")

    def busy(self):
        return any(c.waiting for c in self.channels.values()) or any(s.frames for s in self.under_way.values())

    # Packets out (5, 7.4, 7.5)

    def flush(self):
        """Sends what waits, as far as packets may be under way, and acks."""
        while sum(s.eliciting for s in self.under_way.values()) < MOST_PACKETS and self.over is None:
            frames = self.pack()
            if not frames:
                break
            self.send_packet(frames)
        if self.due:
            self.send_packet([])

    def pack(self):
        frames, room = [], MOST_BYTES + 40
        while self.again and len(self.again[0]) <= room:
            frames.append(self.again.popleft())
            room -= len(frames[-1])
        for n, channel in self.channels.items():
            while channel.waiting and len(channel.waiting[0]) + 10 <= room and (frame := channel.frame(n)):
                frames.append(frame)
                room -= len(frame)
            if channel.blocked() and room > 12:
                frames.append(channel.wants(n))
                room -= len(frames[-1])
        return frames

    def send_packet(self, frames):
        now, acked, largest = time.monotonic(), frozenset(self.received), self.top
        ack = self.ack(now) if acked else b""
        self.alone = 0 if frames else self.alone + 1
        if self.alone > 8 and self.news:  # so that what was acknowledged can be forgotten
            frames, self.alone, self.news = [PING], 0, False
        size = next(n for n in (2, 3, 4) if self.number - self.acked < 1 << 8 * n - 2)
        head = bytes([8 | (self.up.epoch & 1) << 2 | size - 1]) + self.id + u(self.number, size)
        with contextlib.suppress(ConnectionRefusedError):  # nobody listens there now: silence will tell
            self.line.send(head + self.up.seal(self.number, ack + b"".join(frames), head))
        kept = [f for f in frames if f[0] < 0xC0 and f[0] not in b"\1\x0c\x0d"]
        eliciting = any(f[0] not in b"\x0c\x0d" for f in frames)
        self.under_way[self.number] = Sent(now, kept, eliciting, largest, acked)
        self.number += 1 + (random.random() < 1 / 2000)  # a peer that acknowledges what was left out makes it up
        self.due = False

    def ack(self, now):
        ranges = []
        for n in sorted(self.received, reverse=True):
            if ranges and ranges[-1][1] == n + 1:
                ranges[-1][1] = n
            else:
                ranges.append([n, n])
        wide, held = self.top - self.told >= 1 << 14, now - self.arrival
        hold = u(int(held / 128e-6), 1) if held < 255 * 128e-6 else b"\xff" + u(min(int(held * 1000), 65535), 2)
        out = bytes([0x21 | wide << 2 | (len(ranges) > 1) << 3]) + u(self.top, 4 if wide else 2) + hold
        out += u(self.clock(self.arrival), 3) + v(ranges[0][0] - ranges[0][1])
        if len(ranges) > 1:
            out += v(len(ranges[1:32]))
        for (_, above), (high, low) in zip(ranges, ranges[1:32]):
            out += v(above - high - 2) + v(high - low)
        return out

    # Time (7.5, 7.10)

    def probe_timeout(self):
        return min(2, (self.rtt + max(4 * self.variance, 1e-3) + self.hold) * 2**self.probes)

    def oldest(self):
        return next((n for n, s in self.under_way.items() if s.eliciting), None)

    def deadline(self):
        oldest, quiet = self.oldest(), self.timeout / 4 if self.timeout > 0 else 5
        return self.heard + min(5, quiet) if oldest is None else self.under_way[oldest].at + self.probe_timeout()

    def timers(self, now):
        if self.over is None and 0 < self.timeout < now - self.heard:
            self.over = "nothing was heard for too long"
        if self.over is not None or now < self.deadline():
            return
        oldest = self.oldest()
        self.probes = min(self.probes + 1, 10)
        frames = [PING] if oldest is None else self.under_way.pop(oldest).frames or [PING]
        self.send_packet(frames)

    # Packets in

    def datagram(self, b):
        """The messages of a datagram; one that is not authentic, or came before, has none."""
        if not b or not 8 <= b[0] <= 15:
            return []
        size = (b[0] & 3) + 1
        number = nearest(self.top + 1, int.from_bytes(b[1 : 1 + size], "little"), 8 * size)
        back = self.top - number
        if back >= 1024 or back >= 0 and self.seen >> back & 1:
            return []
        try:
            frames = self.down.open(number, b[1 + size :], b[: 1 + size])
        except InvalidTag:
            return []
        self.heard = time.monotonic()
        if back < 0:
            self.top, self.arrival, self.seen, back = number, self.heard, self.seen << -back & (1 << 1024) - 1, 0
        self.seen |= 1 << back
        self.received.add(number)
        try:
            return self.frames(Reader(frames))
        except Malformed as e:
            self.send_packet([CLOSE + v(1) + v(len(str(e))) + str(e).encode() + b"\0"])
            self.over = f"the server broke the rules: {e}"
            return []

    def frames(self, r):
        messages = []
        while r.more():
            kind = r.u(1)
            self.due = self.due or kind not in (0, 12, 13) and not 0x20 <= kind < 0x40
            self.news = self.news or kind != 1 and not 0x20 <= kind < 0x40
            if 0x20 <= kind < 0x40:
                self.read_ack(r, kind)
            elif kind >= 0x40:
                messages += self.content(r, kind)
            elif kind in (3, 4, 5, 6):
                messages += self.control(r, kind)
            elif kind == 0:
                r.rest()
            elif kind == 12:
                code, text = r.v(), r.take(r.v()).decode(errors="replace")
                self.over = f"code {code}: {text}"
                self.send_packet([CLOSE_ACK])
                break
            elif kind == 13:
                self.over = "we have left"
            elif kind == 14:
                r.u(1)  # the server drains: it closes when we have acknowledged all
            elif kind != 1:
                raise Malformed(f"frame {kind:#x} was not agreed on")
        for n, channel in self.channels.items():
            if channel.returned + WINDOW - channel.granted >= WINDOW // 2:
                self.again.append(channel.window(n))
        return [(n, m) for n, m in messages if n > 0]  # channel 0 is the library's: tickets, say

    def read_ack(self, r, kind):
        if kind & 16 and r.u(1) != 0:
            raise Malformed("an ack of a path that is not there")
        bits = 32 if kind & 4 else 16
        high = largest = nearest(max(self.acked, 0), r.u(bits // 8), bits)
        hold = r.u(1) * 128e-6
        if hold == 255 * 128e-6:
            hold = r.u(2) / 1000
        r.take(3 * (kind & 1) + 2 * (kind & 2))
        low = high - r.v()
        acked = [n for n in self.under_way if low <= n <= high]
        for _ in range(r.v() if kind & 8 else 0):
            high = low - r.v() - 2
            low = high - r.v()
            acked += [n for n in self.under_way if low <= n <= high]
        if low < 0 or largest >= self.number:
            raise Malformed("an ack of what was never sent")
        self.acked = max(self.acked, largest)
        for n in acked:
            sent = self.under_way.pop(n)
            self.probes = 0 if sent.eliciting else self.probes
            if n == largest and sent.eliciting:
                self.measured(self.heard - sent.at, hold)
            self.told = max(self.told, sent.largest)
            self.received -= sent.acked - {self.top}
        for n in [n for n in self.under_way if n <= largest - 3]:
            self.again.extend(self.under_way.pop(n).frames)

    def measured(self, sample, hold):
        sample = max(sample - hold, sample / 2)
        self.variance = sample / 2 if self.first else 0.75 * self.variance + 0.25 * abs(self.rtt - sample)
        self.rtt = sample if self.first else 0.875 * self.rtt + 0.125 * sample
        self.first = False

    def channel(self, r):
        n = r.v()
        if n not in self.channels:
            raise Malformed(f"there is no channel {n}")
        return n, self.channels[n]

    def control(self, r, kind):
        n, channel = self.channel(r)
        if kind == 3:  # SKIP
            first = nearest(channel.turn, r.u(4), 32)
            return [(n, m) for i in range(r.v()) for m in channel.skipped(first + i, r.v())]
        if kind == 4:  # WINDOW
            channel.limit = max(channel.limit, nearest(channel.limit, r.u(4), 32))
        elif kind == 5:  # BLOCKED
            self.again.append(channel.window(n, nearest(channel.granted, r.u(4), 32)))
        else:  # STORED, of nothing that we send
            r.take(4 * r.v())
        return []

    def content(self, r, kind):
        """RUN and FRAGMENT (6.2, 6.3)."""
        n, channel = self.channel(r)
        short = kind >= 0x80
        flags = (2 if kind >= 0xC0 else 0) if short else kind & 31
        if flags & 4:
            raise Malformed("options, which this client does not read")
        bits = 32 if flags & 1 and kind >= 0x60 or flags & 2 and kind < 0x60 else 16
        if kind < 0x60:
            return [(n, m) for m in self.fragment(r, channel, flags, nearest(channel.turn, r.u(bits // 8), bits))]
        ident = 0 if flags & 2 else nearest(channel.turn, r.u(bits // 8), bits)
        messages = [r.take(r.v()) for _ in range(kind & 63 if short else r.v())]
        if channel.delivery == RELIABLE_ORDERED:
            messages = [m for i, whole in enumerate(messages) for m in channel.arrived(ident + i, whole)]
        return [(n, m) for m in messages]

    @staticmethod
    def fragment(r, channel, flags, ident):
        offset, total = (0, r.v()) if flags & 1 else (r.v(), None)
        b = r.rest() if flags & 8 else r.take(r.v())
        if channel.delivery != RELIABLE_ORDERED:
            return []  # an unreliable message may be lost
        whole = channel.part(ident, offset, total, b)
        return [] if whole is None else channel.arrived(ident, whole)

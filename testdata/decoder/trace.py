"""The rules of sections 5 to 7 of SPEC.md that a trace of both directions shows.

A Side is one end of a conversation. send is called with each packet that it sends, heard with
each that it takes, in the order of time; both say what is wrong to bad(rule, detail).
"""

import messages
from frames import ABANDON, HOLD, PATHS, REPAIR, SILENT, UNRELIABLE, spans, sum_of
from octets import nearest
from spans import Spans

MS = 1_000_000
BEFORE_HELLO = {"HELLO", "ACK", "PING", "CLOSE", "CLOSE_ACK"}
ON_HOLD = {"ACK", "PING", "HOLD", "PADDING", "CLOSE", "CLOSE_ACK", "PATH_CHALLENGE", "PATH_RESPONSE", "PATH_STATUS"}
CYCLE = 2**32


def forms(f):
    """What a frame is, and which of its forms: each has to be seen."""
    name = f["f"]
    out = [name]
    if name == "RUN":
        out.append(f"RUN {f['form']}")
    if f.get("wide") and name != "SKIP":
        out.append(name + " wide")
    if f.get("options"):
        out.append(name + " options " + str(f["options"]))
    if name == "ACK":
        out += ["ACK " + field for field in ("path", "clock", "ecn", "ranges") if f[field] not in (None, [])]
        out += ["ACK long hold"] * (f["grain"] > 128_000)
    if name == "FRAGMENT":
        out += ["FRAGMENT first"] * (f["total"] is not None) + ["FRAGMENT stored"] * f["stored"]
        out += ["FRAGMENT to the end"] * f["end"]
    if name == "REPAIR":
        out += ["REPAIR to the end"] * f["end"]
    if name in ("DRAINING", "PATH_STATUS"):
        out.append(f"{name} {f['state']}")
    if name == "CLOSE" and f["rows"]:
        out.append("CLOSE rows")
    return out


class Packet:
    def __init__(self, side, path, number, frames, size, t):
        self.side, self.path, self.number, self.frames = side, path, number, frames
        self.size, self.t = size, t
        self.names = {f["f"] for f in frames}
        self.elicits = bool(self.names - SILENT)
        self.heard = self.acked = False


class Path:
    def __init__(self):
        self.sent, self.top, self.left_out, self.since = {}, -1, set(), None
        self.acked, self.wide_base = -1, -1  # the largest that the peer acknowledged; that it knows of ours
        self.came, self.arrival, self.named = Spans(), {}, set()
        self.clock = None  # of the clocks that were sent: the least and the most that ours is ahead
        self.clocked = None
        self.marked, self.counted = 0, (0, 0)
        self.size = 1200
        self.waiting = {}


class Side:
    def __init__(self, name, bad, channels, lone):
        self.name, self.channels, self.lone = name, channels, lone
        self.tell = bad
        self.paths, self.streams = {}, {}
        self.hello = self.peer = None
        self.greeted = False  # the peer's HELLO was heard
        self.challenged, self.asked, self.serials = {}, set(), {}
        self.hold = (0, 0, 0)  # serial, from, to: as the holder
        self.quiet = 0  # until then, at least, it was to be silent
        self.closed_at = self.was_closed = None
        self.draining = 0
        self.seen = {}
        self.hasty, self.changed = 0, None  # changes of keys that the peer may not follow (section 4)
        self.remotes = {}  # of each path: where its packets went
        self.later = []  # what is judged when the time has moved on
        self.now = 0

    def bad(self, rule, detail):
        self.tell(rule, f"t={self.now / 1e9:.6f} {self.name}: {detail}")

    def unless(self, well, rule, detail):
        """Complains unless all is well when this instant is over.

        Packets of one instant for several sockets are written in another order than they were
        made, so what one needs may stand behind it.
        """
        self.later.append((self.now, well, rule, detail))

    def settle(self, now):
        kept = []
        for t, well, rule, detail in self.later:
            if t >= now:
                kept.append((t, well, rule, detail))
            elif not well():
                self.tell(rule, f"t={t / 1e9:.6f} {self.name}: {detail}")
        self.later = kept

    def note(self, what):
        """Something that SPEC.md leaves open."""
        self.seen["note " + what] = self.seen.get("note " + what, 0) + 1

    def path(self, n):
        if n not in self.paths:
            self.paths[n] = Path()
        return self.paths[n]

    def stream(self, n):
        """What this side sends on channel n."""
        if n not in self.streams:
            h = self.peer.hello
            window = dict(h["windows"]).get(n, h["window"])
            self.streams[n] = messages.Stream(self.channels[n], window)
        return self.streams[n]

    # what it sends

    def change(self, t):
        """The keys of what it sends change; a receiver follows one change in a millisecond."""
        if self.changed is not None and t - self.changed < MS:
            self.hasty += 1
            self.note("4: keys change twice in a millisecond")
        self.changed = t

    def send(self, t, path, number, bits, frames, size, mark, stream):
        self.now = t
        self.settle(t)
        p = self.path(path)
        if stream:
            p.size = 1 << 16  # nothing is tried there
        k = Packet(self, path, number, frames, size, t)
        self.number(p, k, bits)
        if stream:
            self.on_stream(k, mark)
        p.sent[number] = k
        p.marked += mark == 2
        k.copy = self.is_copy(k)
        for f in frames:
            for name in forms(f):
                self.seen[name] = self.seen.get(name, 0) + 1
            ONE[f["f"]](self, p, k, f)
        self.whole(p, k)
        return k

    def on_stream(self, k, mark):
        """What a reliable transport has no use for."""
        if mark:
            self.bad("7.19: a mark on a reliable transport", f"path {k.path}: {k.number}")
        if k.names == {"PING", "PADDING"}:
            self.bad("7.18: a size is tried on a reliable transport", f"path {k.path}: {k.size}")

    def is_copy(self, k):
        """Whether the same frames went over another path just now (6.8)."""
        runs = [f for f in k.frames if f["f"] in ("RUN", "FRAGMENT", "SKIP")]
        for n, p in self.paths.items():
            other = p.sent.get(p.top) if n != k.path else None
            if other and runs and [f for f in other.frames if f["f"] in ("RUN", "FRAGMENT", "SKIP")]:
                return True
        return False

    def number(self, p, k, bits):
        n = k.number
        if n <= p.top:
            self.bad("5: a number does not rise", f"path {k.path}: {n} after {p.top}")
        if n > p.top + 3:
            self.bad("5: more than two numbers are left out", f"path {k.path}: {n} after {p.top}")
        if n > p.top + 1:
            if p.since is not None and not 256 <= p.top + 1 - p.since <= 4096:
                self.bad("5: left out too soon or late", f"path {k.path}: {p.top + 1} after {p.since}")
            p.left_out.update(range(p.top + 1, n))
            p.since = n - 1
        p.top = max(p.top, n)
        if not self.lone:
            want = next(8 * b for b in (2, 3, 4) if n - p.acked < 1 << 8 * b - 2)
            if bits != want:
                self.bad("5: not the fewest bytes of a number", f"{n}, acked {p.acked}: {bits} bits")
        if not k.frames:
            self.bad("5: an empty packet", f"path {k.path}: {n}")

    def whole(self, p, k):
        """Rules on a packet as a whole."""
        if self.peer.hello and k.size > self.peer.hello["datagram"]:
            self.bad("6.4: a datagram above the peer's largest", f"{k.size}")
        if k.size > p.size and k.names - {"PING", "PADDING"}:
            self.bad("7.18: larger than what was probed", f"{k.size} of {p.size}: {k.names}")
        if "REPAIR" in k.names and not k.elicits:
            self.bad("6.9: REPAIR alone", f"{k.names}")
        if self.lone and not self.greeted and k.names - BEFORE_HELLO:
            self.bad("7.3: before the peer's HELLO", f"{k.names}")
        if self.closed_at is not None and k.names - {"CLOSE", "CLOSE_ACK", "ACK"}:
            self.bad("7.9: beside CLOSE", f"{k.names}")
        serial, start, end = self.hold
        if serial and start < self.now < end - MS and k.names - ON_HOLD and "HOLD" not in k.names:
            self.unless(lambda: self.hold[0] > serial, "6.7: a holder speaks", f"{k.names}")
        at = [i for i, f in enumerate(k.frames) if f["f"] == "ACK"]
        if at and at != list(range(len(at))):
            self.bad("order: ACK behind other frames", f"{[f['f'] for f in k.frames]}")

    def ack(self, p, k, f):
        n = k.path if f["path"] is None else f["path"]
        if n not in self.paths:
            return self.bad("6.1: an ACK of a path that is none", f"{n}")
        p = self.path(n)
        top = p.came.top()
        if top < 0:
            return self.bad("6.1: an ACK before anything came", f"path {n}")
        largest = nearest(top, f["largest"], 32 if f["wide"] else 16)
        f["true"], f["of"] = largest, n
        f["spans"] = spans(f, largest)
        for low, high in f["spans"]:
            if low < 0 or not p.came.has(low, high):
                self.bad("6.1: an ACK of what did not come", f"path {n}: {low}..{high}")
            for i in [i for i in p.waiting if low <= i <= high]:
                came = p.waiting.pop(i)[0]
                late = self.now - came - (self.hello["hold"] + 1) * MS
                # A path that was given up acknowledges nothing, and nor does who sleeps on hold.
                if late > 0 and len(self.paths) == 1 and came > self.quiet:
                    self.bad("7.4: an ack later than HELLO says", f"path {n}: {i}, {late / MS:.1f} ms")
        if f["wide"] != (largest - p.wide_base >= 2**14):
            self.bad("6.1: wide or not", f"path {n}: {largest}, known {p.wide_base}: {f['wide']}")
        came = p.arrival.get(largest)
        if largest not in p.named and came is not None:
            want = (self.now - came) // f["grain"] * f["grain"]
            late = k.names & {"CLOSE"} and 0 <= want - f["hold"] <= 100 * MS  # Close() has no clock
            if f["hold"] != min(want, 65_535 * MS) and not late:
                self.bad("6.1: hold", f"path {n}: {largest}: {f['hold']}, wanted {want} ({self.now - came})")
        self.clock(p, f, came, largest in p.named or largest < top or "CLOSE" in k.names)
        p.named.add(largest)
        if f["ecn"] is not None:
            self.marks(p, f, n)

    def marks(self, p, f, n):
        """Of packets that were not taken, and so not acknowledged, the marks are not counted."""
        doubt = sum(mark != 0 for _, mark in p.waiting.values()) + self.peer.hasty
        off = sum(p.counted) - sum(f["ecn"]) & 0xFFFF
        if off > doubt:
            self.bad("6.1: counts of marks", f"path {n}: {f['ecn']}, came {p.counted}, not acknowledged {doubt}")
        elif off:
            self.note("6.1: marks of packets that are not acknowledged are not counted")

    def clock(self, p, f, came, again):
        if f["clock"] is not None:
            p.clocked = self.now
            if came is None:
                return
            ahead = (f["clock"] * 64_000 - came) % (64_000 << 24)
            if p.clock is None:
                p.clock = ahead
            d = (ahead - p.clock + (32_000 << 24)) % (64_000 << 24) - (32_000 << 24)
            if abs(d) > 64_000:
                self.bad("6.1: clock", f"{d} ns off")
        elif not again and p.clocked is not None and self.now - p.clocked >= 100 * MS:
            self.bad("6.1: no clock in 100 ms", f"{(self.now - p.clocked) / MS:.1f} ms")
        elif p.clocked is None:
            p.clocked = self.now

    def run(self, p, k, f):
        messages.run(self.stream(f["channel"]), f, self, k.copy)

    def fragment(self, p, k, f):
        messages.fragment(self.stream(f["channel"]), f, self, k.copy)

    def skip(self, p, k, f):
        messages.skip(self.stream(f["channel"]), f, self)

    def window(self, p, k, f):
        s = self.peer.stream(f["channel"])
        if (f["limit"] - s.said) % CYCLE >= CYCLE // 2:
            self.bad("7.7: a limit falls", f"channel {f['channel']}: {f['limit']} after {s.said}")
        else:
            s.said += (f["limit"] - s.said) % CYCLE

    def blocked(self, p, k, f):
        s = self.stream(f["channel"])
        if not 0 < (f["limit"] - s.limit) % CYCLE < CYCLE // 2:
            if s.limit == s.ahead:
                self.bad("7.7: BLOCKED within the credit, once more", f"channel {f['channel']}: {f['limit']}, {s.limit}")
            s.ahead = s.limit

    def stored(self, p, k, f):
        s = self.peer.stream(f["channel"])
        known = {messages.stored_id(i): i for i in s.wanted}
        for i in f["ids"]:
            if i not in known:
                self.bad("6: STORED of what nobody asked for", f"channel {f['channel']}: {i}")
            elif not s.arrived(known[i]):
                self.bad("6: STORED of what did not come whole", f"channel {f['channel']}: {known[i]}")

    def repair(self, p, k, f):
        if not self.peer.hello["capabilities"] & REPAIR:
            self.bad("6.9: REPAIR to who did not announce it", "")
        s = self.stream(f["channel"])
        f["ids"] = messages.masked(nearest(s.next - 1, f["id"], 16), f["mask"])
        if min(f["ids"]) < 0:
            return self.bad("6.9: a sum with an id below 0", f"channel {f['channel']}: {f['ids']}")
        if messages.symbols(s, f) is None:
            what = f"channel {f['channel']}, ids {f['ids']}"
            return self.unless(lambda: messages.symbols(s, f), "6.9: a sum of what did not go whole", what)
        known = messages.symbols(s, f)
        if sum_of(f["row"], known) != f["bytes"]:
            self.bad("6.9: a sum", f"channel {f['channel']}, ids {f['ids']}, row {f['row']}")

    def rebuilt(self, p, k, f):
        s = self.peer.stream(f["channel"])
        for i in messages.masked(nearest(s.next - 1, f["id"], 16), f["mask"]):
            if i not in s.sums:
                self.bad("6.9: REBUILT of what was in no sum", f"channel {f['channel']}: {i}")

    def greet(self, p, k, f):
        if self.hello is None:
            self.hello = f["body"]

    def path_challenge(self, p, k, f):
        if f["bytes"] in self.asked:
            self.bad("6.8: a challenge's bytes again", f["bytes"].hex())
        self.asked.add(f["bytes"])

    def path_response(self, p, k, f):
        if f["bytes"] not in self.challenged.get(k.path, ()):
            self.bad("6.8: a response to no challenge of the path", f["bytes"].hex())

    def path_status(self, p, k, f):
        if not self.hello["capabilities"] & self.peer.hello["capabilities"] & PATHS:
            self.bad("6.8: paths that are not announced", "")
        serial, state, weight = self.serials.get(f["path"], (0, 0, 0))
        rank = 4 if f["state"] == ABANDON else f["state"]  # of two with the same serial abandon counts
        now = (f["serial"], rank, f["weight"])
        if now < (serial, state, weight):
            self.bad("6.8: PATH_STATUS falls", f"{now} after {serial, state, weight}")
        self.serials[f["path"]] = now

    def holds(self, p, k, f):
        if not self.hello["capabilities"] & self.peer.hello["capabilities"] & HOLD:
            self.bad("6.7: HOLD that is not announced", "")
        if f["ms"] > self.peer.hello["silence"] * 1000:
            self.bad("6.7: more than is granted", f"{f['ms']} ms")
        if f["serial"] < self.hold[0] or f["serial"] > self.hold[0] + 1:
            self.bad("6.7: serial", f"{f['serial']} after {self.hold[0]}")
        start = self.now if f["serial"] > self.hold[0] else self.hold[1]
        self.hold = (f["serial"], start, self.now + f["ms"] * MS)
        self.quiet = max(self.quiet, self.hold[2])

    def closes(self, p, k, f):
        if self.closed_at is None:
            self.closed_at = self.now
        if self.now - self.closed_at > 3_000 * MS:
            self.bad("7.9: CLOSE for more than three seconds", "")

    def close_ack(self, p, k, f):
        if self.was_closed is None:
            self.bad("7.9: CLOSE_ACK without a CLOSE", "")

    def drain(self, p, k, f):
        if f["state"] < self.draining:
            self.bad("7.9: DRAINING falls", f"{f['state']} after {self.draining}")
        self.draining = f["state"]

    def nothing(self, p, k, f):
        pass

    # what it hears

    def heard(self, t, at, k, bits, mark=0):
        """A packet of the peer arrives; once, whatever the network makes of it."""
        self.now = t
        p = self.path(k.path)
        if p.came.has(k.number) or k.number <= p.came.top() - 1024:
            return
        cut = k.number & (1 << bits) - 1
        if nearest(p.came.top() + 1, cut, bits) != k.number:
            return self.bad("5: a receiver rebuilds another number", f"{k.number}, {bits} bits, {p.came.top()}")
        p.came.add(k.number, k.number)
        p.arrival[k.number] = at
        k.heard = True
        if self.closed_at is None:  # who closes reads nothing else
            p.counted = (p.counted[0] + (mark == 2), p.counted[1] + (mark == 3))
        if k.elicits:
            p.waiting[k.number] = (t, mark)
        for f in k.frames:
            if f["f"] in HEAR:
                HEAR[f["f"]](self, p, k, f)

    def hear_ack(self, p, k, f):
        if "true" not in f:
            return
        p = self.path(f["of"])
        bits = 32 if f["wide"] else 16
        if nearest(max(p.acked, 0), f["largest"], bits) != f["true"]:
            self.bad("6.1: largest is rebuilt otherwise", f"{f['true']}, acked {p.acked}")
        for low, high in f["spans"]:
            for n in range(low, high + 1):
                if n not in p.sent:
                    self.bad("5: an ACK of what was not sent", f"{n}")
                elif not p.sent[n].acked:
                    p.sent[n].acked = True
                    self.acked(p, p.sent[n])
        p.acked = max(p.acked, f["true"])

    def acked(self, p, k):
        p.size = max(p.size, k.size)
        for f in k.frames:
            if f["f"] == "ACK" and "true" in f:
                q = self.path(f["of"])
                q.wide_base = max(q.wide_base, f["true"])

    def hear_run(self, p, k, f):
        s = self.peer.stream(f["channel"])
        if f["id"] is not None:
            self.rebuild(s, f)
        for i in f["ids"]:
            self.got(s, i)

    def hear_fragment(self, p, k, f):
        s = self.peer.stream(f["channel"])
        self.rebuild(s, f, True)
        loose = s.channel.delivery == UNRELIABLE
        i = f["ids"][0]
        key = ("f", i)
        have = s.got.setdefault(key, Spans())
        have.add(f["offset"], f["offset"] + len(f["bytes"]) - 1)
        if loose:
            s.newest_fragment = max(s.newest_fragment, i)
        elif not isinstance(i, tuple):
            s.newest = max(s.newest, i)
        if not loose and s.arrived(i):
            self.got(s, i)

    def got(self, s, i):
        if isinstance(i, tuple):
            return
        s.newest = max(s.newest, i)
        if s.channel.reliable:
            s.resolved.add(i, i)

    def rebuild(self, s, f, fragment=False):
        i = f["ids"][0][0] if isinstance(f["ids"][0], tuple) else f["ids"][0]
        bits = 32 if f["wide"] else 16
        if nearest(s.expected(fragment), f["id"], bits) != i:
            self.bad("6.2: an id is rebuilt otherwise", f"channel {s.channel.channel}: {i}, {s.expected(fragment)}")

    def hear_skip(self, p, k, f):
        s = self.peer.stream(f["channel"])
        self.rebuild(s, f)
        for i in f["ids"]:
            self.got(s, i)

    def hear_window(self, p, k, f):
        s = self.stream(f["channel"])
        if 0 < (f["limit"] - s.limit) % CYCLE < CYCLE // 2:
            s.limit += (f["limit"] - s.limit) % CYCLE

    def hear_repair(self, p, k, f):
        self.peer.stream(f["channel"]).sums.update(f["ids"])

    def hear_hello(self, p, k, f):
        self.greeted = True

    def hear_challenge(self, p, k, f):
        self.challenged.setdefault(k.path, set()).add(f["bytes"])

    def hear_close(self, p, k, f):
        self.was_closed = self.now


ONE = {
    "PADDING": Side.nothing, "PING": Side.nothing, "HELLO": Side.greet, "SKIP": Side.skip,
    "WINDOW": Side.window, "BLOCKED": Side.blocked, "STORED": Side.stored, "REPAIR": Side.repair,
    "PATH_CHALLENGE": Side.path_challenge, "PATH_RESPONSE": Side.path_response,
    "PATH_STATUS": Side.path_status, "HOLD": Side.holds, "CLOSE": Side.closes,
    "CLOSE_ACK": Side.close_ack, "DRAINING": Side.drain, "REBUILT": Side.rebuilt,
    "ACK": Side.ack, "FRAGMENT": Side.fragment, "RUN": Side.run,
}
HEAR = {
    "HELLO": Side.hear_hello, "SKIP": Side.hear_skip, "WINDOW": Side.hear_window,
    "REPAIR": Side.hear_repair, "PATH_CHALLENGE": Side.hear_challenge, "CLOSE": Side.hear_close,
    "ACK": Side.hear_ack, "FRAGMENT": Side.hear_fragment, "RUN": Side.hear_run,
}

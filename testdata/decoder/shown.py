"""Writes a dump of one connection for people: what is in each datagram, field by field.

    python3 shown.py FILE [MS]      a dump of a world, such as testdata/vectors/connection.jsonl; from a
                                    millisecond on

SPEC.md, section 13, has what this prints. Exits with 1 if something is not explained.
"""

import contextlib
import io
import json
import sys

import frames
import octets
import packets as pk
from session import Session

WIDE = 16  # bytes of a field that are shown
USES = "share", "reserve", "abandon", "copy"


class Told(octets.Reader):
    """A Reader that notes each field that it reads."""

    fields = []

    def take(self, n, what="bytes"):
        out = super().take(n, what)
        if n:
            self.fields.append(out)
        return out

    def v(self, *args, **kw):
        before, at = len(self.fields), self.i
        n = super().v(*args, **kw)
        self.fields[before:] = [self.b[at : self.i]]
        return n


def short(b):
    if len(b) > WIDE and not any(b):
        return f"00 × {len(b)}"
    return b.hex() if len(b) <= WIDE else f"{b[:4].hex()}… {len(b)}"


def told(read, *args):
    """The fields that a reading of something reads."""
    Told.fields = Told.fields[:0]
    read(*args)
    return [short(b) for b in Told.fields]


def meaning(f):
    """What a frame says, in words."""
    name = f["f"]
    if name == "RUN":
        ident = "" if f["id"] is None else f", id {f['id']}"
        texts = ", ".join(f'"{m.decode()}"' for _, m in f["messages"])
        return f"RUN of channel {f['channel']}{ident}: {texts}"
    if name == "ACK":
        return f"ACK of {f['largest'] - f['first']} to {f['largest']}, held for {f['hold'] / 1e6:.1f} ms"
    if name == "PATH_STATUS":
        return f"PATH_STATUS: path {f['path']}, serial {f['serial']}, {USES[f['state']]}, weight {f['weight']}"
    if name == "CLOSE":
        return f'CLOSE: code {f["code"]}, "{f["text"].decode()}"'
    return name


class Shown(Session):
    """A Session that writes what it reads."""

    def say(self, t, what, b, clear):
        way = "C→S" if self.up else "S→C"
        print(f"{t / 1e6:.0f} ms {way} {what}, {len(b)} bytes: {' '.join(map(short, clear))}")

    def block(self, name, fields):
        line = f"    {name}"
        for f in fields:
            if len(line) + len(f) > 112:
                print(line)
                line = "       "
            line += " " + f
        print(line)

    def request(self, t, frm, to, b):
        super().request(t, frm, to, b)
        self.say(t, "request", b, [b[:1], b[1:14]])
        self.block("then", told(pk.request, b))

    def standard(self, t, frm, to, b):
        super().standard(t, frm, to, b)
        token = next(iter(self.tokens.values()))
        self.say(t, pk.kind_of(b), b, [b[:1], b[1 : 1 + (b[0] >> 4)]])
        self.block("sealed", told(pk.standard, b, token["s2c"], token["pid"]))

    def offer(self, t, frm, to, b):
        super().offer(t, frm, to, b)
        p = self.attempts[-1].p
        self.say(t, "OFFER", b, [b[:2], b[2:10], b[10:34]])
        self.block("sealed", told(pk.offer, b, self.attempts[-1].keys)[: -len(self.greeting(p)) - 1])
        self.block("HELLO ", self.greeting(p))

    def accept(self, t, frm, to, b):
        super().accept(t, frm, to, b)
        a, c = self.attempts[-1], self.conns[0]
        p = pk.accept(b, a.keys, a.cid, a.share)
        self.say(t, "ACCEPT", b, [b[:2], b[2:26]])
        all_fields = told(pk.accept, b, a.keys, a.cid, a.share)
        self.block("sealed", all_fields[: -len(self.greeting(p)) - 1])
        self.block("HELLO ", self.greeting(p))
        for name, direction in zip(("C→S", "S→C"), c.traffic):
            key, iv = direction.epoch(0)
            print(f"    keys   {name}: key {key.hex()}\n                iv {iv.hex()}")

    def greeting(self, p):
        return told(frames.hello, p["body"])

    def data(self, t, frm, to, b, mark):
        super().data(t, frm, to, b, mark)
        c, up = self.conns[0], self.up
        side, k, _ = self.sent[b]
        head = c.header(b, up)[0]
        body = c.open(t, b, up, 0)[3]
        idn = 4 if up else len(c.cid)
        fields = [head[:1], head[1 : 1 + idn], head[1 + idn :]]
        self.say(t, f"DATA {k.number}" + (f" of path {k.path}" if k.path else ""), b, [f for f in fields if f])
        r = Told(body)
        while r.left():
            Told.fields.clear()
            f = frames.one(r, self.channels, False)
            bits = " ".join(short(x) for x in Told.fields)
            print(f"    {bits:<46} {meaning(f)}".rstrip())


def main():
    pk.Reader = frames.Reader = Told
    wrong = []
    s = Shown(lambda rule, detail: wrong.append(f"{rule}: {detail}"))
    since = float(sys.argv[2]) * 1e6 if len(sys.argv) > 2 else 0
    with open(sys.argv[1]) as f:
        for line in f:
            d = json.loads(line)
            early = d.get("t", 0) < since
            with contextlib.redirect_stdout(io.StringIO()) if early else contextlib.nullcontext():
                s.line(d)
    print("\n".join(wrong), end="")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

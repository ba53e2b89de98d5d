"""Sections 1 to 5 of SPEC.md over a trace: from tokens to keys, from datagrams to packets."""

import keys
import packets as pk
from ciphers import Forged, open_data, x25519
from frames import CONTROL, EPOCHS, OPTIONS, Channel, digest, frames
from octets import Malformed, fnv1a, nearest
from trace import MS, Side


MOST = {"websocket": 1500, "webrtc": 1150, "webtransport": 1500}  # bytes that an association carries (12)


class Attempt:
    """A share that a client offered, with the keys that its token or ticket gives."""

    def __init__(self, keys, p, items, frm, to, old=None):
        self.keys, self.p, self.items = keys, p, pk.items(items)
        self.raw, self.frm, self.to, self.old = items, frm, to, old
        self.share, self.cid = p["share"], p["cid"]
        self.accepts = {}


class Conn:
    """An established connection: traffic keys and both sides."""

    def __init__(self, trace, a, accept, frm, to, dh):
        i = a.items
        self.id, self.cid, self.suite, self.tag = accept["conn"], a.cid, i["suite"], i["tag"]
        up, down, self.e = a.keys.connection(
            a.share, accept["share"], self.suite, self.tag, self.id, self.cid, dh
        )
        self.traffic, self.epoch = (up, down), [0, 0]
        self.items, self.client, self.server = a.raw, to, frm
        self.sides = trace.pair(f"{to}>{frm}", a.p["hello"], accept["hello"])
        self.sides[0].remotes[0] = {a.to}
        if accept["flags"] & 2 and a.old:
            trace.go_on(a.old, self)

    def header(self, b, up):
        return pk.data_header(b, 4 if up else len(self.cid))

    def open(self, t, b, up, hint):
        """The frames of a datagram as its sender meant it: path, number, bits, frames."""
        head, ident, parity, cut, bits = self.header(b, up)
        if up:
            paths = [ident[3] & 7]
        elif self.cid:
            paths = [ident[0] & 7]
        else:
            paths = [hint] + [n for n in range(8) if n != hint]
        side, epoch = self.sides[0 if up else 1], self.epoch[0 if up else 1]
        if parity != epoch & 1:
            epoch += 1
        traffic = self.traffic[0 if up else 1]
        for path in paths:
            top = side.paths[path].top if path in side.paths else -1
            number = nearest(top + 1, cut, bits)
            nonce = traffic.nonce(epoch, path, number)[self.suite == 3]
            try:
                body = open_data(self.suite, self.tag, traffic.epoch(epoch)[0], nonce, b[len(head) :], head)
            except Forged:
                continue
            if epoch != self.epoch[0 if up else 1]:
                self.epoch[0 if up else 1] = epoch
                side.change(t)
            return path, number, bits, body
        raise Forged


def channel(d):
    """A channel of the game, with the largest message of 7.11 unless it has one."""
    largest = d["largest"] or (1 << 20 if d["delivery"] >= 2 else 1 << 16)
    return Channel(d["id"], d["delivery"], largest, fnv1a(d["name"].encode()) & 0xFFFFFFFF, d["compression"])


class Session:
    """Everything that a trace shows. bad(rule, detail) is told what breaks SPEC.md."""

    def __init__(self, bad):
        self.bad, self.channels = bad, {0: CONTROL}
        self.tokens, self.key, self.ticket_key, self.pid = {}, None, None, 0
        self.drawn, self.private, self.runs = [], {}, 0
        self.attempts, self.conns, self.sent = [], [], {}
        self.tickets, self.hints, self.last = {}, {}, {}
        self.count, self.retries, self.asked = {}, {}, {}

    def seen(self, name):
        self.count[name] = self.count.get(name, 0) + 1

    def pair(self, name, up, down, lone=False):
        c = Side(name + " C", self.bad, self.channels, lone)
        s = Side(name + " S", self.bad, self.channels, lone)
        c.peer, s.peer, c.hello, s.hello = s, c, up, down
        c.greeted = s.greeted = not lone
        for h in (up, down):
            if h["digest"] != digest(self.channels):
                self.bad("6.4: digest", name)
            if h["capabilities"] & (OPTIONS | EPOCHS) != OPTIONS | EPOCHS:
                self.bad("6.4: capabilities that everybody has", name)
        return c, s

    def go_on(self, old, new):
        """Continue (7.16): channels go on, paths begin anew."""
        for a, b in zip(old.sides, new.sides):
            b.streams, b.hold, b.asked, b.draining = a.streams, a.hold, a.asked, a.draining
            b.hold = (b.hold[0], 0, 0)

    # what the line before a datagram says

    def line(self, d):
        k = d["k"]
        if k in ("s", "r"):
            b = bytes.fromhex(d["b"])
            self.at = d["at"]
            self.up, self.stream = (d["host"] != "server") == (k == "s"), d["stream"]
            if k == "s":
                self.seen("by " + d["way"])
                if len(b) > MOST.get(d["way"], len(b)):
                    self.bad("12: more than an association carries", f"{d['way']}: {len(b)}")
            try:
                (self.send if k == "s" else self.receive)(d["t"], d["from"], d["to"], b, d["ecn"])
            except Malformed as err:
                self.bad("layout", f"t={d['t'] / 1e9:.6f} {d['from']}>{d['to']}: {err}: {b[:40].hex()}")
            except Forged:
                self.bad("seal", f"t={d['t'] / 1e9:.6f} {d['from']}>{d['to']}: {b[:24].hex()} {len(b)}")
        elif k == "world":
            self.key, self.pid = bytes.fromhex(d["key"]), d["pid"]
            self.ticket_key = keys.ticket_key(self.key, self.pid)
        elif k == "channel":
            self.channels[d["id"]] = channel(d)
        elif k == "token":
            self.token(bytes.fromhex(d["b"]))
        elif k == "private":
            self.drawn.append(bytes.fromhex(d["b"]))
        elif k == "start" and d["host"] == "server":
            self.runs += 1
            self.sequences = {}

    def token(self, b):
        t = pk.public_token(b)
        self.pid = t["pid"]
        t["keys"] = keys.Keys.of_token(t["c2s"], t["s2c"], t["pid"])
        if self.key:
            p = pk.private_token(t["private"], self.key, t)
            for name in ("c2s", "s2c", "pad"):
                if p[name] != t[name]:
                    self.bad("2: the two parts of a token differ", name)
        self.tokens[t["private"][-16:]] = t

    # datagrams that are sent

    def send(self, t, frm, to, b, mark):
        if b in self.sent:
            self.seen("again: " + pk.kind_of(b))
            if pk.kind_of(b) != "DATA":
                self.pace(t, frm, to, pk.kind_of(b))
            return
        kind = pk.kind_of(b)
        self.seen(kind)
        if kind == "DATA":
            return self.data(t, frm, to, b, mark)
        self.sent[b] = None
        if kind == "GONE":
            return pk.gone(b)
        if kind != "RESUME":
            self.pace(t, frm, to, kind)
        read = getattr(self, kind.lower().replace("-", "_"), None)
        return read(t, frm, to, b) if read else self.standard(t, frm, to, b)

    def pace(self, t, frm, to, kind):
        """Repetitions each 100 ms, each second where nothing is lost (7.11); each challenge, and RETRY, is
        answered at once (7.1)."""
        if kind not in ("request", "OFFER", "RESUME", "response"):
            return
        last = self.last.get((frm, to, kind))
        if last is not None and t - last < (999 if self.stream else 99) * MS:
            if kind == "request" or self.asked.get(frm, 0) == 0:
                self.bad("7.11: repeated too soon", f"{frm} {kind} after {(t - last) / MS} ms")
            self.asked[frm] = max(self.asked.get(frm, 0) - 1, 0)
        self.last[frm, to, kind] = t

    def request(self, t, frm, to, b):
        q = pk.request(b)
        if q["private"][-16:] not in self.tokens:
            self.bad("request: an unknown token", frm)

    def standard(self, t, frm, to, b):
        for token in self.tokens.values():
            for name in ("c2s", "s2c"):
                try:
                    p = pk.standard(b, token[name], token["pid"])
                except Forged:
                    continue
                if not p["fewest"]:
                    self.bad("3.5: a sequence in too many bytes", p["p"])
                if (p["p"] == "challenge") > (name == "s2c") or (p["p"] == "response") > (name == "c2s"):
                    self.bad("3.5: direction", p["p"])
                return
        raise Forged

    def offer(self, t, frm, to, b):
        for token in self.tokens.values():
            try:
                p = pk.offer(b, token["keys"])
            except Forged:
                continue
            if p["items"] != (token["pad"] or b""):
                self.bad("3.1: pad items of OFFER", frm)
            return self.attempt(Attempt(token["keys"], p, p["items"], frm, to))
        raise Forged

    def attempt(self, a):
        for old in self.attempts:
            if old.share == a.share:
                old.p = a.p
                return
        self.attempts.append(a)

    def resume(self, t, frm, to, b):
        n = int.from_bytes(b[2:4], "little")
        known = self.tickets.get(b[4 : 4 + n])
        if known is None:
            return self.bad("3.6: RESUME with an unknown ticket", frm)
        conn, r = known
        derived = keys.Keys.of_ticket(r, self.pid)
        p = pk.resume(b, derived)
        items = conn.items
        if self.ticket_key:
            tk = pk.ticket(p["ticket"], self.ticket_key, self.pid)
            if tk["R"] != r or tk["items"] != items:
                self.bad("3.6: what the ticket says", frm)
        self.pace(t, frm, p["share"], "RESUME")
        self.attempt(Attempt(derived, p, items, frm, to, conn))

    def answered(self, b, read, name):
        for a in reversed(self.attempts):
            try:
                return a, read(b, a.keys, a.cid, a.share)
            except Forged:
                continue
            except Malformed:
                if name != "REASON":
                    continue
        if name == "REASON":
            for token in self.tokens.values():
                try:
                    return None, pk.reason(b, token["keys"], b"", b"")
                except (Forged, Malformed):
                    continue
        raise Forged

    def accept(self, t, frm, to, b):
        a, p = self.answered(b, pk.accept, "ACCEPT")
        if p["items"] != a.raw:
            self.bad("3.1: pad items of ACCEPT", frm)
        if p["flags"] & 2 and not a.p.get("flags"):
            self.bad("3.1: flag 2 that RESUME did not ask for", frm)
        dh = b""
        if a.items["forward"]:
            dh = self.agreed(a.share, p["share"])
        if any(c.id == p["conn"] and c.share == p["share"] for c in self.conns):
            return
        c = Conn(self, a, p, frm, to, dh)
        c.share = p["share"]
        self.conns.insert(0, c)

    def agreed(self, client, server):
        """DH, from the private value that the player's process has drawn."""
        while client not in self.private and self.drawn:
            private = self.drawn.pop()
            self.private[x25519(private, bytes([9]) + bytes(31))] = private
        return x25519(self.private[client], server)

    def reason(self, t, frm, to, b):
        _, p = self.answered(b, pk.reason, "REASON")
        self.seen(f"REASON {p['code']}")

    def retry(self, t, frm, to, b):
        _, p = self.answered(b, pk.retry, "RETRY")
        if p["number"] <= self.retries.get(frm, -1):
            self.bad("3.6: RETRY's number does not rise", frm)
        self.retries[frm] = p["number"]

    def data(self, t, frm, to, b, mark):
        hint = self.hints.get((frm, to))
        up = self.up
        for c in ([hint[0]] if hint else []) + self.conns:
            if up and (b[1:4] != c.id[:3] or (b[4] ^ c.id[3]) & ~7):
                continue
            if not up and c.cid and (b[2 : 1 + len(c.cid)] != c.cid[1:] or (b[1] ^ c.cid[0]) & ~7):
                continue
            try:
                path, number, bits, body = c.open(t, b, up, hint[2] if hint else 0)
            except (Forged, Malformed):
                continue
            self.hints[frm, to] = (c, up, path)
            side = c.sides[0 if up else 1]
            fs = frames(body, self.channels)
            side.remotes.setdefault(path, set()).add(to)
            k = side.send(t, path, number, bits, fs, len(b), mark, self.stream)
            self.sent[b] = (side.peer, k, bits)
            self.control(c, side, fs)
            return
        raise Forged

    def control(self, c, side, fs):
        """Messages of channel 0, as soon as they are whole on the wire."""
        for f in fs:
            if f["f"] not in ("RUN", "FRAGMENT") or f["channel"]:
                continue
            for i in f["ids"]:
                m = side.stream(0).sent[i]
                if not m.complete() or getattr(m, "read", False):
                    continue
                m.read = True
                msg = pk.control(bytes(m.bytes))
                self.seen(f"message {msg['m']}")
                if msg["m"] == "ticket":
                    r = keys.of_ticket(c.e, msg["nonce"])
                    self.tickets[msg["whole"]] = (c, r)
                elif msg["m"] == "tokens":
                    for b in msg["tokens"]:
                        self.token(b)

    # datagrams that arrive

    def receive(self, t, frm, to, b, mark):
        if b and (b[0] & 15 == 2 and b[0] >> 4 or b[:2] == b"\7\5"):
            self.asked[to] = self.asked.get(to, 0) + 1
        known = self.sent.get(b)
        if b not in self.sent:
            self.seen("read as nobody sent it")  # damaged on the way, or forged
        if known:
            side, k, bits = known
            if not self.up and frm not in side.remotes.get(k.path, ()):
                return self.seen("DATA to a client from elsewhere")  # which it does not read (7.2)
            side.heard(t, self.at, k, bits, mark)

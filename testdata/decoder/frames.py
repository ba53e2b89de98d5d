"""Section 6 of SPEC.md: every frame, with the range of each field, and nothing left over."""

from octets import Malformed, Reader, fnv1a, need, v

UNRELIABLE, UNRELIABLE_LATEST, RELIABLE_UNORDERED, RELIABLE_LATEST, RELIABLE_ORDERED = range(5)
RELIABLE = (RELIABLE_UNORDERED, RELIABLE_LATEST, RELIABLE_ORDERED)
KEYED, GROUP, DROPPABLE = 1, 2, 4
SILENT = {"PADDING", "ACK", "REPAIR", "CLOSE", "CLOSE_ACK"}  # elicit no ack
PATHS, HOLD, REPAIR, OPTIONS, EPOCHS = 1, 2, 4, 8, 16  # capabilities
ABANDON = 2  # state of PATH_STATUS
MOST = 2**14  # distances of ids and numbers


COMPRESSED = 255  # in place of a delivery: the row says how the channel of the one before is compressed


class Channel:
    """What both ends know of a channel; of a lone vector's nothing, and then nothing is asked of it."""

    def __init__(self, channel, delivery, largest, name=0, compression=0):
        self.channel, self.delivery, self.stated, self.name, self.compression = channel, delivery, largest, name, compression
        self.largest = largest + 1 if compression else largest  # on the way (11)
        self.reliable = delivery is not None and delivery >= RELIABLE_UNORDERED

    def may_be(self, *deliveries):
        return self.delivery is None or self.delivery in deliveries

    def row(self):
        rows = bare_row(self.channel, self.delivery, self.stated, self.name)
        return rows + bare_row(self.channel, COMPRESSED, self.compression, 0) if self.compression else rows


def bare_row(channel, delivery, largest, name):
    return channel.to_bytes(2, "little") + bytes([delivery, 0]) + largest.to_bytes(4, "little") + name.to_bytes(4, "little")


def row(r):
    """A row of a refusal (6.4), 12 bytes: of a channel, of a type's form, or of a version."""
    channel, delivery, flags = r.u16("row channel"), r.u8("row delivery"), r.u8("row flags")
    if flags == 1:
        need(1 <= channel <= 16383, "form row: channel")
        return ("form", channel, delivery, [r.u16("hash") for _ in range(4)])
    if flags == 2:
        need(1 <= channel <= 16383 and delivery == 0, "version row: version")
        digest_of = r.u32("digest")
        need(r.u32("zeros") == 0, "version row: zeros")
        return ("version", channel, digest_of)
    largest, name = r.u32("row largest"), r.u32("row name")
    need(1 <= channel <= 16383, "row: channel")
    need((delivery <= 4 or delivery == COMPRESSED) and flags == 0, "row: delivery or flags")
    return Channel(channel, delivery, largest, name)


def digest(channels):
    return fnv1a(b"".join(c.row() for n, c in sorted(channels.items()) if n))


CONTROL = Channel(0, RELIABLE_ORDERED, 16384)


def table(rows):
    return {0: CONTROL, **{c.channel: c for c in rows}}


def hello(b):
    """A HELLO body (6.4)."""
    need(len(b) <= 256, "HELLO: more than 256 bytes")
    r = Reader(b)
    h = {"min": r.u8("min version"), "max": r.u8("max version")}
    need(1 <= h["min"] <= h["max"], "HELLO: versions")
    if not h["min"] <= 1 <= h["max"]:
        return h  # another version may lay out the rest otherwise
    h["digest"], h["instance"] = r.u64("digest"), r.u64("instance")
    h["capabilities"] = r.v("capabilities")
    h["clock"], h["datagram"] = r.u64("clock"), r.u16("largest datagram")
    need(h["datagram"] >= 576, "HELLO: largest datagram below 576")
    h["hold"], h["silence"] = min(r.u8("ack hold"), 250), r.u16("silence")
    h["window"] = r.v("default window", 0, 2**31 - 1)
    h["windows"] = []
    for _ in range(r.v("windows", 0, 24)):
        channel = r.v("window channel", 0, 16383)
        h["windows"].append((channel, r.v("window", 0, 2**31 - 1)))
    h["items"] = []
    while r.left():
        kind = r.v("item kind")
        h["items"].append(item(kind, r.take(r.v("item length"), "item")))
    return h


def item(kind, b):
    r, most = Reader(b), 2**31 - 1
    if kind == 1:
        out = ("connection", r.v("packets", 0, most), r.v("bytes", 0, most), r.v("messages", 0, most))
        r.end("item 1")
        return out
    if kind == 2:
        limits = r.v("bytes", 0, most), r.v("messages", 0, most)
        channels = [r.v("channel", 0, 16383)]
        while r.left():
            channels.append(r.v("channel", 0, 16383))
        return ("channels", *limits, channels)
    if kind == 3:
        return ("schemas", schemas(r))
    return (kind, b)


def schemas(r):
    """Versions of typed messages and their digests, newest first."""
    out, last = [], 16384
    while not out or r.left():
        need(len(out) < 8, "item 3: more than 8 versions")
        last = r.v("version", 1, last - 1)
        out.append((last, r.u32("digest")))
    return out


def frames(b, channels, lone=False):
    """The frames of a packet, as dicts with "f" their name and "n" their length."""
    r, out = Reader(b), []
    while r.left():
        at = r.i
        f = one(r, channels, lone)
        f["n"] = r.i - at
        out.append(f)
    return out


def one(r, channels, lone):
    t = r.u8("type")
    if t >= 0x80:
        need(t & 63, "RUN without messages")
        return run(r, channels, t & 63, t < 0xC0, False, None)
    if t >= 0x60:
        return long_run(r, channels, t & 31)
    if t >= 0x40:
        return fragment(r, channels, t & 31)
    if t >= 0x20:
        return ack(r, t & 31)
    if t == 0x02 and not lone:
        raise Malformed("HELLO behind a handshake")
    if t not in PLAIN:
        raise Malformed(f"type {t:#04x} is unassigned")
    return PLAIN[t](r, channels)


def of(r, channels):
    n = r.v("channel", 0, 16383)
    if channels is None:
        return Channel(n, None, 2**30)
    need(n in channels, f"channel {n}: nobody has it")
    return channels[n]


def ack(r, flags):
    a = {"f": "ACK", "path": None, "clock": None, "ecn": None, "wide": bool(flags & 4)}
    if flags & 16:
        a["path"] = r.u8("ack path")
        need(a["path"] <= 7, "ACK: a path is at most 7")
    a["largest"] = r.u32("largest") if flags & 4 else r.u16("largest")
    hold = r.u8("hold")
    a["hold"] = hold * 128_000 if hold < 255 else r.u16("hold, ms") * 1_000_000
    a["grain"] = 128_000 if hold < 255 else 1_000_000
    if flags & 1:
        a["clock"] = r.uint(3, "clock")
    if flags & 2:
        a["ecn"] = (r.u16("ECT"), r.u16("CE"))
    a["first"] = r.v("first range", 0, 2**40 - 1)
    a["ranges"] = []
    if flags & 8:
        for _ in range(r.v("ranges", 1, 31)):
            gap = r.v("gap", 0, 2**40 - 1)
            a["ranges"].append((gap, r.v("range", 0, 2**40 - 1)))
    return a


def spans(a, largest):
    """The spans of numbers that an ACK names, highest first."""
    top, low = largest, largest - a["first"]
    out = [(low, top)]
    for gap, n in a["ranges"]:
        top = low - gap - 2
        low = top - n
        out.append((low, top))
    return out


def options(r, c):
    o = r.u8("options")
    need(o in (KEYED, GROUP, DROPPABLE, GROUP | DROPPABLE), f"options {o}")
    if c.delivery is None:
        return o
    legal = {RELIABLE_ORDERED: GROUP | DROPPABLE, RELIABLE_LATEST: KEYED, UNRELIABLE_LATEST: KEYED}
    need(c.channel and o & ~legal.get(c.delivery, 0) == 0, f"options {o} on channel {c.channel}")
    return o


def long_run(r, channels, flags):
    need(not flags & 24, "RUN: flags 8 and 16")
    need(not (flags & 2 and flags & 5), "RUN: wide or options, and no ids")
    return run(r, channels, None, not flags & 2, bool(flags & 1), bool(flags & 4))


def run(r, channels, count, ids, wide, opts):
    c = of(r, channels)
    f = {"f": "RUN", "form": "long" if count is None else "ids" if ids else "no ids"}
    f.update(channel=c.channel, id=None, wide=wide, options=0, back=None, index=None, messages=[])
    need(ids or c.may_be(UNRELIABLE), "RUN without ids: not Unreliable")
    if ids:
        f["id"] = r.u32("first id") if wide else r.u16("first id")
    if opts:
        f["options"] = options(r, c)
        if f["options"] & GROUP:
            f["back"] = r.v("back", 0, MOST)
        if f["options"] & DROPPABLE:
            f["index"] = r.v("index", 0, 2**32 - 1)
    if count is None:
        count = r.v("count", 1, 4096)
    for _ in range(count):
        key = r.v("key") if f["options"] & KEYED else None
        f["messages"].append((key, r.take(r.v("length", 0, c.largest), "message")))
    return f


def fragment(r, channels, flags):
    c = of(r, channels)
    f = {"f": "FRAGMENT", "channel": c.channel, "wide": bool(flags & 2), "stored": bool(flags & 16)}
    f["id"] = r.u32("id") if flags & 2 else r.u16("id")
    f.update(options=0, key=None, back=None, index=None, offset=0, total=None)
    if flags & 4:
        f["options"] = options(r, c)
        if f["options"] & KEYED:
            f["key"] = r.v("key")
        if f["options"] & GROUP:
            f["back"] = r.v("back", 0, MOST)
        if f["options"] & DROPPABLE:
            f["index"] = r.v("index", 0, 2**32 - 1)
    need(not f["stored"] or not c.reliable or f["options"] & DROPPABLE, "FRAGMENT: STORED wanted")
    if flags & 1:
        f["total"] = r.v("total", 1, 2**30)
        need(f["total"] <= c.largest, "FRAGMENT: total above the channel's largest")
    else:
        f["offset"] = r.v("offset", 1, 2**30)
    f["end"] = bool(flags & 8)
    f["bytes"] = r.rest() if flags & 8 else r.take(r.v("length"), "fragment")
    need(f["bytes"], "FRAGMENT without a byte")
    end = f["offset"] + len(f["bytes"])
    need(end <= c.largest and end <= (f["total"] or end), "FRAGMENT beyond its message")
    return f


def padding(r, _):
    n = r.left()
    r.zeros(n, "PADDING")
    return {"f": "PADDING", "zeros": n}


def frame_hello(r, _):
    return {"f": "HELLO", "body": hello(r.text(256, "HELLO"))}


def skip(r, channels):
    c = of(r, channels)
    need(c.may_be(*RELIABLE), "SKIP: not reliable")
    f = {"f": "SKIP", "channel": c.channel, "wide": True, "id": r.u32("first id")}
    n = r.v("count", 1, 4096)
    f["lengths"] = [r.v("length", 0, c.largest) for _ in range(n)]
    return f


def window(name):
    def read(r, channels):
        c = of(r, channels)
        need(c.may_be(*RELIABLE), f"{name}: not reliable")
        return {"f": name, "channel": c.channel, "limit": r.u32("limit")}

    return read


def stored(r, channels):
    c = of(r, channels)
    need(c.may_be(UNRELIABLE, UNRELIABLE_LATEST, RELIABLE_ORDERED), "STORED: neither unreliable nor ordered")
    n_ids = r.v("count", 1, 4096)
    return {"f": "STORED", "channel": c.channel, "ids": [r.u32("id") for _ in range(n_ids)]}


def mask(r):
    m = r.v("mask", 0, 2**32 - 1)
    need(m & 1, "mask: bit 0 is not set")
    return m


def repair(r, channels):
    c = of(r, channels)
    need(c.channel or c.may_be(), "REPAIR of channel 0")
    f = {"f": "REPAIR", "channel": c.channel, "id": r.u16("newest id")}
    n = r.u8("row")
    f["row"], f["mask"], f["end"] = n & 127, mask(r), n >= 128
    f["bytes"] = r.rest() if n & 128 else r.take(r.v("length"), "sum")
    need(1 <= len(f["bytes"]) <= 512, "REPAIR: length of the sum")
    return f


def rebuilt(r, channels):
    c = of(r, channels)
    need(c.channel or c.may_be(), "REBUILT of channel 0")
    return {"f": "REBUILT", "channel": c.channel, "id": r.u16("newest id"), "mask": mask(r)}


def path_response(r, _):
    f = {"f": "PATH_RESPONSE", "bytes": r.take(8)}
    need(r.u8("flags") == 0, "PATH_RESPONSE: flags")
    return f


def path_status(r, _):
    f = {"f": "PATH_STATUS", "path": r.u8("path"), "serial": r.v("serial")}
    f["state"], f["weight"] = r.u8("state"), r.u8("weight")
    need(f["path"] <= 7 and f["state"] <= 3 and f["weight"] >= 1, "PATH_STATUS: a field's range")
    return f


def hold(r, _):
    return {"f": "HOLD", "serial": r.v("serial"), "ms": r.v("ms", 0, 65_535_000)}


def close(r, _):
    f = {"f": "CLOSE", "code": r.v("code", 0, 2**32 - 1), "text": r.text(200, "text")}
    need(not 64 <= f["code"] <= 255, "CLOSE: a local code")
    f["rows"] = [row(r) for _ in range(r.v("rows", 0, 4096))]
    return f


def draining(r, _):
    f = {"f": "DRAINING", "state": r.u8("state")}
    need(f["state"] in (1, 2), "DRAINING: state")
    return f


PLAIN = {
    0x00: padding,
    0x01: lambda r, _: {"f": "PING"},
    0x02: frame_hello,
    0x03: skip,
    0x04: window("WINDOW"),
    0x05: window("BLOCKED"),
    0x06: stored,
    0x07: repair,
    0x08: lambda r, _: {"f": "PATH_CHALLENGE", "bytes": r.take(8)},
    0x09: path_response,
    0x0A: path_status,
    0x0B: hold,
    0x0C: close,
    0x0D: lambda r, _: {"f": "CLOSE_ACK"},
    0x0E: draining,
    0x0F: rebuilt,
}


# The sums of 6.9, in GF(2^8) with the polynomial 0x11D.
EXP, LOG = [0] * 510, [0] * 256
x = 1
for i in range(255):
    EXP[i] = EXP[i + 255] = x
    LOG[x] = i
    x = x << 1 ^ (0x11D if x & 128 else 0)


def coefficient(sum_row, message_id):
    y = 128 + message_id % 128
    return EXP[LOG[y] - LOG[sum_row ^ y] + 255]


TIMES = {}


def times(c, b):
    if c not in TIMES:
        TIMES[c] = bytes([0] + [EXP[LOG[c] + LOG[n]] for n in range(1, 256)])
    return b.translate(TIMES[c])


def symbol(payload, opts=0, key=None, back=None):
    out = v(len(payload)) + payload
    if opts:
        out += bytes([opts])
        out += v(key) if opts & KEYED else b""
        out += v(back) if opts & GROUP else b""
    return out


def sum_of(sum_row, symbols):
    """The bytes of a sum over {id: symbol}."""
    n = max(map(len, symbols.values()))
    total = 0
    for message_id, s in symbols.items():
        total ^= int.from_bytes(times(coefficient(sum_row, message_id), s.ljust(n, b"\0")), "big")
    return total.to_bytes(n, "big")

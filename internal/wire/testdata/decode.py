"""A second reading of SPEC.md: decodes the golden vectors without any code of
the library and checks that bytes and fields say the same.

    python3 decode.py DIRECTORY       the one that holds frames.json and numbers.json

Python 3 without further packages. Prints one line and exits with 0 if all
vectors agree, else names each that does not and exits with 1.
"""

import json
import pathlib
import sys


class Malformed(Exception):
    """The bytes break a rule of SPEC.md."""


class Reader:
    """Takes bytes from the front of a packet."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, size):
        if size > self.left():
            raise Malformed("cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def uint(self, size):
        return int.from_bytes(self.take(size), "little")

    def v(self):
        """LEB128, at most ten bytes and 64 bits, shortest form only."""
        value = 0
        for i in range(10):
            byte = self.uint(1)
            value |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                if byte == 0 and i > 0:
                    raise Malformed("not the shortest form")
                if value >= 1 << 64:
                    raise Malformed("beyond 64 bits")
                return value
        raise Malformed("more than ten bytes")

    def v_within(self, low, high, what):
        value = self.v()
        if not low <= value <= high:
            raise Malformed(f"{what} is {value}, not {low} to {high}")
        return value

    def channel(self):
        return self.v_within(0, 16383, "channel")

    def limit(self):
        return self.v_within(0, 2**31 - 1, "limit")

    def string(self, most=None):
        size = self.v()
        if most is not None and size > most:
            raise Malformed(f"{size} bytes are more than {most}")
        return self.take(size)


def padding(r, _):
    if any(r.data[r.at :]):
        raise Malformed("padding is not zero")
    return {"zeros": len(r.take(r.left()))}


def empty(_r, _):
    return {}


def hello(r, _):
    b = Reader(r.string(256))
    low, high = b.uint(1), b.uint(1)
    if not 1 <= low <= high:
        raise Malformed("versions")
    fields = {"min_version": low, "max_version": high}
    if not low <= 1 <= high:
        return fields  # another version may lay out the rest otherwise
    fields["digest"], fields["instance"] = str(b.uint(8)), str(b.uint(8))
    fields["capabilities"] = str(b.v())
    fields["clock"] = str(b.uint(8))
    fields["largest_datagram"] = b.uint(2)
    if fields["largest_datagram"] < 576:
        raise Malformed("largest datagram")
    fields["ack_hold_ms"] = b.uint(1)
    fields["silence_s"] = b.uint(2)
    fields["default_window"] = b.limit()
    fields["windows"] = [
        {"channel": b.channel(), "bytes": b.limit()}
        for _ in range(b.v_within(0, 24, "count of windows"))
    ]
    while b.left():
        kind, item = b.v(), Reader(b.string())
        if kind == 1:
            fields["limits"] = {name: item.limit() for name in ("packets", "bytes", "messages")}
            if not any(fields["limits"].values()):
                del fields["limits"]
        elif kind == 2:
            size, count = item.limit(), item.limit()
            channels = [item.channel()]
            while item.left():
                channels.append(item.channel())
            fields.setdefault("channel_limits", []).extend(
                {"channel": channel, "bytes": size, "messages": count} for channel in channels
            )
        else:
            continue
        if item.left():
            raise Malformed("item too long")
    return fields


def skip(r, _):
    channel, first = r.channel(), r.uint(4)
    return {"channel": channel, "first": first, "lengths": [r.v() for _ in range(r.v_within(1, 4096, "count"))]}


def limit(r, _):
    return {"channel": r.channel(), "limit": r.uint(4)}


def stored(r, _):
    return {"channel": r.channel(), "ids": [r.uint(4) for _ in range(r.v_within(1, 4096, "count"))]}


def mask(r):
    bits = r.v_within(1, 2**32 - 1, "mask")
    if bits % 2 == 0:
        raise Malformed("bit 0 of the mask")
    return bits


def repair(r, _):
    fields = {"channel": r.channel(), "newest": r.uint(2)}
    row = r.uint(1)
    fields |= {"row": row & 0x7F, "mask": mask(r), "to_end": row >= 0x80}
    data = r.take(r.left()) if fields["to_end"] else r.string()
    if not 1 <= len(data) <= 512:
        raise Malformed("bytes")
    return fields | {"bytes": data.hex()}


def rebuilt(r, _):
    return {"channel": r.channel(), "newest": r.uint(2), "mask": mask(r)}


def hold(r, _):
    return {"serial": str(r.v()), "milliseconds": r.v_within(0, 65535000, "milliseconds")}


def token(r):
    return {"token": str(r.uint(8))}


def path_challenge(r, _):
    return token(r)


def path_response(r, _):
    fields = token(r)
    if r.uint(1) != 0:
        raise Malformed("flags")
    return fields


def path_status(r, _):
    fields = {"path": r.uint(1), "serial": str(r.v()), "state": r.uint(1), "weight": r.uint(1)}
    if fields["path"] > 7 or fields["state"] > 3 or fields["weight"] == 0:
        raise Malformed("path, state or weight")
    return fields


def draining(r, _):
    state = r.uint(1)
    if state not in (1, 2):
        raise Malformed("state")
    return {"state": state}


def row(r):
    fields = {"channel": r.uint(2), "delivery": r.uint(1)}
    r.take(1)  # flags
    fields["largest_message"], fields["name_hash"] = r.uint(4), r.uint(4)
    return fields


def close(r, _):
    code = r.v_within(0, 2**32 - 1, "code")
    if 64 <= code <= 255:
        raise Malformed("a local code")
    text = r.string(200).decode("utf-8", "replace")
    return {"code": code, "text": text, "rows": [row(r) for _ in range(r.v_within(0, 4096, "count of rows"))]}


def ack(r, flags):
    fields = {}
    if flags & 16:
        fields["path"] = r.uint(1)
    fields["wide"] = bool(flags & 4)
    fields["largest"] = r.uint(4 if flags & 4 else 2)
    hold = r.uint(1)
    fields["hold_us"] = hold * 128 if hold < 255 else r.uint(2) * 1000
    if flags & 1:
        fields["clock"] = r.uint(3)
    if flags & 2:
        fields["ecn"] = {"ect": r.uint(2), "ce": r.uint(2)}
    fields["ranges"] = [[0, r.v_within(0, 2**40 - 1, "range")]]
    if flags & 8:
        for _ in range(r.v_within(1, 31, "count of further ranges")):
            gap, length = r.v_within(0, 2**40 - 1, "gap"), r.v_within(0, 2**40 - 1, "range")
            lowest = fields["ranges"][-1][1]
            newest = lowest + (gap + 1) + 1  # behind the gap + 1 numbers that are skipped
            fields["ranges"].append([newest, newest + length])
    return fields


def options(r):
    """The options byte; its fields are read where they stand."""
    bits = r.uint(1)
    if bits not in (1, 2, 4, 6):
        raise Malformed(f"options {bits}")
    return bits


def option_fields(r, bits):
    fields = {}
    if bits & 2:
        fields["back"] = r.v_within(0, 2**14, "back")
    if bits & 4:
        fields["index"] = r.v_within(0, 2**32 - 1, "index")
    return fields


def run(r, kind):
    fields, bits, keys, messages = {"wide": False}, 0, [], []
    if kind >= 0x80:
        count = kind & 0x3F
        fields["channel"] = r.channel()
        if kind < 0xC0:
            fields["first"] = r.uint(2)
        if count == 0:
            raise Malformed("no message")
    else:
        wide, no_ids = bool(kind & 1), bool(kind & 2)
        optional = bool(kind & 4)
        if kind & 0x18 or (wide or optional) and no_ids:
            raise Malformed("flags")
        fields["wide"] = wide
        fields["channel"] = r.channel()
        if not no_ids:
            fields["first"] = r.uint(4 if wide else 2)
        if optional:
            bits = fields["options"] = options(r)
            fields |= option_fields(r, bits)
        count = r.v_within(1, 4096, "count")
    for _ in range(count):
        if bits & 1:
            keys.append(str(r.v()))
        messages.append(r.string().hex())
    fields["messages"] = messages
    return fields | ({"keys": keys} if keys else {})


def fragment(r, flags):
    first, wide, optional, to_end, wanted = (bool(flags & bit) for bit in (1, 2, 4, 8, 16))
    fields = {"channel": r.channel(), "id": r.uint(4 if wide else 2), "wide": wide, "offset": 0}
    if optional:
        bits = fields["options"] = options(r)
        if bits & 1:
            fields["key"] = str(r.v())
        fields |= option_fields(r, bits)
    if first:
        fields["total"] = r.v_within(1, 2**30, "total")
    else:
        fields["offset"] = r.v_within(1, 2**30, "offset")
    data = r.take(r.left()) if to_end else r.string()
    if not data or first and len(data) > fields["total"]:
        raise Malformed("bytes")
    return fields | {"to_end": to_end, "stored": wanted, "bytes": data.hex()}


FRAMES = {
    0x00: ("PADDING", padding),
    0x01: ("PING", empty),
    0x02: ("HELLO", hello),
    0x03: ("SKIP", skip),
    0x04: ("WINDOW", limit),
    0x05: ("BLOCKED", limit),
    0x06: ("STORED", stored),
    0x07: ("REPAIR", repair),
    0x08: ("PATH_CHALLENGE", path_challenge),
    0x09: ("PATH_RESPONSE", path_response),
    0x0A: ("PATH_STATUS", path_status),
    0x0B: ("HOLD", hold),
    0x0C: ("CLOSE", close),
    0x0D: ("CLOSE_ACK", empty),
    0x0E: ("DRAINING", draining),
    0x0F: ("REBUILT", rebuilt),
}


def frame(r):
    kind = r.uint(1)
    if kind in FRAMES:
        name, read = FRAMES[kind]
        return {"frame": name, "fields": read(r, kind)}
    if kind < 0x20:
        raise Malformed("no such frame")
    if kind < 0x40:
        return {"frame": "ACK", "fields": ack(r, kind & 0x1F)}
    if kind < 0x60:
        return {"frame": "FRAGMENT", "fields": fragment(r, kind & 0x1F)}
    return {"frame": "RUN", "fields": run(r, kind)}


def packet(data):
    r, frames = Reader(data), []
    while r.left():
        frames.append(frame(r))
    return frames


def ticket(r):
    fields = {"expires": str(r.uint(8)), "lifetime": r.uint(4)}
    if r.left() < 24 + 1 + 16:
        raise Malformed("no ticket")
    return fields | {"opaque": r.take(r.left()).hex()}


def tickets(r):
    if r.take(4) != b"TWTK" or r.uint(1) != 1:
        raise Malformed("no Tickets")
    count = r.uint(1)
    if not 1 <= count <= 7:
        raise Malformed("count of tokens")
    return {"tokens": [r.take(2048)[:8].hex() for _ in range(count)]}


def address(r):
    kind = r.uint(1)
    if kind == 1:
        ip = r.take(4)
    elif kind == 2:
        ip = b"".join(r.uint(2).to_bytes(2, "big") for _ in range(8))
    else:
        raise Malformed("no such address")
    return {"ip": ip.hex(), "port": r.uint(2)}


def addresses(r):
    count = r.uint(4)
    if not 1 <= count <= 32:
        raise Malformed("count of addresses")
    return {"addresses": [address(r) for _ in range(count)]}


def control(data):
    """A message of channel 0."""
    r = Reader(data)
    kind = r.v()
    read = {1: ticket, 2: tickets, 3: addresses}.get(kind, lambda r: {"body": r.take(r.left()).hex()})
    fields = read(r)
    if r.left():
        raise Malformed("bytes behind it")
    return {"kind": str(kind), "fields": fields}


def v(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def times(a, b):
    """The product in GF(2^8) with 0x11D."""
    product = 0
    for bit in range(8):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(14, 7, -1):
        if product >> bit & 1:
            product ^= 0x11D << (bit - 8)
    return product


def sum_of(vec):
    """The bytes of a REPAIR, from the messages in it."""
    ids = [vec["newest"] - bit for bit in range(32) if vec["mask"] >> bit & 1]
    symbols = []
    for message in vec["messages"]:
        data = bytes.fromhex(message["bytes"])
        symbol = v(len(data)) + data
        if "options" in message:
            symbol += bytes([message["options"]])
            symbol += v(int(message["key"])) if "key" in message else b""
            symbol += v(message["back"]) if "back" in message else b""
        symbols.append(symbol)
    total = [0] * max(map(len, symbols))
    for number, symbol in zip(ids, symbols, strict=True):
        y = 128 + number % 128
        (coefficient,) = [c for c in range(256) if times(c, vec["row"] ^ y) == y]
        for at, byte in enumerate(symbol):
            total[at] ^= times(coefficient, byte)
    return bytes(total).hex()


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def rebuild(expected, low, bits):
    """By definition: of the numbers that end in low, the one in (expected - half, expected + half]."""
    size = 1 << bits
    near = [n for n in range(expected // size * size + low - size, expected + size + 1, size)]
    inside = [n for n in near if expected - size // 2 < n <= expected + size // 2]
    (number,) = inside
    if number < 0:
        return number + size
    return number if number < 2**64 else number - size


def check(problems, name, is_, should):
    if is_ != should:
        problems.append(f"{name}: bytes say\n  {is_}\nthe vector says\n  {should}")


def decoded(vec):
    try:
        return packet(bytes.fromhex(vec["bytes"]))
    except Malformed as why:
        return f"malformed: {why}"


def check_frames(doc, problems):
    for vec in doc["frames"]:
        check(problems, vec["name"], decoded(vec), [{"frame": vec["frame"], "fields": vec["fields"]}])
    for vec in doc["packets"]:
        check(problems, vec["name"], decoded(vec), vec["frames"])
    for vec in doc["malformed"]:
        try:
            got = packet(bytes.fromhex(vec["bytes"]))
        except Malformed:
            continue
        problems.append(f"{vec['name']}: is accepted as\n  {got}\nbut: {vec['reason']}")
    return len(doc["frames"]), len(doc["packets"]), len(doc["malformed"])


def check_sums(doc, problems):
    for vec in doc["sums"]:
        check(problems, vec["name"], sum_of(vec), vec["bytes"])
    return len(doc["sums"])


def check_control(doc, problems):
    for vec in doc["control"]:
        check(problems, vec["name"], control(bytes.fromhex(vec["bytes"])), {"kind": vec["kind"], "fields": vec["fields"]})
    for vec in doc["malformed_control"]:
        try:
            got = control(bytes.fromhex(vec["bytes"]))
        except Malformed:
            continue
        problems.append(f"{vec['name']}: is accepted as\n  {got}\nbut: {vec['reason']}")
    return len(doc["control"]) + len(doc["malformed_control"])


def check_numbers(doc, problems):
    for vec in doc["uvarints"]:
        r = Reader(bytes.fromhex(vec["bytes"]))
        check(problems, "uvarint", (str(r.v()), r.left()), (vec["value"], 0))
    for vec in doc["refused_uvarints"]:
        try:
            got = Reader(bytes.fromhex(vec["bytes"])).v()
        except Malformed:
            continue
        problems.append(f"uvarint {vec['name']}: is accepted as {got}, but: {vec['reason']}")
    for vec in doc["lengths"]:
        number, largest_acked = int(vec["next"]), int(vec["acked_end"]) - 1
        size = min(n for n in (2, 3, 4) if number - largest_acked < 1 << (8 * n - 2))
        check(problems, "length of " + vec["next"], vec["bytes"], (number % 256**size).to_bytes(size, "little").hex())
    for vec in doc["rebuilds"]:
        got = rebuild(int(vec["expected"]), int(vec["low"]), vec["bits"])
        check(problems, f"rebuild near {vec['expected']}", str(got), vec["number"])
    for vec in doc["digests"]:
        data = bytes.fromhex(vec["bytes"])
        r, rows = Reader(data), []
        while r.left():
            rows.append(row(r))
        check(problems, vec["name"], rows, vec["rows"])
        check(problems, vec["name"], str(fnv1a(data)), vec["digest"])
        check(problems, vec["name"], [x["name_hash"] for x in rows], [fnv1a(n.encode()) % 2**32 for n in vec["channel_names"]])
    return sum(len(doc[k]) for k in ("uvarints", "refused_uvarints", "lengths", "rebuilds", "digests"))


def main():
    directory = pathlib.Path(sys.argv[1])
    problems = []
    doc = json.loads((directory / "frames.json").read_text("utf-8"))
    frames, packets, malformed = check_frames(doc, problems)
    sums = check_sums(doc, problems)
    messages = check_control(doc, problems)
    numbers = check_numbers(json.loads((directory / "numbers.json").read_text("utf-8")), problems)
    if problems:
        sys.exit("\n".join(problems))
    print(f"agree: {frames} frames, {packets} packets, {malformed} malformed, {sums} sums, {messages} control, {numbers} numbers")


if __name__ == "__main__":
    main()

"""Reads the golden vectors of typed messages, by SPEC.md, 10, without any code of the library.

    python3 typed.py FILE       codec.json

Python 3 without further packages: its floats are binary64, and it fuses no operations. Prints one
line and exits with 0 if all vectors agree, else names each that does not and exits with 1.
"""

import base64
import json
import math
import struct
import sys

CLASSES = {16: (4, 8, 11, 16), 32: (5, 11, 18, 32), 64: (7, 18, 41, 64)}

# The five messages of the vectors: fields by name, kind and what the kind needs.
THING = [("Kind", "range", 0, 2000), ("Count", "range", 1, 999), ("Wear", "step", 0, 1, 0.01), ("Name", "string", 32),
         ("Enchants", "slice", 4, ("range", 0, 99))]
ENTITY = [("ID", "varint", 16), ("Kind", "range", 0, 40), ("Team", "range", 0, 3)] + \
    [(axis, "step", -512, 512, 0.01) for axis in "XYZ"] + [("VX", "half"), ("VY", "half")] + \
    [("Rotation", "quat", 10), ("Health", "range", 0, 100), ("Crouched", "bool"), ("Carried", "bool")]
MESSAGES = {
    "Input": [("Tick", "varint", 32), ("Buttons", "range", 0, 4095), ("MoveX", "step", -1, 1, 0.01), ("MoveY", "step", -1, 1, 0.01),
              ("Yaw", "angle", 14), ("Pitch", "step", -1.6, 1.6, 0.001), ("Fire", "bool")],
    "Entity": ENTITY,
    "Snapshot": [("Tick", "varint", 32), ("Ack", "varint", 32), ("Entities", "slice", 256, ("struct", "Entity", ENTITY))],
    "Chat": [("From", "varint", 32), ("To", "optional", ("varint", 32)), ("Room", "range", 0, 2), ("At", "range", 0, 86400000),
             ("Text", "string", 200)],
    "Inventory": [("Owner", "varint", 64), ("Gold", "varint", 32), ("Items", "slice", 64, ("struct", "Item", THING)),
                  ("Ammo", "map", 16, ("range", 0, 255), ("varint", 16))],
}
SHORT = "the message ends before its last field"


def least(kind, *more):
    """The fewest bits that a value takes."""
    if kind == "varint":
        return 2 + CLASSES[more[0]][0]
    if kind == "range":
        return (more[1] - more[0]).bit_length()
    if kind == "step":
        return round((more[1] - more[0]) / more[2]).bit_length()
    if kind in ("string", "slice", "map"):
        return more[0].bit_length()
    if kind == "struct":
        return sum(least(*field[1:]) for field in more[1])
    if kind == "angle":
        return more[0]
    if kind == "quat":
        return 2 + 3 * more[0]
    return {"bool": 1, "optional": 1, "half": 16}[kind]


class Refused(Exception):
    pass


class Bits:
    def __init__(self, data):
        self.number, self.end, self.at = int.from_bytes(data, "little"), 8 * len(data), 0

    def take(self, n):
        value = self.number >> self.at & (1 << n) - 1
        self.at += n
        return value

    def varint(self, width, name=""):
        kind = self.take(2)
        value = self.take(CLASSES[width][kind])
        if kind and value.bit_length() <= CLASSES[width][kind - 1]:
            raise Refused(name, "a number is not in its shortest form")
        return value

    def count(self, limit, name, least):
        n = self.take(limit.bit_length())
        if n > limit:
            raise Refused(name, "too long")
        if n * least > max(0, self.end - self.at):
            raise Refused(name, SHORT)
        return n

    def coded(self, bits, last, name):
        code = self.take(bits)
        if code > last:
            raise Refused(name, "out of range")
        return code

    def field(self, name, kind, *more):
        if kind == "varint":
            return self.varint(*more, name)
        if kind == "range":
            lo, hi = more
            return lo + self.coded((hi - lo).bit_length(), hi - lo, name)
        if kind == "step":
            lo, hi, step = more
            last = round((hi - lo) / step)
            return lo + self.coded(last.bit_length(), last, name) * step
        if kind == "bool":
            return bool(self.take(1))
        if kind in READ:
            bits = more[0] if more else 16
            got = READ[kind](self.take({"half": 16, "angle": bits, "quat": 2 + 3 * bits}[kind]), bits)
            if got is None:
                raise Refused(name, "out of range")
            return got[0] if len(got) == 1 else got
        if kind == "string":
            n = self.count(more[0], name, 8)
            return bytes(self.take(8) for _ in range(n)).decode("utf-8", "replace")
        if kind == "optional":
            return self.field(name, *more[0]) if self.take(1) else None
        if kind == "slice":
            return [self.field(name, *more[1]) for _ in range(self.count(more[0], name, max(1, least(*more[1]))))]
        if kind == "map":
            got = {}
            for _ in range(self.count(more[0], name, max(1, least(*more[1]) + least(*more[2])))):
                key = self.field(name, *more[1])
                if got and key <= max(got):
                    raise Refused(name, "keys of a map are not in ascending order")
                got[key] = self.field(name, *more[2])
            return {str(key): value for key, value in got.items()}
        return self.struct(*more)

    def struct(self, name, fields):
        return {field[0]: self.field(name + "." + field[0], *field[1:]) for field in fields}

    def delta(self, name, base, kind, *more):
        """What a value is now that was base."""
        if kind == "struct":
            return self.delta_struct(*more, base)
        if kind == "slice":
            n = len(base)
            if self.take(1):
                n = self.count(more[0], name, 1)
            return [self.element(name, base, i, more[1]) for i in range(n)]
        if kind == "optional" and base is not None:
            return self.delta(name, base, *more[0]) if self.take(1) else None
        return self.field(name, kind, *more)

    def element(self, name, base, i, kind):
        if i >= len(base):
            return self.field(name, *kind)
        return self.delta(name, base[i], *kind) if self.take(1) else base[i]

    def delta_struct(self, name, fields, base):
        differs = [self.take(1) for _ in fields]
        return {field[0]: self.delta(name + "." + field[0], base[field[0]], *field[1:]) if bit else base[field[0]]
                for bit, field in zip(differs, fields)}

    def message(self, name, base=None):
        try:
            got = self.struct(name, MESSAGES[name]) if base is None else self.delta_struct(name, MESSAGES[name], base)
        except Refused as refused:
            raise Refused(refused.args[0], SHORT) if self.at > self.end else refused
        if self.at > self.end:
            raise Refused(name, SHORT)
        if self.end - self.at >= 8:
            raise Refused(name, "bytes follow the message")
        if self.take(7):
            raise Refused(name, "the bits behind the message are not zero")
        return got


def fold(u, v):
    return math.copysign(1 - abs(v), -1 if u < 0 else 1), math.copysign(1 - abs(u), -1 if v < 0 else 1)


def write_unit(value, bits):
    x, y, z = value
    h, s = 2 ** (bits - 1) - 1, abs(x) + abs(y) + abs(z)
    u, v = x / s, y / s
    if z < 0:
        u, v = fold(u, v)
    i, j = int(u * h + (h + 0.5)), int(v * h + (h + 0.5))
    if i in (0, 2 * h):
        j = max(j, 2 * h - j)
    if j in (0, 2 * h):
        i = max(i, 2 * h - i)
    return i | j << bits


def read_unit(code, bits):
    h = 2 ** (bits - 1) - 1
    u, v = ((code & (1 << bits) - 1) - h) / h, ((code >> bits) - h) / h
    z = 1 - abs(u) - abs(v)
    if z < 0:
        u, v = fold(u, v)
    n = math.sqrt(u * u + v * v + z * z)
    return [u / n, v / n, z / n]


def write_quat(q, bits):
    h, n = 2 ** (bits - 1) - 1, q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]
    k = 1.5 - 0.5 * n if abs(n - 1) < 2**-16 else 1 / math.sqrt(n)
    largest = max(range(4), key=lambda i: abs(q[i]))
    s = math.copysign(h * math.sqrt(2) * k, q[largest])
    parts = [int(q[i] * s + (h + 0.5)) - h for i in range(4) if i != largest]
    while True:
        sizes = [abs(part) for part in parts]
        most = max(sizes)
        if 2 * h * h - sum(part * part for part in parts) > most * (most + 1):
            return largest | sum((part + h) << (2 + bits * i) for i, part in enumerate(parts))
        first = sizes.index(most)
        parts[first] -= 1 if parts[first] > 0 else -1


def read_quat(code, bits):
    h, mask = 2 ** (bits - 1) - 1, (1 << bits) - 1
    codes = [code >> at & mask for at in (2, 2 + bits, 2 + 2 * bits)]
    if max(codes) > 2 * h:
        return None
    q = [(c - h) * (1 / (h * math.sqrt(2))) for c in codes]
    m = q[0] * q[0] + q[1] * q[1] + q[2] * q[2]
    if m > 1:
        q = [part / math.sqrt(m) for part in q]
    q.insert(code & 3, math.sqrt(1 - m) if m <= 1 else 0.0)
    return q


def write_angle(value, bits):
    t = value[0] * 0.15915494309189535
    return int((t - math.floor(t)) * 2**bits + 0.5) % 2**bits


def read_angle(code, bits):
    return [(code - (code >> bits - 1 << bits)) * (2 * math.pi / 2**bits)]


READ = {"half": lambda code, bits: list(struct.unpack("<e", struct.pack("<H", code))), "angle": read_angle,
        "unit": read_unit, "quat": read_quat}
WRITE = {"half": lambda value, bits: struct.unpack("<H", struct.pack("<e", value[0]))[0], "angle": write_angle,
         "unit": write_unit, "quat": write_quat}


def near(got, want):
    """Whether what was read is what was written, but for what codes lose."""
    if isinstance(got, dict):
        return got.keys() == want.keys() and all(near(got[key], want[key]) for key in got)
    if isinstance(got, list):
        return len(got) == len(want or []) and all(near(a, b) for a, b in zip(got, want or []))
    if isinstance(got, float):
        return abs(got - want) < 0.006
    return got == want


def check_code(vec):
    code, kind = int(vec["Code"]), vec["Kind"]
    if kind == "quantized":
        lo, step = vec["Lo"], vec["Step"]
        return int((vec["Value"][0] - lo) * (1 / step) + 0.5) == code and lo + code * step == vec["Read"][0]
    bits = vec.get("Bits", 16)
    return WRITE[kind](vec["Value"], bits) == code and READ[kind](code, bits) == vec["Read"]


def check_number(vec):
    got = Bits(bytes.fromhex(vec["Hex"])).varint(int(vec["Kind"][-2:]))
    if vec["Kind"].startswith("zigzag"):
        got = got // 2 if got % 2 == 0 else -(got + 1) // 2
    return str(got) == vec["Value"]


def check_string(vec):
    r = Bits(bytes.fromhex(vec["Hex"]))
    return r.take(vec["Behind"]) + 1 == 1 << vec["Behind"] and r.field("s", "string", vec["Limit"]) == vec["Value"]


def check_message(vec):
    want = dict(vec["Value"])
    if vec["Type"] == "Chat":
        want["At"] //= 10**6  # its code counts milliseconds
    if vec["Type"] == "Inventory":
        for item in want["Items"]:  # JSON has bytes in base64
            item["Enchants"] = list(base64.b64decode(item["Enchants"] or ""))
    return near(Bits(bytes.fromhex(vec["Hex"])).message(vec["Type"]), want)


def check_delta(vec):
    base, want = (Bits(bytes.fromhex(vec[key])).message(vec["Type"]) for key in ("Base", "Next"))
    return Bits(bytes.fromhex(vec["Delta"])).message(vec["Type"], base) == want


def check_refused(vec):
    try:
        Bits(bytes.fromhex(vec["Hex"])).message(vec["Type"])
    except Refused as refused:
        return refused.args == (vec["Field"], vec["Error"])
    return False


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        doc = json.load(file)
    checks = {"Numbers": check_number, "Codes": check_code, "Strings": check_string, "Messages": check_message, "Deltas": check_delta, "Refused": check_refused}
    problems = [f"{kind}: {vec}" for kind, check in checks.items() for vec in doc[kind] if not check(vec)]
    if problems:
        sys.exit("\n".join(problems))
    print("agree: " + ", ".join(f"{len(doc[kind])} {kind.lower()}" for kind in checks))


if __name__ == "__main__":
    main()

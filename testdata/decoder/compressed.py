"""Reads the golden vectors of compressed messages, by SPEC.md, 11, without any code of the library.

    python3 compressed.py FILE       compress.json

Python 3 without further packages, so of a frame of Zstandard it checks the header alone. Prints one
line and exits with 0 if all vectors agree, else names each that does not and exits with 1.
"""

import json
import sys

MAGIC = b"tickwire dictionary 1\n"


class Refused(Exception):
    pass


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise Refused("short")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, n):
        return int.from_bytes(self.take(n), "little")

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.number(1)
            value |= (byte & 127) << shift
            if byte < 128:
                if byte == 0 and shift > 0 or value >= 2**32:
                    raise Refused("length")
                return value
            shift += 7
            if shift > 28 + 7:
                raise Refused("length")


def fnv(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return max(2, h % 2**32)


def read_dictionary(data):
    content = data[len(MAGIC) + 4:]
    number = int.from_bytes(data[len(MAGIC):len(MAGIC) + 4], "little")
    if not data.startswith(MAGIC) or not 16 <= len(content) <= 65536 or number != fnv(content):
        raise Refused("dictionary")
    return content, number


def copy(out, dictionary, offset, length):
    """Appends a copy of what lies so far back, or in the dictionary."""
    back = offset - len(out)  # from the end of the dictionary
    if back <= 0:
        for _ in range(length):
            out.append(out[-offset])
        return
    start = len(dictionary) - back
    if start < 0 or start + length > len(dictionary) or len(out) > 65535:
        raise Refused("offset")
    out += dictionary[start:start + length]


def block(data, dictionary):
    r, out, offset = Bytes(data), bytearray(), len(dictionary)
    want = r.varint()
    while r.at < len(data):
        tag = r.number(1)
        kind, upper = tag & 3, tag >> 2
        if kind == 0:
            out += r.take(1 + (upper if upper < 60 else r.number(upper - 59)))
            continue
        if kind == 1:
            length, near = 4 + (upper & 7), (tag >> 5) << 8 | r.number(1)
            if near:
                offset = near
            elif length > 8:
                more = length - 8
                length = (8, 260, 65540)[more - 1] + r.number(more)
        else:
            length, offset = 1 + upper, r.number(2 * kind - 2)
        if offset == 0 or len(out) + length > want:
            raise Refused("copy")
        copy(out, dictionary, offset, length)
    if len(out) != want:
        raise Refused("length")
    return bytes(out)


def check_frame(data, opened):
    """The header says the length, and that all of it is one segment (RFC 8878, 3.1.1.1)."""
    r = Bytes(data)
    if r.take(4) != b"\x28\xb5\x2f\xfd":
        return False
    flags = r.number(1)
    if not flags & 32 or flags & 3:
        return False
    wide = flags >> 6
    return r.number(1 << wide) + (256 if wide == 1 else 0) == len(opened)


def check_opens(vec, dictionary):
    data, opened = bytes.fromhex(vec["Bytes"]), bytes.fromhex(vec["Opened"])
    if data[0] == 2:
        return check_frame(data[1:], opened)
    body = data[1:] if data[0] == 0 else block(data[1:], dictionary if vec["Dictionary"] else b"")
    return body == opened


def refuses(vec, dictionary):
    data = bytes.fromhex(vec["Bytes"])
    if not data or data[0] > 2:
        return True
    if data[0] == 2:
        return True  # left to who reads Zstandard
    try:
        block(data[1:], dictionary)
    except Refused:
        return True
    return False


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        doc = json.load(file)
    dictionary, number = read_dictionary(bytes.fromhex(doc["Dictionary"]))
    problems = [f"opens: {vec}" for vec in doc["Opens"] if not check_opens(vec, dictionary)]
    problems += [f"refused: {vec}" for vec in doc["Refused"] for d in (dictionary, b"") if not refuses(vec, d)]
    if number != doc["ID"]:
        problems.append("the ID of the dictionary")
    if problems:
        sys.exit("\n".join(problems))
    print(f"agree: {len(doc['Opens'])} opened, {len(doc['Refused'])} refused")


if __name__ == "__main__":
    main()

"""Numbers as they stand in packets (SPEC.md, section 0), and the reader of all that comes."""

import hmac


class Malformed(Exception):
    """What came breaks a layout of SPEC.md."""


def v(n):
    """A number in as many bytes as it needs, seven bits in each."""
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes([*out, n])


def u(n, size):
    return (n % (1 << 8 * size)).to_bytes(size, "little")


def nearest(expected, low, bits):
    """Of all numbers that end in low the one nearest to what is expected."""
    n = low + ((expected + (1 << bits - 1) - low) >> bits << bits)
    return n if n >= 0 else n + (1 << bits)


def fnv1a(b):
    h = 0xCBF29CE484222325
    for octet in b:
        h = (h ^ octet) * 0x100000001B3 % (1 << 64)
    return h


def extract(salt, secret):
    return hmac.digest(salt, secret, "sha256")


def expand(key, label, size=32):
    """HKDF-SHA256 (RFC 5869) for at most 32 bytes, with a label of section 4."""
    return hmac.digest(key, b"tickwire 1 " + label + b"\1", "sha256")[:size]


class Reader:
    def __init__(self, b):
        self.b, self.at = b, 0

    def more(self):
        return self.at < len(self.b)

    def take(self, n):
        if n > len(self.b) - self.at:
            raise Malformed("it is too short")
        self.at += n
        return self.b[self.at - n : self.at]

    def rest(self):
        return self.take(len(self.b) - self.at)

    def u(self, size):
        return int.from_bytes(self.take(size), "little")

    def v(self):
        n = 0
        for shift in range(0, 70, 7):
            octet = self.u(1)
            n |= (octet & 0x7F) << shift
            if octet < 0x80:
                if n >> 64 or (octet == 0 and shift > 0):
                    break
                return n
        raise Malformed("a number is not in its shortest form")

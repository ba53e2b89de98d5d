"""Section 0 and 5 of SPEC.md: integers, cut numbers, and a reader that accounts for each byte."""

import struct


class Malformed(Exception):
    """The bytes break a layout of SPEC.md."""


def need(ok, why):
    if not ok:
        raise Malformed(why)


class Reader:
    """Reads a run of bytes from its front; take says what was asked when there is too little."""

    def __init__(self, b):
        self.b, self.i = bytes(b), 0

    def left(self):
        return len(self.b) - self.i

    def take(self, n, what="bytes"):
        need(0 <= n <= self.left(), f"{what}: {n} bytes wanted, {self.left()} left")
        out = self.b[self.i : self.i + n]
        self.i += n
        return out

    def rest(self):
        return self.take(self.left())

    def uint(self, n, what):
        return int.from_bytes(self.take(n, what), "little")

    def u8(self, what="u8"):
        return self.uint(1, what)

    def u16(self, what="u16"):
        return self.uint(2, what)

    def u32(self, what="u32"):
        return self.uint(4, what)

    def u64(self, what="u64"):
        return self.uint(8, what)

    def i32(self, what="i32"):
        return struct.unpack("<i", self.take(4, what))[0]

    def v(self, what="v", lo=0, hi=2**64 - 1):
        """An unsigned LEB128 in its shortest form, within lo and hi."""
        n = shift = 0
        while True:
            c = self.u8(what)
            n |= (c & 127) << shift
            shift += 7
            if c < 128:
                break
            need(shift < 70, f"{what}: more than ten bytes")
        need(c or shift == 7, f"{what}: not the shortest form")
        need(n < 2**64, f"{what}: more than 64 bits")
        need(lo <= n <= hi, f"{what}: {n} is not within {lo} and {hi}")
        return n

    def text(self, most, what):
        return self.take(self.v(what + " length", 0, most), what)

    def zeros(self, n, what):
        need(not any(self.take(n, what)), f"{what}: not zero")

    def end(self, what):
        need(not self.left(), f"{what}: {self.left()} bytes too many")


def v(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def nearest(expected, cut, bits):
    """Of all values that end in cut the one in (expected - half, expected + half] (RFC 9000, A.3)."""
    window = 1 << bits
    n = expected - (expected - cut) % window  # the greatest one that is not above expected
    if expected - n >= window // 2:
        n += window
    if n >= 2**64:
        n -= window
    return n if n >= 0 else n + window


def fnv1a(b):
    h = 0xCBF29CE484222325
    for c in b:
        h = (h ^ c) * 0x100000001B3 & 2**64 - 1
    return h

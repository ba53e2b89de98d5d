"""Has the client read what a server might send that is damaged, or means harm: it closes, and nothing else happens.

    python3 examples/browser/python/fuzz.py SEED ROUNDS

What has failed is told with the seed of its round, which alone shows it again.
"""

import random
import sys

from channel import LARGEST, RELIABLE_ORDERED, UNRELIABLE, WINDOW, Channel
from connection import Connection
from cryptography.exceptions import InvalidTag
from handshake import STANDARD, Attempt, Refused, Token, extended
from traffic import Traffic
from wire import Malformed, expand, u, v

MOST_KEPT = 4 * (LARGEST[RELIABLE_ORDERED] + WINDOW)


class Nowhere:
    """A socket from which nothing comes."""

    def send(self, _):
        pass


def connection():
    """A client that is connected to nobody."""
    c = Connection.__new__(Connection)
    c.channels = {0: Channel(RELIABLE_ORDERED, ""), 1: Channel(RELIABLE_ORDERED, "a"), 2: Channel(UNRELIABLE, "b")}
    c.line, c.id, c.hold, c.up, c.down = Nowhere(), bytes(4), 0.02, Traffic(bytes(32)), Traffic(bytes(32))
    c.begin(10)
    return c


def number(r):
    """One that layouts have trouble with, now and then."""
    return r.choice([0, 1, 2, r.randrange(64), r.randrange(1 << 16), (1 << r.randrange(64)) - 1, 1 << r.randrange(64)])


def frame(r):
    """A frame, most of the time a good one."""
    b = r.randbytes(r.choice([0, 1, 20, 200]))
    n, ident = v(r.choice([0, 1, 2, number(r)])), u(r.choice([0, 0, 1, 2, number(r)]), 2)
    ack = b"\x29" + u(r.randrange(4), 2) + b"\1" + bytes(3) + v(r.randrange(3)) + v(1) + v(number(r)) + v(number(r))
    return r.choice([
        b"\x81" + n + ident + v(len(b)) + b,  # RUN of one
        b"\xc1" + n + v(len(b)) + b,
        b"\x41" + n + ident + v(number(r)) + v(len(b)) + b,  # FRAGMENT: the first
        b"\x40" + n + ident + v(number(r)) + v(len(b)) + b,
        b"\3" + n + u(number(r), 4) + v(2) + v(number(r)) + v(3),  # SKIP
        b"\4" + n + u(number(r), 4),
        b"\5" + n + u(number(r), 4),
        b"\6" + n + v(1) + bytes(4),
        b"\x21" + u(r.randrange(4), 2) + b"\1" + bytes(3) + v(r.randrange(3)),  # ACK
        ack,
        b"\x0c" + v(number(r)) + v(3) + b"bye" + b"\0",
        bytes([r.randrange(256)]) + b,
    ])


def damaged(r, b):
    b = bytearray(b)
    for _ in range(r.choice([0, 0, 1, 3])):
        at = r.randrange(len(b) + 1)
        what = r.randrange(3)
        if what == 0 and at < len(b):
            b[at] ^= 1 << r.randrange(8)
        elif what == 1:
            del b[at : at + r.randrange(4)]
        else:
            b[at:at] = r.randbytes(r.randrange(4))
    return bytes(b)


def packets(r):
    """Packets under the right keys, and others."""
    c = connection()
    server = Traffic(bytes(32))
    for n in range(r.randrange(1, 60)):
        if r.randrange(20) == 0:
            server.secret, server.now = server.next()
            server.epoch += 1
        head = bytes([8 | (server.epoch & 1) << 2 | 1]) + u(n, 2)
        b = head + server.seal(n, damaged(r, b"".join(frame(r) for _ in range(r.randrange(4)))), head)
        for _, message in c.datagram(b if r.randrange(8) else damaged(r, b)):
            assert isinstance(message, bytes), message
        c.pack()
        kept = sum(len(p[0]) for ch in c.channels.values() for p in ch.parts.values())
        kept += sum(len(m or b"") for ch in c.channels.values() for m in ch.whole.values())
        assert kept <= MOST_KEPT, f"{kept} bytes are kept"
        if c.over is not None:
            return


def token():
    keys = bytes(8) * 3 + bytes(24 + 1024) + u(10, 4) + u(1, 4) + b"\1\x7f\0\0\1" + u(9, 2) + bytes(64)
    b = (STANDARD + keys).ljust(1984, b"\0") + b"TWPD\1" + b"\3\x81\1"
    return b.ljust(2048, b"\0")


def handshake(r):
    """Answers to our request, under the right keys and not, and tokens."""
    try:
        Token(damaged(r, token())[:2048].ljust(2048, b"\0"))
    except (ValueError, Malformed):
        pass
    made = token()
    good = Token(made[:1989] + b"\0" + made[1990:])
    a = Attempt(good, b"hello")
    for label, read in ((b"accept", a.accepted), (b"reason", a.refusal)):
        nonce, head = r.randbytes(24), b"\7\2"
        cipher, short = extended(expand(a.secret, label + good.protocol), nonce)
        said = damaged(r, r.randbytes(r.randrange(140)))
        sealed = head + nonce + cipher.encrypt(short, said, head + (a.share if label == b"accept" else b""))
        try:
            read(damaged(r, sealed))
        except (Malformed, InvalidTag, Refused, IndexError):
            pass
    try:
        a.offer(damaged(r, r.randbytes(r.randrange(400))))
    except (Malformed, InvalidTag, IndexError):
        pass


def main(seed, rounds):
    for one in range(int(seed), int(seed) + int(rounds)):
        r = random.Random(one)
        try:
            packets(r)
            handshake(r)
        except BaseException:
            print(f"failed: python3 examples/browser/python/fuzz.py {one} 1", flush=True)
            raise
    print(f"{rounds} rounds from seed {seed} on", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""From a connect token to the keys of a connection (SPEC.md, sections 2 to 4)."""

import os
import socket
import struct
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from wire import Malformed, Reader, expand, extract, u

STANDARD = b"NETCODE 1.02\0"


class Refused(Exception):
    """The server did not let us in."""


class Token:
    """What a login backend hands out: who may play where, with which keys. It is as secret as a password."""

    def __init__(self, b):
        if b[:5] == b"TWTK\1":  # a list, of which this client tries the first
            b = b[6:2054]
        r = Reader(b)
        if len(b) != 2048 or r.take(13) != STANDARD:
            raise ValueError("want a connect token of 2048 bytes, as a login hands out")
        self.protocol, _, self.expires = r.take(8), r.take(8), r.take(8)
        self.nonce, self.private = r.take(24), r.take(1024)
        self.timeout = struct.unpack("<i", r.take(4))[0]
        self.addresses = [self.address(r) for _ in range(r.u(4))]
        self.c2s, self.s2c = r.take(32), r.take(32)
        if b[1984:1989] != b"TWPD\1":
            raise ValueError("the token has no pad: it is for plain netcode")
        self.items = b[1990 : 1990 + b[1989]]
        self.check(Reader(self.items))

    @staticmethod
    def address(r):
        if r.u(1) == 1:
            return socket.inet_ntop(socket.AF_INET, r.take(4)), r.u(2)
        words = struct.unpack("<8H", r.take(16))
        return socket.inet_ntop(socket.AF_INET6, struct.pack(">8H", *words)), r.u(2)

    @staticmethod
    def check(items):
        while items.more():
            kind, value = items.u(1), items.take(items.u(1))
            if kind >= 0x80 and (kind, value) != (0x81, b"\1\x10"):
                raise ValueError("the token asks for more than ChaCha20-Poly1305, which is all that this client has")


def extended(key, nonce):
    """XChaCha20-Poly1305 is ChaCha20-Poly1305 with a key for each nonce: half a block, less what it was made of."""
    block = Cipher(ChaCha20(key, nonce[:16]), None).encryptor().update(bytes(64))
    sums, parts = block[:16] + block[48:], b"expand 32-byte k" + nonce[:16]
    words = (a - b & 0xFFFFFFFF for a, b in zip(struct.unpack("<8I", sums), struct.unpack("<8I", parts)))
    return ChaCha20Poly1305(struct.pack("<8I", *words)), bytes(4) + nonce[16:]


class Attempt:
    """One try at the server: the packets of it, by the keys of the token."""

    def __init__(self, token, hello):
        self.token, self.hello, self.share = token, hello, os.urandom(32)
        self.secret = extract(b"tickwire 1 token", token.c2s + token.s2c)

    def request(self):
        t = self.token
        return b"\0" + STANDARD + t.protocol + t.expires + t.nonce + t.private

    def open(self, label, sealed, head):
        """What a packet of the handshake says; its nonce is in front."""
        r = Reader(sealed)
        cipher, nonce = extended(expand(self.secret, label + self.token.protocol), r.take(24))
        return Reader(cipher.decrypt(nonce, r.rest(), head))

    def offer(self, challenge):
        """The answer to a challenge, which is a packet of the netcode standard (3.5)."""
        r = Reader(challenge)
        prefix = r.take(1)
        size = prefix[0] >> 4
        if not 1 <= size <= 8:
            raise Malformed("a number of a packet has 1 to 8 bytes")
        number = r.take(size) + bytes(8 - size)
        told = ChaCha20Poly1305(self.token.s2c).decrypt(bytes(4) + number, r.rest(), STANDARD + self.token.protocol + prefix)
        if len(told) != 308:
            raise Malformed("a challenge has 308 bytes")
        head, nonce, items = b"\7\1" + told[:8], os.urandom(24), self.token.items
        cipher, short = extended(expand(self.secret, b"offer" + self.token.protocol), nonce)
        said = b"\1" + self.share + b"\0" + u(len(items), 1) + items + told[8:308] + self.hello
        return head + nonce + cipher.encrypt(short, said, head)

    def accepted(self, packet):
        """The connection id, both secrets, and the server's HELLO, out of ACCEPT."""
        r = self.open(b"accept", packet[2:], packet[:2] + self.share)
        connection, share, flags = r.take(4), r.take(32), r.u(1)
        if flags or r.take(r.u(1)) != self.token.items:
            raise Refused("the server reads the token in another way")
        r.take(28)  # which player of how many, and where the server sees us
        both = extract(self.share + share, self.secret)
        about = b"\1" + self.token.protocol + b"\1\x10" + connection + b"\0"
        return connection, expand(both, b"c2s" + about), expand(both, b"s2c" + about), r

    def refusal(self, packet):
        """Whether a REASON is about our OFFER, and its words."""
        r = self.open(b"reason", packet[2:], packet[:2])
        echo, code, after = r.take(8), r.u(1), r.u(2)
        text = r.take(r.v()).decode(errors="replace")
        return echo == self.share[:8], f"code {code}: {text}" + (f"; try again in {after} s" if after else "")


def shake_hands(token, hello):
    """Connects: the socket, and what ACCEPT said. The request, and then OFFER, go ten times a second."""
    for address in token.addresses:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        line = socket.socket(family, socket.SOCK_DGRAM)
        line.connect(address)
        attempt = Attempt(token, hello)
        packet, why = attempt.request(), "no answer"
        end = time.monotonic() + 2
        while time.monotonic() < end:
            line.settimeout(0.1)
            try:
                line.send(packet)
                answer = line.recv(2048)
                if answer[0] & 15 == 2:
                    packet = attempt.offer(answer)
                elif answer[:2] == b"\7\2":
                    return line, attempt.accepted(answer)
                elif answer[:2] == b"\7\3":
                    final, why = attempt.refusal(answer)
                    if final:
                        break
            except ConnectionRefusedError:
                time.sleep(0.1)  # nobody listens there yet
            except (TimeoutError, InvalidTag, Malformed, IndexError):
                pass  # what is not authentic changes nothing
        line.close()
    raise Refused(why)

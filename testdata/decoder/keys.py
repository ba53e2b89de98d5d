"""Section 4 of SPEC.md: the keys of a handshake, of a connection, and of tickets."""

import struct

from ciphers import expand, extract


def label(s):
    return b"tickwire 1 " + s.encode()


class Traffic:
    """One direction of a connection: the keys of all its epochs, from one secret on."""

    def __init__(self, secret):
        self.secrets = [secret]
        self.keys = []

    def epoch(self, n):
        while len(self.secrets) <= n:
            self.secrets.append(expand(self.secrets[-1], label("next"), 32))
        while len(self.keys) <= n:
            s = self.secrets[len(self.keys)]
            self.keys.append((expand(s, label("key"), 32), expand(s, label("iv"), 12)))
        return self.keys[n]

    def nonce(self, epoch, path, number):
        """The nonce, iv XOR P, and P itself."""
        p = struct.pack(">IQ", path, number)
        return bytes(a ^ b for a, b in zip(self.epoch(epoch)[1], p)), p


class Keys:
    """What comes of T: the keys of the handshake's packets, then those of a connection."""

    def __init__(self, t, pid):
        self.t, self.pid = t, struct.pack("<Q", pid)
        for name in ("offer", "accept", "reason"):
            setattr(self, name, expand(t, label(name) + self.pid, 32))

    @classmethod
    def of_token(cls, c2s, s2c, pid):
        return cls(extract(label("token"), c2s + s2c), pid)

    @classmethod
    def of_ticket(cls, r, pid):
        return cls(extract(label("resume"), r), pid)

    def connection(self, client_share, server_share, suite, tag, conn, client_id, dh=b""):
        """Traffic C to S, traffic S to C, and E, of which tickets come."""
        s = extract(client_share + server_share, self.t + dh)
        x = bytes([1]) + self.pid + bytes([suite, tag]) + conn + bytes([len(client_id)]) + client_id
        c2s, s2c = expand(s, label("c2s") + x, 32), expand(s, label("s2c") + x, 32)
        return Traffic(c2s), Traffic(s2c), expand(s, label("resumption") + x, 32)


def of_ticket(e, nonce):
    """R of the ticket that was given on the connection with E."""
    return expand(e, label("ticket") + nonce, 32)


def ticket_key(key, pid):
    return expand(extract(label("tickets"), key), label("ticket key") + struct.pack("<Q", pid), 32)

"""Reads the vectors of the handshake (SPEC.md, sections 2 to 5): derives every key
of them from their tokens and shares, opens every packet, and seals it again.

    python3 handshake.py FILE       netcode-handshake.json

Python 3 without further packages. Prints one line and exits with 0 if all
vectors agree, else says what does not.
"""

import json
import pathlib
import struct
import sys

from ciphers import Forged, aes_block, aes_schedule, expand, extract, open_data, opened, seal, seal_data, x25519

def check_primitives():
    """What the RFCs themselves give: a mistake here would look like one in the vectors."""
    sunscreen = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    )
    ad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    key = bytes(range(0x80, 0xA0))
    same("RFC 8439, 2.8.2", seal(key, bytes.fromhex("070000004041424344454647"), sunscreen, ad)[-16:].hex(), "1ae10b594f09e26a7e902ecbd0600691")
    nonce = bytes(range(0x40, 0x58))
    same("the draft's A.3.1", seal(key, nonce, sunscreen, ad)[-16:].hex(), "c0875924c1c7987947deafd8780acf49")
    prk = extract(bytes(range(13)), b"\x0b" * 22)
    okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    same("RFC 5869, A.1", expand(prk, bytes(range(0xF0, 0xFA)), 42).hex(), okm)
    block = aes_block(aes_schedule(bytes(range(32))), bytes.fromhex("00112233445566778899aabbccddeeff"))
    same("FIPS 197, C.3", block.hex(), "8ea2b7ca516745bfeafc49904b496089")
    same("GCM, test case 13", seal_data(2, 16, bytes(32), bytes(12), b"", b"").hex(), "530f8afbc74536b9a963b4f1c4cb738b")
    zeros = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    same("GCM, test case 14", seal_data(2, 16, bytes(32), bytes(12), bytes(16), b"").hex(), zeros)
    same("RFC 7748, 5.2", x25519(b"\x09" + bytes(31), b"\x09" + bytes(31)).hex(), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")


def same(what, is_, should):
    if is_ != should:
        sys.exit(f"{what}: is\n  {is_}\nshould be\n  {should}")


def open_or_exit(what, *sealed):
    try:
        return opened(*sealed)
    except Forged:
        sys.exit(f"{what}: does not open")


class Reader:
    """Takes fields from the front of a layout."""

    def __init__(self, what, data):
        self.what, self.data, self.at = what, data, 0

    def take(self, size):
        if size > len(self.data) - self.at:
            sys.exit(f"{self.what}: cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def uint(self, size):
        return int.from_bytes(self.take(size), "little")

    def short(self):
        return self.take(self.uint(1))

    def v(self):
        value = shift = 0
        while True:
            byte = self.uint(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def rest(self):
        return self.take(len(self.data) - self.at)


# Section 2: tokens and pads.

VERSION = b"NETCODE 1.02\0"


def addresses(r):
    for _ in range(r.uint(4)):
        r.take({1: 4, 2: 16}[r.uint(1)])
        r.uint(2)


def pad_items(copy):
    if copy[:4] != b"TWPD":
        sys.exit("no pad")
    same("version of the pad", copy[4], 1)
    items = copy[6 : 6 + copy[5]]
    same("zeros behind the pad", copy[6 + copy[5] :], bytes(58 - copy[5]))
    return items


def protection(items):
    suite, tag_bytes, forward = 1, 16, False
    r = Reader("pad", items)
    while r.at < len(items):
        kind, value = r.uint(1), r.short()
        if kind == 0x81:
            suite, tag_bytes = value
        elif kind == 0x82:
            forward = True
        elif kind >= 0x80:
            sys.exit(f"pad: unknown item {kind:#x}")
    return suite, tag_bytes, forward


def read_token(vec, protocol_id, private_key):
    """The keys and pad items of a token, from both of its parts."""
    r = Reader("token", vec["token"])
    same("version of the token", r.take(13), VERSION)
    same("protocol id of the token", r.uint(8), protocol_id)
    r.uint(8)
    expires = r.take(8)
    nonce, sealed = r.take(24), r.take(1024)
    timeout = r.uint(4)
    addresses(r)
    keys = r.take(32), r.take(32)
    private = open_or_exit("private token", private_key, nonce, sealed, VERSION + protocol_id.to_bytes(8, "little") + expires)
    p = Reader("private token", private)
    p.uint(8)
    same("timeout of the private token", p.uint(4), timeout)
    addresses(p)
    same("keys of the private token", (p.take(32), p.take(32)), keys)
    items = pad_items(vec["token"][1984:])
    same("pads", pad_items(private[944:]), items)
    same("pad items", items, vec["padItems"])
    return keys, items


# Section 4: keys.


def derive(vec, secret, items, protocol_id):
    """Checks every key that comes of T, and returns what tickets come of."""
    pid = protocol_id.to_bytes(8, "little")
    out = {"secret": secret}
    for name in ("offer", "accept", "reason"):
        out[name] = expand(secret, b"tickwire 1 " + name.encode() + pid, 32)
    suite, tag_bytes, forward = protection(items)
    agreed = b""
    if forward:
        base = b"\x09" + bytes(31)
        same("client share", x25519(vec["clientPrivate"], base).hex(), vec["clientShare"].hex())
        same("server share", x25519(vec["serverPrivate"], base).hex(), vec["serverShare"].hex())
        agreed = x25519(vec["clientPrivate"], vec["serverShare"])
        same("secret of the server", x25519(vec["serverPrivate"], vec["clientShare"]).hex(), agreed.hex())
    same("agreed", agreed.hex(), vec["agreed"].hex())
    s = extract(vec["clientShare"] + vec["serverShare"], secret + agreed)
    x = b"\x01" + pid + bytes([suite, tag_bytes]) + vec["connectionId"] + bytes([len(vec["clientId"])]) + vec["clientId"]
    for name, label in (("toServer", b"c2s"), ("toClient", b"s2c")):
        direction = expand(s, b"tickwire 1 " + label + x, 32)
        out[name + "Secret"] = direction
        out[name + "Key"] = expand(direction, b"tickwire 1 key", 32)
        out[name + "IV"] = expand(direction, b"tickwire 1 iv", 12)
        out[name + "NextSecret"] = expand(direction, b"tickwire 1 next", 32)
    for name, key in vec["keys"].items():
        same("key " + name, out.pop(name).hex(), key.hex())
    same("keys that no vector has", list(out), [])
    return expand(s, b"tickwire 1 resumption" + x, 32)


# Section 3.1: handshake packets.


def open_long(what, key, packet, head, ad):
    nonce = packet[head : head + 24]
    body = open_or_exit(what, key, nonce, packet[head + 24 :], ad)
    same(what + ", sealed again", packet[: head + 24] + seal(key, nonce, body, ad), packet)
    return Reader(what, body)


def check_offer(vec):
    packet = vec["offer"]
    same("prefix of OFFER", packet[:2], b"\x07\x01")
    same("challenge sequence", str(int.from_bytes(packet[2:10], "little")), vec["challengeSequence"])
    r = open_long("OFFER", vec["keys"]["offer"], packet, 10, packet[:10])
    fields = [r.uint(1), r.take(32), r.short(), r.short(), r.take(300), r.rest()]
    same("OFFER", fields, [1, *(vec[k] for k in ("clientShare", "clientId", "padItems", "challengeToken", "clientHello"))])


def check_accept(vec, flags=0):
    packet, head = vec["accept"], 2 + len(vec["clientId"])
    same("head of ACCEPT", packet[:head], b"\x07\x02" + vec["clientId"])
    r = open_long("ACCEPT", vec["keys"]["accept"], packet, head, packet[:head] + vec["clientShare"])
    fields = [r.take(4), r.take(32), r.uint(1), r.short(), r.uint(4), r.uint(4), r.take(20), r.rest()]
    names = ("padItems", "clientIndex", "maxClients", "source", "serverHello")
    same("ACCEPT", fields, [vec["connectionId"], vec["serverShare"], flags, *(vec[k] for k in names)])


def check_reason(what, vec, packet, client_id, echo):
    head = 2 + len(client_id)
    same("head of " + what, packet[:head], b"\x07\x03" + client_id)
    r = open_long(what, vec["keys"]["reason"], packet, head, packet[:head])
    fields = [r.take(8), r.uint(1), r.uint(2), r.take(r.v()).decode(), r.rest()]
    refusal = vec["refusal"]
    same(what, fields, [echo, refusal["code"], refusal["retryAfter"], refusal["text"], refusal["rows"]])


# Section 3.6: tickets, RESUME, RETRY.


def check_ticket(res, resumption, protocol_id, private_key):
    """The secret of a ticket, from both sides."""
    pid, ticket, content = protocol_id.to_bytes(8, "little"), res["ticket"], res["content"]
    key = expand(extract(b"tickwire 1 tickets", private_key), b"tickwire 1 ticket key" + pid, 32)
    same("ticket key", key.hex(), res["ticketKey"].hex())
    same("expiry of the ticket", str(int.from_bytes(ticket[:8], "little")), content["expires"])
    same("lifetime of the ticket", int.from_bytes(ticket[8:12], "little"), content["lifetime"])
    nonce, ad = ticket[12:36], b"tickwire 1 ticket" + pid + ticket[:12]
    plain = open_or_exit("ticket", key, nonce, ticket[36:], ad)
    same("ticket, sealed again", ticket[:36] + seal(key, nonce, plain, ad), ticket)
    r = Reader("ticket", plain)
    same("number of the ticket", str(r.uint(8)), content["issued"])
    secret = r.take(32)
    same("secret of the ticket", secret.hex(), content["secret"].hex())
    same("secret from the connection", expand(resumption, b"tickwire 1 ticket" + nonce, 32).hex(), secret.hex())
    fields = [str(r.uint(8)), r.take(4), r.uint(4), r.short()]
    start = r.at
    addresses(r)
    fields += [plain[start : r.at], r.rest()]
    names = ("player", "connectionId", "timeout", "padItems", "addresses", "userData")
    same("ticket", fields, [content[k] for k in names])
    return secret


def check_resume(what, res, packet, cookie):
    vec, ticket = res["connection"], res["ticket"]
    head = b"\x07\x04" + len(ticket).to_bytes(2, "little") + ticket
    same("head of " + what, packet[: len(head)], head)
    same(what + " is as long as any ACCEPT", len(packet) >= 426, True)
    r = open_long(what, vec["keys"]["offer"], packet, len(head), head)
    fields = [r.uint(1), r.take(32), r.short(), r.short(), r.uint(1), str(r.uint(8)), str(r.uint(8)), r.take(r.v())]
    same(what, fields, [1, vec["clientShare"], vec["clientId"], cookie, *(res[k] for k in ("flags", "attempt", "instance")), vec["clientHello"]])
    rest = r.rest()
    same("zeros of " + what, rest, bytes(len(rest)))


def check_retry(res):
    vec, packet = res["connection"], res["retry"]
    head = 2 + len(vec["clientId"])
    same("head of RETRY", packet[:head], b"\x07\x05" + vec["clientId"])
    r = open_long("RETRY", vec["keys"]["accept"], packet, head, packet[:head] + vec["clientShare"])
    same("number of RETRY", r.uint(8) > 0, True)
    same("RETRY", r.rest(), res["cookie"])


def check_resumed(res, resumption, items, protocol_id, private_key):
    """A connection that comes of a ticket; how many packets it has."""
    secret, vec = check_ticket(res, resumption, protocol_id, private_key), res["connection"]
    same("pad items of the ticket", vec["padItems"], items)
    derive(vec, extract(b"tickwire 1 resume", secret), items, protocol_id)
    check_resume("the first RESUME", res, res["first"], b"")
    check_retry(res)
    check_resume("RESUME", res, res["resume"], res["cookie"])
    check_accept(vec, res["flags"])
    check_reason("REASON to RESUME", vec, vec["reasonToOffer"], vec["clientId"], vec["clientShare"][:8])
    check_connection(vec, items)
    return 6 + len(vec["data"])


# Sections 1, 4 and 5: DATA and GONE.


def rebuilt(expected, low, bits):
    """Of the numbers that end in low, the one nearest to expected."""
    near = (n for n in range((expected >> bits << bits) + low - (1 << bits), expected + (2 << bits), 1 << bits) if 0 <= n < 1 << 64)
    return min(near, key=lambda n: abs(n - expected))


def check_data(vec, d, suite, tag_bytes):
    up, epoch, path, number = d["toServer"], d["epoch"], d["path"], int(d["number"])
    packet, id_ = d["packet"], bytearray(vec["connectionId"] if up else vec["clientId"])
    if id_:
        id_[3 if up else 0] |= path
    size = (packet[0] & 3) + 1
    head = 1 + len(id_) + size
    what = f"DATA {number} of path {path}"
    same("prefix of " + what, packet[0], 0x08 | (epoch & 1) << 2 | d["numberBytes"] - 1)
    same("id of " + what, packet[1 : 1 + len(id_)], bytes(id_))
    low = int.from_bytes(packet[1 + len(id_) : head], "little")
    same("number of " + what, rebuilt(number, low, 8 * size), number)
    name = "toServer" if up else "toClient"
    secret = vec["keys"][name + "Secret"]
    for _ in range(epoch):
        secret = expand(secret, b"tickwire 1 next", 32)
    nonce, key = struct.pack(">IQ", path, number), expand(secret, b"tickwire 1 key", 32)
    if suite != 3:
        nonce = bytes(a ^ b for a, b in zip(expand(secret, b"tickwire 1 iv", 12), nonce))
    try:
        frames = open_data(suite, tag_bytes, key, nonce, packet[head:], packet[:head])
    except Forged:
        sys.exit(f"{what}: does not open")
    same("frames of " + what, frames.hex(), d["frames"].hex())
    same(what + ", sealed again", packet[:head] + seal_data(suite, tag_bytes, key, nonce, frames, packet[:head]), packet)


def check_connection(vec, items):
    for d in vec["data"]:
        check_data(vec, d, *protection(items)[:2])
    same("GONE", vec["gone"], b"\x05" + vec["data"][0]["packet"][1:5] + vec["data"][0]["packet"][-8:])


TEXT = ("name", "text", "about", "number", "challengeSequence", "protocolId", "expires", "issued", "player", "attempt", "instance")


def from_hex(value, name=""):
    """The vectors as bytes, but for text and decimal numbers."""
    if isinstance(value, dict):
        return {k: from_hex(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [from_hex(v) for v in value]
    if isinstance(value, str) and name not in TEXT:
        return bytes.fromhex(value)
    return value


def main():
    check_primitives()
    doc = from_hex(json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8")))
    protocol_id, packets, connections = int(doc["protocolId"]), 0, []
    for vec in doc["handshakes"]:
        keys, items = read_token(vec, protocol_id, doc["privateKey"])
        resumption = derive(vec, extract(b"tickwire 1 token", keys[0] + keys[1]), items, protocol_id)
        connections.append((resumption, items))
        check_offer(vec)
        check_accept(vec)
        check_reason("REASON to a request", vec, vec["reasonToRequest"], b"", bytes(8))
        check_reason("REASON to OFFER", vec, vec["reasonToOffer"], vec["clientId"], vec["clientShare"][:8])
        check_connection(vec, items)
        packets += 5 + len(vec["data"])
    for res in doc["resumes"]:
        resumption, items = connections[res["of"]]
        same("resumption", resumption.hex(), res["resumption"].hex())
        packets += check_resumed(res, resumption, items, protocol_id, doc["privateKey"])
    print(f"agree: {len(doc['handshakes'])} handshakes, {len(doc['resumes'])} resumed, {packets} packets")


if __name__ == "__main__":
    main()

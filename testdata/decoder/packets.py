"""Sections 1 to 3 of SPEC.md: tokens, tickets, and what is in each datagram that is not frames."""

import struct

from ciphers import opened
from frames import hello, row
from octets import Malformed, Reader, need

NAME = b"NETCODE 1.02\0"
OFFER, ACCEPT, REASON, RESUME, RETRY = range(1, 6)
TYPES = {1: "denied", 2: "challenge", 3: "response", 4: "keep-alive", 5: "payload", 6: "disconnect"}


def address(r):
    kind = r.u8("address type")
    need(kind in (1, 2), "address type")
    if kind == 1:
        return (r.take(4, "IPv4"), r.u16("port"))
    words = struct.unpack("<8H", r.take(16, "IPv6"))
    return (struct.pack(">8H", *words), r.u16("port"))


def addresses(r, most):
    n = r.u32("addresses")
    need(1 <= n <= most, f"{n} addresses")
    return [address(r) for _ in range(n)]


def items(b):
    """Items of a pad (section 2): suite, tag bytes, forward secrecy."""
    out = {"suite": 1, "tag": 16, "forward": False, "unsealed": False}
    r = Reader(b)
    while r.left():
        kind = r.u8("item kind")
        value = Reader(r.take(r.u8("item length"), "item"))
        if kind == 0x81:
            out["suite"], out["tag"] = value.u8("suite"), value.u8("tag bytes")
            value.end("item 0x81")
            ok = out["tag"] == 16 if out["suite"] in (1, 2) else 8 <= out["tag"] <= 32
            need(out["suite"] in (1, 2, 3) and ok, "item 0x81: protection")
        elif kind in (0x82, 0x03):
            value.end("item")
            out["forward" if kind == 0x82 else "unsealed"] = True
        else:
            need(kind < 0x80, "pad: an unknown item that is mandatory")
    return out


def pad(b):
    """The pad's items as bytes; None if the room holds no pad."""
    r = Reader(b)
    if r.take(4) != b"TWPD":
        return None
    need(r.u8("pad version") == 1, "pad: version")
    n = r.u8("pad items")
    need(n <= 58, "pad: items")
    out = r.take(n)
    items(out)
    r.zeros(r.left(), "pad")
    return out


def public_token(b):
    need(len(b) == 2048, "token: not 2048 bytes")
    r = Reader(b)
    need(r.take(13) == NAME, "token: version")
    t = {"pid": r.u64(), "created": r.u64(), "expires": r.u64(), "nonce": r.take(24)}
    t["private"], t["timeout"] = r.take(1024), r.i32("timeout")
    t["addresses"] = addresses(r, 32)
    t["c2s"], t["s2c"] = r.take(32), r.take(32)
    r.zeros(1984 - r.i, "token")
    t["pad"] = pad(r.take(64))
    return t


def private_token(b, key, t):
    """The private part of a token with the fields t of its public part."""
    ad = NAME + struct.pack("<QQ", t["pid"], t["expires"])
    r = Reader(opened(key, t["nonce"], b, ad))
    p = {"client": r.u64(), "timeout": r.i32("timeout"), "addresses": addresses(r, 32)}
    p["c2s"], p["s2c"], p["user"] = r.take(32), r.take(32), r.take(256)
    r.zeros(944 - r.i, "private token")
    p["pad"] = pad(r.take(64))
    return p


def tokens(b, most=8):
    """A token list (section 2): tokens to be tried in turn."""
    r = Reader(b)
    need(r.take(4) == b"TWTK" and r.u8() == 1, "token list")
    n = r.u8("tokens")
    need(1 <= n <= most, "token list: count")
    out = [r.take(2048) for _ in range(n)]
    r.end("token list")
    return out


def ticket(b, key=None, pid=0):
    """A resume ticket (3.6): what a client can read of it, and all with the ticket key."""
    r = Reader(b)
    t = {"expires": r.u64(), "lifetime": r.u32(), "nonce": r.take(24), "whole": bytes(b)}
    sealed = r.rest()
    need(len(sealed) > 16, "ticket: too short")
    if key is None:
        return t
    ad = b"tickwire 1 ticket" + struct.pack("<QQI", pid, t["expires"], t["lifetime"])
    r = Reader(opened(key, t["nonce"], sealed, ad))
    t["issued"], t["R"], t["client"], t["conn"] = r.u64(), r.take(32), r.u64(), r.take(4)
    t["timeout"] = r.i32()
    n = r.u8()
    need(n <= 58, "ticket: items")
    t["items"] = r.take(n)
    items(t["items"])
    t["addresses"] = addresses(r, 4)
    t["user"] = r.rest()
    need(len(t["user"]) <= 256 and t["user"][-1:] != b"\0", "ticket: user data")
    return t


def source(b):
    """The 20 bytes that name a source (3.1)."""
    if struct.unpack("<H", b[18:])[0] == 0:
        return (b[:16], struct.unpack("<H", b[16:18])[0])
    need(not any(b[8:18]), "source: zeros")
    return (struct.unpack("<Q", b[:8])[0],)


def challenge_token(b, key, sequence):
    """The 300 bytes that only the server opens (3.5)."""
    nonce = bytes(4) + struct.pack("<Q", sequence)
    r = Reader(opened(key, nonce, b, b""))
    c = {"client": r.u64(), "user": r.take(256), "source": source(r.take(20))}
    r.end("challenge token")
    return c


def request(b):
    need(len(b) == 1078 and b[0] == 0 and b[1:14] == NAME, "request")
    r = Reader(b[14:])
    q = {"pid": r.u64(), "expires": r.u64(), "nonce": r.take(24), "private": r.take(1024)}
    r.end("request")
    return q


def standard(b, key, pid):
    """A sealed packet of the standard (3.5): its type, sequence and fields."""
    n, kind = b[0] >> 4, b[0] & 15
    need(1 <= n <= 8 and kind in TYPES, "standard: prefix")
    need(len(b) >= 1 + n + 16, "standard: too short")
    sequence = int.from_bytes(b[1 : 1 + n], "little")
    need(sequence != 2**64 - 1, "standard: the last sequence")
    nonce = bytes(4) + struct.pack("<Q", sequence)
    r = Reader(opened(key, nonce, b[1 + n :], NAME + struct.pack("<QB", pid, b[0])))
    p = {"p": TYPES[kind], "sequence": sequence, "fewest": n == 1 or sequence >> 8 * (n - 1) > 0}
    if kind in (2, 3):
        p["challenge"], p["token"] = r.u64(), r.take(300)
    elif kind == 4:
        p["index"], p["max"] = r.u32(), r.u32()
    elif kind == 5:
        p["payload"] = r.rest()
        need(1 <= len(p["payload"]) <= 1200, "payload: length")
    r.end(p["p"])
    return p


def unsealed(key, b, at, ad):
    return Reader(opened(key, b[at : at + 24], b[at + 24 :], ad))


def share_id_items(r, p):
    n = r.u8("client id")
    need(n <= 4, "client id")
    p["cid"] = r.take(n)
    return p


def offer(b, keys):
    r = unsealed(keys.offer, b, 10, b[:10])
    p = {"p": "OFFER", "challenge": struct.unpack("<Q", b[2:10])[0], "version": r.u8()}
    p["share"] = r.take(32)
    share_id_items(r, p)
    n = r.u8("items")
    need(n <= 58, "OFFER: items")
    p["items"], p["token"] = r.take(n), r.take(300)
    p["body"] = r.rest()
    p["hello"] = hello(p["body"])
    need(len(b) == 385 + len(p["cid"]) + n + len(p["body"]), "OFFER: its size")
    return p


def accept(b, keys, cid, share):
    need(b[2 : 2 + len(cid)] == cid, "ACCEPT: client id")
    r = unsealed(keys.accept, b, 2 + len(cid), b[: 2 + len(cid)] + share)
    p = {"p": "ACCEPT", "conn": r.take(4), "share": r.take(32), "flags": r.u8()}
    need(p["flags"] & ~2 == 0, "ACCEPT: flags")
    need(p["conn"][3] & 7 == 0, "ACCEPT: a connection id with a path")
    need(any(p["conn"][1:]), "ACCEPT: 21 bits of zero")
    n = r.u8("items")
    need(n <= 58, "ACCEPT: items")
    p["items"], p["index"], p["max"] = r.take(n), r.u32(), r.u32()
    p["source"], p["body"] = source(r.take(20)), r.rest()
    p["hello"] = hello(p["body"])
    need(len(b) == 108 + len(cid) + n + len(p["body"]), "ACCEPT: its size")
    return p


def reason(b, keys, cid, share):
    """A REASON; towards a request cid and share are empty."""
    need(b[2 : 2 + len(cid)] == cid, "REASON: client id")
    r = unsealed(keys.reason, b, 2 + len(cid), b[: 2 + len(cid)])
    p = {"p": "REASON", "echo": r.take(8), "code": r.u8("code"), "after": r.u16("retry after")}
    need(p["echo"] == (share[:8] or bytes(8)), "REASON: echo")
    need(p["code"] < 64, "REASON: code")
    p["text"], p["rows"] = r.text(200, "text"), []
    while r.left():
        p["rows"].append(row(r))
    need(not p["rows"] or p["code"] == 4, "REASON: rows without MISMATCH")
    return p


def resume(b, keys):
    n = struct.unpack("<H", b[2:4])[0]
    r = unsealed(keys.offer, b, 4 + n, b[: 4 + n])
    p = {"p": "RESUME", "ticket": b[4 : 4 + n], "version": r.u8(), "share": r.take(32)}
    share_id_items(r, p)
    n = r.u8("cookie")
    need(n in (0, 16), "RESUME: cookie")
    p["cookie"], p["flags"] = r.take(n), r.u8()
    need(p["flags"] & ~2 == 0, "RESUME: flags")
    p["attempt"], p["instance"] = r.u64(), r.u64()
    p["body"] = r.text(256, "HELLO")
    p["hello"] = hello(p["body"])
    r.zeros(r.left(), "RESUME")
    need(426 <= len(b) <= 877, "RESUME: its size")
    return p


def retry(b, keys, cid, share):
    need(b[2 : 2 + len(cid)] == cid, "RETRY: client id")
    r = unsealed(keys.accept, b, 2 + len(cid), b[: 2 + len(cid)] + share)
    p = {"p": "RETRY", "number": r.u64(), "cookie": r.take(16)}
    r.end("RETRY")
    return p


def gone(b):
    need(len(b) == 13, "GONE: 13 bytes")
    return {"p": "GONE", "id": b[1:5], "tail": b[5:]}


def data_header(b, idn):
    """A DATA packet: its header, bytes of id, epoch's parity, number as cut, and its bits."""
    need(0x08 <= b[0] <= 0x0F, "DATA: prefix")
    n = (b[0] & 3) + 1
    at = 1 + idn + n
    need(len(b) >= at, "DATA: too short")
    return b[:at], b[1 : 1 + idn], b[0] >> 2 & 1, int.from_bytes(b[1 + idn : at], "little"), 8 * n


def kind_of(b):
    """Which packet a datagram is, by its first byte alone."""
    need(b, "an empty datagram")
    c = b[0]
    if c == 0:
        return "request"
    if c == 5:
        return "GONE"
    if c == 7:
        need(len(b) > 1 and OFFER <= b[1] <= RETRY, "handshake: kind")
        return ("OFFER", "ACCEPT", "REASON", "RESUME", "RETRY")[b[1] - 1]
    if 8 <= c <= 15:
        return "DATA"
    if 1 <= c >> 4 <= 8 and c & 15 in TYPES:
        return TYPES[c & 15]
    raise Malformed(f"prefix {c:#04x}")


def control(b, pid=0):
    """A message of channel 0 (6.4)."""
    r = Reader(b)
    kind = r.v("kind")
    if kind == 1:
        return {"m": "ticket", **ticket(r.rest())}
    if kind == 2:
        return {"m": "tokens", "tokens": tokens(r.rest(), 7)}
    if kind == 3:
        out = {"m": "addresses", "addresses": addresses(r, 32)}
        r.end("addresses")
        return out
    return {"m": kind, "body": r.rest()}

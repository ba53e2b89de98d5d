"""The ciphers of SPEC.md, section 4, without packages.

ChaCha20-Poly1305 is written out below from RFC 8439, XChaCha20 from
draft-irtf-cfrg-xchacha-03, AES from FIPS 197, GCM from NIST SP 800-38D, X25519
from RFC 7748, HKDF from RFC 5869. Where the package `cryptography` is
installed it opens what is sealed, since that is a hundred times as fast.
"""

import hmac
import struct

try:
    from cryptography.hazmat.primitives.ciphers import aead as fast
except ImportError:
    fast = None


class Forged(Exception):
    """A seal does not open."""


MASK = 0xFFFFFFFF


# ChaCha20 (RFC 8439, 2.3), HChaCha20 (draft, 2.2).


def rounds(state):
    x = list(state)

    def quarter(a, b, c, d):
        x[a] = (x[a] + x[b]) & MASK
        x[d] = rotated(x[d] ^ x[a], 16)
        x[c] = (x[c] + x[d]) & MASK
        x[b] = rotated(x[b] ^ x[c], 12)
        x[a] = (x[a] + x[b]) & MASK
        x[d] = rotated(x[d] ^ x[a], 8)
        x[c] = (x[c] + x[d]) & MASK
        x[b] = rotated(x[b] ^ x[c], 7)

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return x


def rotated(v, n):
    return (v << n | v >> (32 - n)) & MASK


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def chacha20_block(key, counter, nonce):
    state = CONSTANTS + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
    return struct.pack("<16I", *((a + b) & MASK for a, b in zip(rounds(state), state)))


def chacha20(key, counter, nonce, data):
    stream = b"".join(chacha20_block(key, counter + i, nonce) for i in range((len(data) + 63) // 64))
    return bytes(a ^ b for a, b in zip(data, stream))


def hchacha20(key, nonce):
    x = rounds(CONSTANTS + struct.unpack("<8I", key) + struct.unpack("<4I", nonce))
    return struct.pack("<8I", *x[:4], *x[12:])


# Poly1305 and the construction of both (RFC 8439, 2.5 and 2.8).


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at : at + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) % (1 << 128)).to_bytes(16, "little")


def tag(key, nonce, sealed, ad):
    parts = [p + bytes(-len(p) % 16) for p in (ad, sealed)]
    lengths = struct.pack("<QQ", len(ad), len(sealed))
    return poly1305(chacha20_block(key, 0, nonce)[:32], parts[0] + parts[1] + lengths)


def seal(key, nonce, plain, ad):
    if len(nonce) == 24:  # XChaCha20-Poly1305
        key, nonce = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    sealed = chacha20(key, 1, nonce, plain)
    return sealed + tag(key, nonce, sealed, ad)


def opened(key, nonce, sealed, ad):
    if len(nonce) == 24:
        key, nonce = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    if fast:
        return quick(fast.ChaCha20Poly1305, key, nonce, sealed, ad)
    if len(sealed) < 16 or not hmac.compare_digest(tag(key, nonce, sealed[:-16], ad), sealed[-16:]):
        raise Forged
    return chacha20(key, 1, nonce, sealed[:-16])


def quick(cipher, key, nonce, sealed, ad):
    try:
        return cipher(key).decrypt(nonce, sealed, ad)
    except Exception:
        raise Forged from None


# AES-256 (FIPS 197). The S-box is made, not copied: inverses in GF(2^8), turned.


def xtime(a):
    return (a << 1 ^ (0x11B if a & 0x80 else 0)) & 0xFF


def make_sbox():
    power, log, a = [], {}, 1
    for i in range(255):
        power.append(a)
        log[a] = i
        a ^= xtime(a)  # 3 generates the field
    box = []
    for b in range(256):
        b = power[-log[b] % 255] if b else 0
        turned = b
        for shift in range(1, 5):
            turned ^= (b << shift | b >> (8 - shift)) & 0xFF
        box.append(turned ^ 0x63)
    return bytes(box)


SBOX = make_sbox()


def aes_schedule(key):
    words, rcon = [key[i : i + 4] for i in range(0, 32, 4)], 1
    while len(words) < 60:
        w = words[-1]
        if len(words) % 8 == 0:
            w = bytes([SBOX[w[1]] ^ rcon, SBOX[w[2]], SBOX[w[3]], SBOX[w[0]]])
            rcon = xtime(rcon)
        elif len(words) % 8 == 4:
            w = bytes(SBOX[b] for b in w)
        words.append(bytes(a ^ b for a, b in zip(w, words[-8])))
    return [b"".join(words[i : i + 4]) for i in range(0, 60, 4)]


def aes_block(schedule, block):
    state = bytes(a ^ b for a, b in zip(block, schedule[0]))
    for n in range(1, 15):
        state = bytes(SBOX[state[(5 * i) % 16]] for i in range(16))  # bytes, and rows shifted
        if n < 14:
            mixed = bytearray()
            for c in range(0, 16, 4):
                col = state[c : c + 4]
                for i in range(4):
                    a, b = col[i], col[(i + 1) % 4]
                    mixed.append(xtime(a) ^ xtime(b) ^ b ^ col[(i + 2) % 4] ^ col[(i + 3) % 4])
            state = mixed
        state = bytes(a ^ b for a, b in zip(state, schedule[n]))
    return state


# GCM (NIST SP 800-38D, 6 and 7) with nonces of twelve bytes.


def ghash(h, data):
    y = 0
    for at in range(0, len(data), 16):
        y ^= int.from_bytes(data[at : at + 16], "big")
        z, v = 0, h
        for bit in range(127, -1, -1):
            if y >> bit & 1:
                z ^= v
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        y = z
    return y.to_bytes(16, "big")


def gcm_crypt(schedule, nonce, data):
    stream = b"".join(aes_block(schedule, nonce + struct.pack(">I", 2 + i)) for i in range((len(data) + 15) // 16))
    return bytes(a ^ b for a, b in zip(data, stream))


def gcm_tag(schedule, nonce, sealed, ad):
    h = int.from_bytes(aes_block(schedule, bytes(16)), "big")
    parts = [p + bytes(-len(p) % 16) for p in (ad, sealed)]
    s = ghash(h, parts[0] + parts[1] + struct.pack(">QQ", 8 * len(ad), 8 * len(sealed)))
    return bytes(a ^ b for a, b in zip(s, aes_block(schedule, nonce + b"\0\0\0\1")))


# X25519 (RFC 7748, 5).


def x25519(scalar, u):
    p = 2**255 - 19
    k = int.from_bytes(scalar, "little") & ~7 & (1 << 254) - 1 | 1 << 254
    x1 = int.from_bytes(u, "little") & (1 << 255) - 1
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in range(254, -1, -1):
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        x3, z3 = (da + cb) ** 2 % p, x1 * (da - cb) ** 2 % p
        x2, z2 = aa * bb % p, (aa - bb) * (aa + 121665 * (aa - bb)) % p
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, "little")


# The suites of section 4.


def seal_data(suite, tag_bytes, key, nonce, frames, ad):
    if suite == 1:
        return seal(key, nonce, frames, ad)
    if suite == 2:
        schedule = aes_schedule(key)
        sealed = gcm_crypt(schedule, nonce, frames)
        return sealed + gcm_tag(schedule, nonce, sealed, ad)
    return frames + hmac.digest(key, nonce + ad + frames, "sha256")[:tag_bytes]


def open_data(suite, tag_bytes, key, nonce, sealed, ad):
    if suite == 1:
        return opened(key, nonce, sealed, ad)
    if suite == 2 and fast:
        return quick(fast.AESGCM, key, nonce, sealed, ad)
    if len(sealed) < tag_bytes:
        raise Forged
    frames = sealed[:-tag_bytes]
    if suite == 2:
        frames = gcm_crypt(aes_schedule(key), nonce, frames)
    if not hmac.compare_digest(seal_data(suite, tag_bytes, key, nonce, frames, ad), sealed):
        raise Forged
    return frames


# HKDF-SHA256 (RFC 5869), as SPEC.md, section 4, uses it.


def extract(salt, ikm):
    return hmac.digest(salt, ikm, "sha256")


def expand(prk, info, size):
    out = block = b""
    while len(out) < size:
        block = hmac.digest(prk, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:size]

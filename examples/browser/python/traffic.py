"""The seal of DATA packets (SPEC.md, section 4)."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from wire import expand


class Traffic:
    """The keys of one direction (section 4): each epoch's come of the one before."""

    def __init__(self, secret):
        self.epoch, self.secret = 0, secret
        self.now, self.before = self.made(secret), None

    @staticmethod
    def made(secret):
        return ChaCha20Poly1305(expand(secret, b"key")), expand(secret, b"iv", 12)

    def next(self):
        secret = expand(self.secret, b"next")
        return secret, self.made(secret)

    @staticmethod
    def nonce(iv, number):
        return bytes(a ^ b for a, b in zip(iv, bytes(4) + number.to_bytes(8, "big")))

    def seal(self, number, frames, head):
        cipher, iv = self.now
        return cipher.encrypt(self.nonce(iv, number), frames, head)

    def open(self, number, sealed, head):
        """A flipped bit e is the next epoch, or what was late of the one before."""
        if head[0] >> 2 & 1 == self.epoch & 1:
            return self.now[0].decrypt(self.nonce(self.now[1], number), sealed, head)
        secret, keys = self.next()
        for is_next, key in ((False, self.before), (True, keys)):
            try:
                frames = key and key[0].decrypt(self.nonce(key[1], number), sealed, head)
            except InvalidTag:
                continue
            if frames is not None:
                if is_next:
                    self.epoch, self.secret, self.before, self.now = self.epoch + 1, secret, self.now, keys
                return frames
        raise InvalidTag

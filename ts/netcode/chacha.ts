import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { Aead } from "./suite.js";

/** What opens, if it is authentic. */
function opened(open: () => Uint8Array): Uint8Array | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

/** Seals with ChaCha20-Poly1305 (RFC 8439), what the standard's packets and suite 1 have. */
export class ChaCha implements Aead {
  constructor(private readonly key: Uint8Array) {}

  seal(nonce: Uint8Array, packet: Uint8Array, header: number, end: number): void {
    const aead = chacha20poly1305(this.key, nonce, packet.subarray(0, header));
    aead.encrypt(packet.subarray(header, end), packet.subarray(header, end + 16));
  }

  open(nonce: Uint8Array, packet: Uint8Array, header: number): Uint8Array | undefined {
    return openChaCha(this.key, nonce, packet.subarray(0, header), packet.subarray(header));
  }
}

/** Opens in place what ChaCha20-Poly1305 has sealed. */
export function openChaCha(
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const plain = sealed.subarray(0, -16);
  return opened(() => chacha20poly1305(key, nonce, data).decrypt(sealed, plain));
}

/** Seals with XChaCha20-Poly1305, as the packets of our handshake are (SPEC.md, 3.1). */
export function sealX(
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  return xchacha20poly1305(key, nonce, data).encrypt(plain);
}

/** Opens what sealX has sealed. */
export function openX(
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  return opened(() => xchacha20poly1305(key, nonce, data).decrypt(sealed));
}

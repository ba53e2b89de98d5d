import { same } from "./bytes.js";
import { hmac } from "./sha256.js";
import type { Aead } from "./pad.js";

/** Signed only: the frames are in the clear. The nonce is the number as it is, for its iv is zeros. */
class Signed implements Aead {
  constructor(
    private readonly key: Uint8Array,
    private readonly tagBytes: number,
  ) {}

  private tag(nonce: Uint8Array, packet: Uint8Array): Uint8Array {
    return hmac(this.key, nonce, packet).subarray(0, this.tagBytes);
  }

  seal(nonce: Uint8Array, packet: Uint8Array, _: number, end: number): void {
    packet.set(this.tag(nonce, packet.subarray(0, end)), end);
  }

  open(nonce: Uint8Array, packet: Uint8Array, header: number): Uint8Array | undefined {
    const end = packet.length - this.tagBytes;
    const right = same(this.tag(nonce, packet.subarray(0, end)), packet.subarray(end));
    return right ? packet.subarray(header, end) : undefined;
  }
}

/** Signs with HMAC-SHA256, which few tokens ask for: it is loaded for those. */
export const signed = (key: Uint8Array, tagBytes: number): Aead => new Signed(key, tagBytes);

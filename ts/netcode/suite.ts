import { ChaCha } from "./chacha.js";
import { same } from "./bytes.js";
import { hmac } from "./sha256.js";
import type { Pad } from "./pad.js";

/** An Aead seals DATA packets with one key (SPEC.md, 4). The packet begins with its header. */
export interface Aead {
  /** Seals packet from header to end in place, and writes the tag behind end. */
  seal(nonce: Uint8Array, packet: Uint8Array, header: number, end: number): void;
  /** Returns the frames of a packet, opened in place; undefined if it is not authentic. */
  open(nonce: Uint8Array, packet: Uint8Array, header: number): Uint8Array | undefined;
}

/** An Exchange is X25519 (RFC 7748). */
export interface Exchange {
  publicOf(secret: Uint8Array): Uint8Array;
  /** What two come to; undefined if that is zeros only. */
  agree(secret: Uint8Array, other: Uint8Array): Uint8Array | undefined;
}

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

let aes: ((key: Uint8Array) => Aead) | undefined;
let exchange: Exchange | undefined;

/** Loads what few tokens ask for: AES-256-GCM, X25519. */
export async function loadProtection(pad: Pad): Promise<void> {
  if (pad.suite === 2) aes ??= (await import("./aes.js")).aes;
  if (pad.forwardSecrecy) exchange ??= (await import("./x25519.js")).x25519;
}

/** Whether loadProtection has nothing left to load. */
export function hasProtection(pad: Pad): boolean {
  return (pad.suite !== 2 || aes !== undefined) && (!pad.forwardSecrecy || exchange !== undefined);
}

/** What seals under a key. */
export function aeadOf(pad: Pad, key: Uint8Array): Aead {
  if (pad.suite === 3) return new Signed(key, pad.tagBytes);
  return pad.suite === 2 ? aes!(key) : new ChaCha(key);
}

/** The exchange of a pad that asks for one. */
export function exchangeOf(pad: Pad): Exchange | undefined {
  return pad.forwardSecrecy ? exchange! : undefined;
}

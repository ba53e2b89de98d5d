import { ChaCha } from "./chacha.js";
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

let aes: typeof import("./aes.js") | undefined;
let signed: typeof import("./signed.js") | undefined;
let x25519: typeof import("./x25519.js") | undefined;

/** Loads what few tokens ask for: AES-256-GCM, packets that are only signed, X25519. */
export async function loadProtection({ suite, forwardSecrecy }: Pad): Promise<void> {
  if (suite === 2) aes ??= await import("./aes.js");
  if (suite === 3) signed ??= await import("./signed.js");
  if (forwardSecrecy) x25519 ??= await import("./x25519.js");
}

/** Whether loadProtection has nothing left to load. */
export const hasProtection = ({ suite, forwardSecrecy }: Pad): boolean =>
  (suite === 1 || (suite === 2 ? aes : signed) !== undefined) && (!forwardSecrecy || !!x25519);

/** What seals under a key. */
export function aeadOf({ suite, tagBytes }: Pad, key: Uint8Array): Aead {
  if (suite === 1) return new ChaCha(key);
  return suite === 2 ? aes!.aes(key) : new signed!.Signed(key, tagBytes);
}

/** The exchange of a pad that asks for one. */
export const exchangeOf = (pad: Pad): Exchange | undefined =>
  pad.forwardSecrecy ? x25519!.x25519 : undefined;

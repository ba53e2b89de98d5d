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

/** What seals under a key, by suite. */
const aeads: (((key: Uint8Array, tagBytes: number) => Aead) | undefined)[] = [];
let exchange: Exchange | undefined;

/** Loads what few tokens ask for: AES-256-GCM, packets that are only signed, X25519. */
export async function loadProtection({ suite, forwardSecrecy }: Pad): Promise<void> {
  if (suite === 2) aeads[2] ??= (await import("./aes.js")).aes;
  if (suite === 3) aeads[3] ??= (await import("./signed.js")).signed;
  if (forwardSecrecy) exchange ??= (await import("./x25519.js")).x25519;
}

/** Whether loadProtection has nothing left to load. */
export const hasProtection = ({ suite, forwardSecrecy }: Pad): boolean =>
  (suite === 1 || aeads[suite] !== undefined) && (!forwardSecrecy || exchange !== undefined);

/** What seals under a key. */
export const aeadOf = ({ suite, tagBytes }: Pad, key: Uint8Array): Aead =>
  suite === 1 ? new ChaCha(key) : aeads[suite]!(key, tagBytes);

/** The exchange of a pad that asks for one. */
export const exchangeOf = (pad: Pad): Exchange | undefined =>
  pad.forwardSecrecy ? exchange : undefined;

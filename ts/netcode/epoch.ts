import { derive } from "./keys.js";
import type { Aead, Pad } from "./pad.js";

const nonce = new Uint8Array(12);

/** An Epoch is the keys of one direction for a while (SPEC.md, 4). */
export class Epoch {
  readonly aead: Aead;
  private readonly iv: Uint8Array;

  constructor(
    readonly pad: Pad,
    private readonly secret: Uint8Array,
  ) {
    this.aead = pad.aead(derive(secret, "key"), pad.tagBytes);
    this.iv = new Uint8Array(12); // suite 3 signs the number as it is
    if (pad.suite < 3) this.iv.set(derive(secret, "iv").subarray(0, 12));
  }

  next(): Epoch {
    return new Epoch(this.pad, derive(this.secret, "next"));
  }

  /** What a packet has as its nonce. The next call has the same memory. */
  nonce(path: number, number: number): Uint8Array {
    nonce.set(this.iv);
    nonce[3]! ^= path;
    let high = Math.floor(number / 2 ** 32);
    for (let i = 7; i >= 4; i--, high >>>= 8) nonce[i]! ^= high;
    for (let i = 11, low = number >>> 0; i >= 8; i--, low >>>= 8) nonce[i]! ^= low;
    return nonce;
  }
}

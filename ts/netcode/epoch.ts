import { ivOf, keyOf, nextOf } from "./keys.js";
import type { Pad } from "./pad.js";
import { aeadOf, type Aead } from "./suite.js";

const nonce = new Uint8Array(12);

/** An Epoch is the keys of one direction for a while (SPEC.md, 4). */
export class Epoch {
  readonly aead: Aead;
  private readonly iv: Uint8Array;

  constructor(
    readonly pad: Pad,
    private readonly secret: Uint8Array,
  ) {
    this.aead = aeadOf(pad, keyOf(secret));
    this.iv = pad.suite === 3 ? new Uint8Array(12) : ivOf(secret); // suite 3 signs the number as it is
  }

  next(): Epoch {
    return new Epoch(this.pad, nextOf(this.secret));
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

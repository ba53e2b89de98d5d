import { Epoch } from "./epoch.js";
import type { Pad } from "./pad.js";

/** How many packets are sealed under one key. */
export const maxPackets = 2 ** 22;
const tails = 16;

/** A Sealer makes the DATA packets of a connection (SPEC.md, 1 and 4). */
export class Sealer {
  epoch: Epoch;
  /** How many came before it. */
  epochs = 0;
  /** When its first packet was sealed. */
  begunAt = 0;
  /** How many packets are left to its keys; none: they are to be changed, see {@link changeKeys}. */
  left = maxPackets;
  /** There was a second path. */
  several = false;
  /** The number of its first packet, by path. */
  first: number[] = [];
  private readonly packet: Uint8Array;
  /** The ends of the newest packets, eight bytes of each, which a GONE shows one of. */
  readonly tails = new Uint8Array(8 * tails);
  /** How many packets were sealed. */
  sent = 0;

  /** @param id the connection id */
  constructor(
    private readonly pad: Pad,
    secret: Uint8Array,
    readonly id: Uint8Array,
    maxDatagram = 1500,
  ) {
    this.epoch = new Epoch(pad, secret);
    this.packet = new Uint8Array(maxDatagram + pad.tagBytes);
  }

  /** Seals frames. What it returns is valid until the next call. */
  seal(
    now: number,
    path: number,
    number: number,
    numberBytes: number,
    frames: Uint8Array,
  ): Uint8Array {
    if (this.first.length === 0) this.begunAt = now;
    this.left--;
    if (path > 0) this.several = true;
    this.first[path] ??= number;
    const p = this.packet;
    p[0] = 8 | ((this.epochs & 1) << 2) | (numberBytes - 1);
    p.set(this.id, 1);
    let header = this.id.length;
    p[header++]! |= path; // in the last byte of the id
    for (let i = 0, v = number; i < numberBytes; i++, v /= 256) p[header++] = v % 256;
    p.set(frames, header);
    const end = header + frames.length;
    this.epoch.aead.seal(this.epoch.nonce(path, number), p, header, end);
    const length = end + this.pad.tagBytes;
    this.tails.set(p.subarray(length - 8, length), 8 * (this.sent++ % tails));
    return p.subarray(0, length);
  }
}

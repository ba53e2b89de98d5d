import { Epoch } from "./epoch.js";
import type { Pad } from "./pad.js";

const maxPackets = 2 ** 22; // under one key
const leastOfSeveral = 7_000_000; // an epoch where there was a second path
const tails = 16;

/** A Sealer makes the DATA packets of a connection (SPEC.md, 1 and 4). */
export class Sealer {
  private epoch: Epoch;
  private epochs = 0;
  private begunAt = 0;
  private sealed = 0; // in this epoch
  private wanted = false;
  private several = false; // there was a second path
  private readonly first: number[] = []; // number of the first packet of this epoch, by path
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

  /** How many bytes stand around the frames of a packet. */
  overhead(numberBytes: number): number {
    return 1 + this.id.length + numberBytes + this.pad.tagBytes;
  }

  /** Seals frames. What it returns is valid until the next call. */
  seal(
    now: number,
    path: number,
    number: number,
    numberBytes: number,
    frames: Uint8Array,
  ): Uint8Array {
    if (this.sealed++ === 0) this.begunAt = now;
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

  /** Has the keys changed as soon as that is possible. */
  wantNewKeys(): void {
    this.wanted = true;
  }

  /** Whether keys should change: ask before each packet, and call {@link changeKeys}. */
  get keyChangeDue(): boolean {
    return this.wanted || this.sealed >= maxPackets;
  }

  /**
   * Begins the next epoch, unless it is too early for the peer.
   *
   * @param acked the largest number of a path that was acknowledged; any path will do
   * @param probeTimeout the longest of all paths, in microseconds
   * @returns whether the keys changed
   */
  changeKeys(now: number, path: number, acked: number, probeTimeout: number): boolean {
    const least = Math.max(3 * probeTimeout, this.several ? leastOfSeveral : 0);
    const first = this.first[path];
    if (first === undefined || acked < first) return false;
    if (this.epochs > 0 && now - this.begunAt < least) return false;
    this.epoch = this.epoch.next();
    this.epochs++;
    this.sealed = this.first.length = 0;
    this.wanted = false;
    return true;
  }
}

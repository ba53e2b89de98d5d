const tails = 16;

/** A Log notes of what a Sealer seals what it takes to change its keys, and to believe a GONE. */
export class Log {
  /** How many epochs came before this one. */
  epochs = 0;
  /** When its first packet was sealed. */
  begunAt = 0;
  /** There was a second path. */
  several = false;
  /** The number of its first packet that was noted, by path. */
  first: number[] = [];
  /** The ends of the newest packets, eight bytes of each, which a GONE shows one of. */
  readonly tails = new Uint8Array(8 * tails);
  /** How many packets were sealed. */
  sent = 0;

  /** A packet was sealed. */
  sealed(now: number, path: number, number: number, packet: Uint8Array): void {
    if (this.first.length === 0) this.begunAt = now;
    if (path > 0) this.several = true;
    this.first[path] ??= number;
    this.tails.set(packet.subarray(-8), 8 * (this.sent++ % tails));
  }
}

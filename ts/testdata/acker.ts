import { type AckFrame } from "../endpoint/path.js";

/** An Acker acknowledges what came on a path, as SPEC.md, 7.4 has it, but never forgets a range. */
export class Acker {
  /** When the next ACK is due. */
  at = Infinity;
  private ranges: { newest: number; oldest: number }[] = []; // descending
  private waiting = 0;
  private largestAt = 0;

  constructor(private hold = 20_000) {}

  get largest(): number {
    return this.ranges[0]?.newest ?? -1;
  }

  /** Notes a packet that came; false: it had come before. */
  came(now: number, number: number, eliciting: boolean): boolean {
    const { largest } = this;
    if (number > largest) this.largestAt = now;
    if (largest >= 0 && number === largest + 1) this.ranges[0]!.newest = number;
    else if (!this.put(number)) return false;
    if (!eliciting) return true;
    const now2 = ++this.waiting >= 2 || number !== largest + 1;
    this.at = now2 ? now : Math.min(this.at, now + this.hold);
    return true;
  }

  /** Puts a number between the ranges; false: it is in one of them. */
  private put(number: number): boolean {
    const { ranges } = this;
    let i = 0;
    while (i < ranges.length && ranges[i]!.oldest > number) i++;
    if (i < ranges.length && ranges[i]!.newest >= number) return false;
    ranges.splice(i, 0, { newest: number, oldest: number });
    for (i = Math.min(i + 1, ranges.length - 1); i > 0; i--) {
      if (ranges[i - 1]!.oldest !== ranges[i]!.newest + 1) continue;
      ranges[i - 1]!.oldest = ranges[i]!.oldest;
      ranges.splice(i, 1);
    }
    return true;
  }

  /** The ACK of all that came, wide if the peer may take its number for another. */
  ack(now: number, known = 0): AckFrame {
    const { largest } = this;
    const n = Math.min(this.ranges.length, 32);
    const ranges = new Array<number>(2 * n);
    for (let i = 0; i < n; i++) {
      const { newest, oldest } = this.ranges[i]!;
      ranges[2 * i] = largest - newest;
      ranges[2 * i + 1] = largest - oldest;
    }
    const wide = largest - known >= 1 << 14;
    this.waiting = 0;
    this.at = Infinity;
    return {
      largest: largest % (wide ? 2 ** 32 : 2 ** 16),
      wide,
      hold: now - this.largestAt,
      ranges,
      n,
    };
  }
}

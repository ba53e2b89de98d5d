import { become } from "./become.js";
import { Partial } from "./partial.js";
import { addRange, type Ranges } from "./ranges.js";
import { gap, gapEnd, touches } from "./ranges_full.js";

/** A FullPartial has ranges of a message: whatever range comes, the first copy of a byte counts. */
export class FullPartial extends Partial {
  /** What it takes of a budget. */
  held = 0;
  private have: Ranges = [];

  /** Goes on with what has come. */
  static of(p: Partial): FullPartial {
    return become(p, FullPartial, { held: 0, have: p.got > 0 ? [0, p.got] : [] });
  }


  /** Whether one more range would be more than whoever cuts messages for packets makes. */
  scattered(offset: number, length: number): boolean {
    const { have } = this;
    if (have.length < 128 + this.known / 256 || touches(have, offset, offset + length)) return false;
    return offset > gap(have, 0, offset + length);
  }

  /** Takes the bytes that are new. */
  override add(offset: number, from: Uint8Array, start: number, length: number): void {
    this.grow();
    const end = offset + length;
    for (let at = gap(this.have, offset, end); at < end; at = gap(this.have, at, end)) {
      const to = gapEnd;
      for (let i = at; i < to; i++) this.bytes[i] = from[start + i - offset]!;
      this.got += to - at;
      addRange(this.have, at, to);
    }
  }
}

import { Ack, appendAck, clockUnit, maxAckRanges, type Writer } from "../wire/first.js";
import { never } from "./constants.js";
import { type Ranges } from "./ranges.js";

const clockInterval = 100_000;
const wideFrom = 1 << 14;

export const out = new Ack();

/**
 * Acks are what came on a path, and what there is to acknowledge: SPEC.md, 7.4. Those here are for packets that
 * keep their order; {@link FullAcks} know what came late, and how long an ack may wait.
 */
export class Acks {
  /** The largest number that came, -1 if none did. */
  largest = -1;
  /** Packets that elicit an ack and were not acknowledged yet. */
  waiting = 0;
  /** When an ack goes at the latest. */
  at = never;

  protected ranges: Ranges = [];
  private largestAt = 0;
  private clockAt = -never;
  private withClock = false;
  private known = 0; // the largest of every ACK that is known to have arrived

  /** Notes a packet that was taken. */
  arrived(now: number, number: number, eliciting: boolean, hold: number): void {
    const { largest } = this;
    this.add(number, eliciting);
    if (number > largest) {
      this.largest = number;
      this.largestAt = now;
    }
    if (!eliciting) return;
    const soon = ++this.waiting >= 2 || number !== largest + 1;
    this.at = soon ? now : Math.min(this.at, now + this.patience(now, hold));
  }

  /** Adds a number to what came. */
  protected add(number: number, _eliciting: boolean): void {
    const { ranges } = this;
    const last = ranges.length - 1;
    if (ranges[last] === number) ranges[last] = number + 1;
    else if (number > this.largest) ranges.push(number, number + 1);
  }

  /** How long an ack may wait. */
  protected patience(_now: number, hold: number): number {
    return hold;
  }

  /** Appends an ACK of what came, of no more ranges than these; {@link Writer.fits} says whether there was room. */
  write(w: Writer, now: number, most = maxAckRanges): void {
    this.withClock = this.waiting >= 2 || now - this.clockAt >= clockInterval;
    this.setRanges(this.ranges, most);
    out.hold = now - this.largestAt;
    out.clock = this.withClock ? Math.floor(this.largestAt / clockUnit) % 2 ** 24 : -1;
    appendAck(w, out);
  }

  /** Sets the ACK to the highest of some ranges. */
  protected setRanges(ranges: Ranges, most: number): void {
    out.n = 0;
    const end = ranges.length;
    out.largest = ranges[end - 1]! - 1;
    out.wide = out.largest - this.known >= wideFrom;
    for (let i = end - 2; i >= 0 && out.n < most; i -= 2) {
      out.add(out.largest - ranges[i + 1]! + 1, out.largest - ranges[i]!);
    }
  }

  /** Notes that the ACK of {@link write} goes. */
  sent(now: number, _hold: number): void {
    this.waiting = 0;
    this.at = never;
    if (this.withClock) this.clockAt = now;
  }

  /** An ACK of numbers up to one has arrived: what lies below is forgotten, unless it came since. */
  acked(largest: number, _stamp: number): void {
    this.known = Math.max(this.known, largest);
    const { ranges } = this;
    while (ranges[1]! <= largest) ranges.splice(0, 2);
    if (ranges[0]! < largest) ranges[0] = largest;
  }
}

import { Ack, appendAck, clockUnit, maxAckRanges, type Writer } from "../wire/index.js";
import { never } from "./constants.js";
import { Ranges } from "./ranges.js";
import { Window } from "./window.js";

const maxRanges = 256;
const maxLate = 256;
const clockInterval = 100_000;
const wideFrom = 1 << 14;

const out = new Ack();

/** Acks are what came on a path, and what there is to acknowledge: SPEC.md, 7.4. */
export class Acks {
  /** The largest number that came, -1 if none did, and when. */
  largest = -1;
  /** Packets that elicit an ack and were not acknowledged yet. */
  waiting = 0;
  /** When an ack goes at the latest. */
  at = never;
  /** Packets of ACK alone that were sent in a row; and whether more than PING and ACK came since the last PING for that. */
  alone = 0;
  heardMore = false;

  private seen = new Window();
  private ranges = new Ranges();
  private largestAt = 0;
  private clockAt = -never;
  private known = 0; // the largest of every ACK that is known to have arrived
  private late: number[] = []; // numbers that came behind a larger one, and the stamp of each
  private lateStamps: number[] = [];
  private stamp = 0;
  private lateSaid = 0; // how many of these have stood in an ACK
  private talkedAt = -never; // when packets with messages go, and how far they are apart
  private talkEvery = never;
  private withClock = false;
  private promptUntil = 0; // acks alone are spent up to then

  /** Whether a number did not come yet, as far as is known. */
  fresh(number: number): boolean {
    return this.seen.fresh(number);
  }

  /** Notes a number as seen, be it that its packet could not be taken. */
  note(number: number): void {
    this.seen.mark(number);
  }

  /** Notes a packet that was taken. Prompt: it holds something of a reliable delivery. */
  arrived(now: number, number: number, eliciting: boolean, prompt: boolean, hold: number): void {
    const inOrder = number === this.largest + 1 || this.largest < 0;
    if (number > this.largest) {
      this.largest = number;
      this.largestAt = now;
    } else if (eliciting) {
      this.cameLate(number);
    }
    this.ranges.add(number, number + 1);
    if (this.ranges.length > maxRanges) this.ranges.at.splice(0, 2);
    if (!eliciting) return;
    this.waiting++;
    const wait = prompt ? this.promptly(now, hold) : hold;
    this.at = this.waiting >= 2 || !inOrder ? now : Math.min(this.at, now + wait);
  }

  private cameLate(number: number): void {
    if (this.late.length >= maxLate) this.forgetLate();
    this.late.push(number);
    this.lateStamps.push(++this.stamp);
  }

  private forgetLate(): void {
    this.late.shift();
    this.lateStamps.shift();
    this.lateSaid = Math.max(this.lateSaid - 1, 0);
  }

  /**
   * How long the ack of something reliable may wait: for the next packet with messages, if one is
   * expected within the hold. Else it goes at once, but no more than two alone in a hold, and two beside.
   */
  private promptly(now: number, hold: number): number {
    let next = this.talkedAt + this.talkEvery * (65 / 64);
    if (!(next <= now + hold)) next = now;
    return Math.min(Math.max(next, this.promptUntil - hold, now) - now, hold);
  }

  /** Notes that a packet with messages goes. */
  talked(now: number, hold: number): void {
    const every = Math.min(now - this.talkedAt, 2 * hold);
    this.talkedAt = now;
    if (every > this.talkEvery || this.talkEvery === never) this.talkEvery = every;
    else this.talkEvery -= (this.talkEvery - every) / 16;
  }

  /** Has an ack sent at once. */
  atOnce(now: number): void {
    this.at = now;
  }

  /** Appends an ACK of what came, as far as there is room, and one of what came late and lies below. */
  write(w: Writer, now: number): boolean {
    const ranges = this.ranges.at;
    const measured = this.newest === this.largest;
    this.withClock = measured && (this.waiting >= 2 || now - this.clockAt >= clockInterval);
    const start = w.at;
    let n = Math.min(this.ranges.length, maxAckRanges);
    for (; n > 0; n >>= 1) {
      w.at = start;
      this.setRanges(ranges, ranges.length - 2 * n);
      out.hold = measured ? now - this.largestAt : 0;
      out.clock = this.withClock ? Math.floor(this.largestAt / clockUnit) % 2 ** 24 : -1;
      appendAck(w, out);
      if (w.fits) break;
    }
    if (n === 0) {
      w.at = start;
      return false;
    }
    const below = ranges.length - 2 * n;
    if (below > 0 && this.lateSaid < this.late.length) this.writeLate(w, below);
    return true;
  }

  /** Sets the ACK to the pairs of ranges from a place on. */
  private setRanges(ranges: readonly number[], from: number): void {
    out.n = 0;
    const end = ranges.length;
    out.largest = ranges[end - 1]! - 1;
    out.wide = out.largest - this.known >= wideFrom;
    for (let i = end - 2; i >= from; i -= 2) {
      out.add(out.largest - ranges[i + 1]! + 1, out.largest - ranges[i]!);
    }
  }

  /** No later ACK will name what came late and lies below a place: the peer hears of it now. */
  private writeLate(w: Writer, below: number): void {
    const ranges = this.ranges.at;
    const named: number[] = [];
    for (let i = 0; i < below; i += 2) {
      const has = (n: number) => ranges[i]! <= n && n < ranges[i + 1]!;
      if (this.late.slice(this.lateSaid).some(has)) named.push(ranges[i]!, ranges[i + 1]!);
    }
    if (named.length === 0) return;
    this.setRanges(named, Math.max(named.length - 2 * maxAckRanges, 0));
    out.hold = 0;
    out.clock = -1;
    const start = w.at;
    appendAck(w, out);
    if (!w.fits) w.at = start;
  }

  /** Notes that the ACK of {@link write} goes, alone or not. */
  sent(now: number, hold: number): void {
    this.waiting = 0;
    this.at = never;
    this.lateSaid = this.late.length;
    this.promptUntil = Math.max(this.promptUntil, now) + hold / 2;
    if (this.withClock) this.clockAt = now;
  }

  /** What an ACK that is sent now says: the largest number, and which of the late ones. */
  get newest(): number {
    const { at } = this.ranges;
    return at.length > 0 ? at[at.length - 1]! - 1 : -1;
  }

  get lateStamp(): number {
    return this.stamp;
  }

  /** Such an ACK has arrived: what lies below is forgotten, unless it came since. */
  acked(largest: number, stamp: number): void {
    this.known = Math.max(this.known, largest);
    this.ranges.remove(0, largest);
    while (this.late.length > 0 && this.lateStamps[0]! <= stamp) this.forgetLate();
    for (const n of this.late) if (n < largest) this.ranges.add(n, n + 1);
  }
}

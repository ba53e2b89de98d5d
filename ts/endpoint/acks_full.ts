import { appendAck, maxAckRanges, type Writer } from "../wire/index.js";
import { Window } from "../wire/window.js";
import { become } from "./become.js";
import { Acks, out } from "./acks.js";
import { never } from "./constants.js";
import { addRange, type Ranges } from "./ranges.js";

const maxLate = 256;
const maxRanges = 256;

/** FullAcks know besides what came late, and do not have the peer wait for what is reliable. */
export class FullAcks extends Acks {
  /** Packets of ACK alone that were sent in a row; and whether more than PING and ACK came since the last PING for that. */
  alone!: number;
  heardMore!: boolean;
  /** The packet that came last holds something of a reliable delivery. */
  prompt!: boolean;
  private seen!: Window;
  private late!: number[]; // numbers that came behind a larger one, and the stamp of each
  private lateStamps!: number[];
  private lateSaid!: number; // how many of these have stood in an ACK
  private stamps!: number;
  private talkedAt!: number; // when packets with messages go, and how far they are apart
  private talkEvery!: number;
  private promptUntil!: number; // acks alone are spent up to then

  /** Has acks know all that. */
  static of(acks: Acks): FullAcks {
    const all = become(acks, FullAcks, {
      prompt: false,
      seen: new Window(),
      alone: 0,
      heardMore: false,
      late: [],
      lateStamps: [],
      lateSaid: 0,
      stamps: 0,
      talkedAt: -never,
      talkEvery: never,
      promptUntil: 0,
    });
    // what came before counts as if all of it had
    for (let n = all.largest; n >= 0 && all.seen.fresh(n); n--) all.seen.mark(n);
    return all;
  }

  /** Whether a number did not come yet, as far as is known. */
  fresh(number: number): boolean {
    return this.seen.fresh(number);
  }

  /** Notes a number as seen, be it that its packet could not be taken. */
  note(number: number): void {
    this.seen.mark(number);
  }

  protected override add(number: number, eliciting: boolean): void {
    const { ranges } = this;
    addRange(ranges, number, number + 1);
    if (ranges.length > 2 * maxRanges) ranges.splice(0, 2);
    if (number > this.largest || !eliciting) return;
    if (this.late.length >= maxLate) this.forgetLate();
    this.late.push(number);
    this.lateStamps.push(++this.stamps);
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
  protected override patience(now: number, hold: number): number {
    if (!this.prompt) return hold;
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

  /** Appends as many ranges as there is room for, and an ACK of what came late and lies below. */
  override write(w: Writer, now: number): void {
    const start = w.at;
    const ranges = this.ranges.length / 2;
    let n = Math.min(ranges, maxAckRanges);
    for (; n > 0; n >>= 1) {
      w.at = start;
      super.write(w, now, n);
      if (w.fits) break;
    }
    const below = 2 * (ranges - n);
    if (n > 0 && below > 0 && this.lateSaid < this.late.length) this.writeLate(w, below);
  }

  /** No later ACK will name what came late and lies below a place: the peer hears of it now. */
  private writeLate(w: Writer, below: number): void {
    const { ranges } = this;
    const named: Ranges = [];
    for (let i = 0; i < below; i += 2) {
      const has = (n: number) => ranges[i]! <= n && n < ranges[i + 1]!;
      if (this.late.slice(this.lateSaid).some(has)) named.push(ranges[i]!, ranges[i + 1]!);
    }
    if (named.length === 0) return;
    this.setRanges(named, maxAckRanges);
    out.hold = 0;
    out.clock = -1;
    const start = w.at;
    appendAck(w, out);
    if (!w.fits) w.at = start;
  }

  override sent(now: number, hold: number): void {
    super.sent(now, hold);
    this.lateSaid = this.late.length;
    this.promptUntil = Math.max(this.promptUntil, now) + hold / 2;
  }

  /** Which of the late ones such an ACK says. */
  get stamp(): number {
    return this.stamps;
  }

  override acked(largest: number, stamp: number): void {
    super.acked(largest, stamp);
    while (this.late.length > 0 && this.lateStamps[0]! <= stamp) this.forgetLate();
    for (const n of this.late) if (n < largest) addRange(this.ranges, n, n + 1);
  }
}

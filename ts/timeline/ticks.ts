import { type Clock } from "./clock.js";
import { check } from "./error.js";
import { Slew } from "./slew.js";

const second = 1_000_000;

/** A TicksConfig configures a {@link Ticks}. Times are in microseconds. */
export interface TicksConfig {
  /** Of the server; 60 if it is left out. */
  ticksPerSecond?: number;
  /** By how much time may run faster or slower to make good an error, as a fraction; a twentieth. */
  slew?: number;
  /** The error that is jumped over, since to slew it away would take too long; 250 000. */
  jump?: number;
}

/**
 * Ticks says which tick the peer is in, or will be in when what is sent now arrives. It follows a clock
 * by running a little faster or slower, so no tick is left out and none comes twice, but for a jump.
 */
export class Ticks {
  /** After {@link advance}: the tick that runs, and how much of it is over, 0 to below 1. */
  tick = 0;
  over = 0;
  private rate: number;
  private slew: Slew;
  private anchorAt = 0; // when the anchored tick began, by the peer's clock
  private anchored = 0;
  private done = 0; // ticks that due told of, from the anchored one on
  private counting = false; // since then there was neither an anchor nor
  private told = 0; // another jump

  /** Without a clock the peer's is the own one. */
  constructor(
    readonly clock?: Clock,
    config: TicksConfig = {},
  ) {
    const { ticksPerSecond: rate = 60, slew, jump } = config;
    const right = Number.isInteger(rate) && rate >= 1 && rate <= 100_000;
    check(right, "ticksPerSecond", rate, "1 to 100000; 60 if it is left out");
    this.rate = rate;
    this.slew = new Slew(slew, jump);
  }

  /** Says when a tick began by the peer's clock; the server tells it once. Another one than before is a jump. */
  anchor(tick: number, at: number): void {
    if (tick === this.anchored && at === this.anchorAt) return;
    this.anchored = tick;
    this.anchorAt = at;
    this.counting = false;
  }

  /**
   * Moves to now, of the own clock, and sets {@link tick} and {@link over}. Ahead is by how much the ticks
   * shall be ahead of the peer's. Before the anchored tick, and before the clock is synced, it is that one, at 0.
   */
  advance(now: number, ahead = 0): number {
    this.tick = this.anchored;
    this.over = 0;
    if (this.clock?.synced === false) return this.tick;
    const at = this.slew.advance(now, (this.clock?.at(now) ?? now) + ahead);
    const n = this.count(at);
    this.tick = this.anchored + n;
    this.over = Math.min(
      Math.max((this.sinceAnchor(at) * this.rate) / second - n, 0),
      1 - 2 ** -52,
    );
    return this.tick;
  }

  private sinceAnchor(at: number): number {
    return Math.max(at - this.anchorAt, 0);
  }

  /** How many ticks have begun after the anchored one. */
  private count(at: number): number {
    return Math.floor((this.sinceAnchor(at) * this.rate) / second);
  }

  /** How long ago a tick began, by the ticks' own time. */
  since(tick: number): number {
    return this.slew.at - (this.anchorAt + ((tick - this.anchored) * second) / this.rate);
  }

  /**
   * How many ticks have begun since the last call: what a game steps after {@link advance}. At first, after an
   * anchor and after a jump it is one, and none before the clock is synced. A jump back is told by a tick
   * that is lower than the last one.
   */
  due(): number {
    if (!this.slew.running) return 0;
    const n = this.count(this.slew.at);
    const due = this.counting && this.told === this.slew.jumps ? n - this.done : 1;
    this.done = n;
    this.counting = true;
    this.told = this.slew.jumps;
    return due;
  }

  /** How often time jumped since the error was too large to be slewed away. */
  get jumps(): number {
    return this.slew.jumps;
  }
}

import { type Clock } from "./clock.js";
import { check } from "./error.js";
import { Reserve } from "./reserve.js";
import { Slew } from "./slew.js";

/** A BufferConfig configures a {@link Buffer}. Times are in microseconds. */
export interface BufferConfig {
  /** The share of values that may come too late to be shown: the less, the longer all others wait; 0.01. */
  late?: number;
  /** Bounds of how long values are held back; 0 and 500 000. */
  minDelay?: number;
  maxDelay?: number;
  /** How many values wait at most, 2 to 65536; the oldest goes; 64. */
  entries?: number;
  /** How long the network must have been calmer before values are held back for less; 5 000 000. */
  calm?: number;
  /** Those of a TicksConfig. */
  slew?: number;
  jump?: number;
}

/** A View is the moment that is to be shown: between two values. It is good until the next show. */
export interface View<T> {
  /** The moment, by the peer's clock. */
  at: number;
  from: T;
  to: T;
  /** Of the way from from to to, 0 to 1. */
  fraction: number;
  /** There is no later value than from yet; to is the same, and the game may guess. */
  starved: boolean;
}

/** BufferStats counts what became of values. */
export interface BufferStats {
  /** Values that were in time. */
  taken: number;
  /** Came before the clock knew the time. */
  unsynced: number;
  /** Came when their time was over. */
  late: number;
  /** Had the time of one that is there. */
  repeated: number;
  /** Out by newer ones: nobody asked for so long. */
  pushed: number;
  /** Calls of show that had no later value. */
  starved: number;
}

/**
 * A Buffer evens out jitter: it holds values back so that of the peer's snapshots, which come now early and now
 * late, there is always a next one when it is needed. How long follows what came: longer as soon as too
 * many are late, shorter only when that has been possible for a while.
 *
 * It is for one thing that moves, or for snapshots of all that moves, whichever has a value at each of its times.
 */
export class Buffer<T> {
  readonly stats: BufferStats = {
    taken: 0,
    unsynced: 0,
    late: 0,
    repeated: 0,
    pushed: 0,
    starved: 0,
  };
  private entries: number;
  private maxDelay: number;
  private slew: Slew;
  private reserve: Reserve;
  private times: number[] = []; // ascending
  private values: T[] = [];
  private newest = 0; // of the values whose time was over when they came,
  private paced = false; // if there were any
  private gap = 0; // between those, smoothed
  private shows = false; // so the next one must be there a gap before its time
  private shown = -Infinity; // nothing older is of use
  private view: View<T> | undefined;

  /** Of values that are dated by the peer's clock. Without a clock the peer's is the own one. */
  constructor(
    private clock?: Clock,
    config: BufferConfig = {},
  ) {
    const {
      late = 0.01,
      minDelay = 0,
      maxDelay = 500_000,
      entries = 64,
      calm = 5_000_000,
    } = config;
    check(late > 0 && late < 1, "late", late, "above 0 and below 1; 0.01 if it is left out");
    check(maxDelay > 0, "maxDelay", maxDelay, "above 0 µs; 500000 if it is left out");
    check(minDelay >= 0 && minDelay <= maxDelay, "minDelay", minDelay, "0 to maxDelay");
    const right = Number.isInteger(entries) && entries >= 2 && entries <= 1 << 16;
    check(right, "entries", entries, "2 to 65536; 64 if it is left out");
    check(calm > 0, "calm", calm, "above 0 µs; 5000000 if it is left out");
    this.entries = entries;
    this.maxDelay = maxDelay;
    this.slew = new Slew(config.slew, config.jump);
    this.reserve = new Reserve(late, 0, minDelay, maxDelay, calm);
  }

  private get synced(): boolean {
    return this.clock?.synced !== false;
  }

  private peer(now: number): number {
    return this.clock?.at(now) ?? now;
  }

  /**
   * Takes a value that came now, of the own clock, and that the peer made at a time of its own. False: it came
   * too late, is there already, or nobody knows yet when that was.
   */
  push(now: number, at: number, value: T): boolean {
    if (!this.synced) {
      this.stats.unsynced++;
      return false;
    }
    const late = at <= this.shown;
    this.learn(this.peer(now), at, late);
    if (late) {
      this.stats.late++;
      return false;
    }
    let i = this.after(at);
    if (i > 0 && this.times[i - 1] === at) {
      this.stats.repeated++;
      return false;
    }
    if (this.times.length === this.entries) {
      this.stats.pushed++;
      if (i === 0) return false;
      this.drop(1);
      i--;
    }
    this.times.splice(i, 0, at);
    this.values.splice(i, 0, value);
    this.stats.taken++;
    return true;
  }

  /** Takes how late a value came. */
  private learn(peer: number, at: number, late: boolean): void {
    // What is still to happen comes when it likes, and of a pause only so much is a gap.
    if (peer >= at && (at > this.newest || !this.paced)) {
      if (this.paced) this.gap += (Math.min(at - this.newest, this.maxDelay) - this.gap) / 16;
      this.newest = at;
      this.paced = true;
    }
    this.reserve.learn(peer, peer - at, this.shows ? this.gap : 0, late);
  }

  private drop(n: number): void {
    this.times.splice(0, n);
    this.values.splice(0, n);
  }

  /** The first value that lies behind a time. */
  private after(at: number): number {
    let i = this.times.length;
    while (i > 0 && this.times[i - 1]! > at) i--;
    return i;
  }

  /** What is to be shown now, of the own clock; undefined: there is nothing yet, or it is all of later. */
  show(now: number): View<T> | undefined {
    if (!this.synced) return undefined;
    this.shows = true;
    const at = this.slew.advance(now, this.peer(now) - this.reserve.size);
    const next = this.after(at);
    if (next === 0) return undefined;
    this.drop(next - 1);
    const { times, values } = this;
    const from = values[0]!;
    this.shown = times[0]!;
    const v = (this.view ??= { at, from, to: from, fraction: 0, starved: false });
    v.at = at;
    v.from = v.to = from;
    v.fraction = 0;
    v.starved = times.length === 1;
    if (v.starved) {
      this.stats.starved++;
    } else {
      v.to = values[1]!;
      v.fraction = (at - times[0]!) / (times[1]! - times[0]!);
    }
    return v;
  }

  /**
   * Hands out, in order, the values whose time has come by now, of the own clock, and forgets them: for events,
   * which are not drawn between but happen.
   */
  *take(now: number): Generator<[at: number, value: T]> {
    if (!this.synced) return;
    const at = this.slew.advance(now, this.peer(now) - this.reserve.size);
    while (this.times.length > 0 && this.times[0]! <= at) {
      const value = this.values[0]!;
      this.shown = this.times[0]!;
      this.drop(1);
      yield [this.shown, value];
    }
  }

  /** How long values are held back. */
  get delay(): number {
    return this.reserve.size;
  }

  /** How often what is shown jumped. */
  get jumps(): number {
    return this.slew.jumps;
  }

  /** Forgets everything but the counters, as for another peer. */
  reset(): void {
    this.times.length = this.values.length = 0;
    this.newest = this.gap = 0;
    this.paced = this.shows = false;
    this.shown = -Infinity;
    this.slew.reset();
    this.reserve.reset();
  }
}

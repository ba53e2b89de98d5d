import { packetBytes } from "./constants.js";

/**
 * A Pacer is a bucket that fills at a rate: something may go as long as it is not empty, and leaves a debt
 * if it was larger than what was there. It holds ten packets (RFC 9002, 7.7), or what four milliseconds
 * give, which is how late the timers of browsers are; after a time in which the window held packets back
 * two: more would leave together for the narrowest place.
 */
export class Pacer {
  private level = 1;
  private at = 0;
  /** The window has held packets back since the last one. */
  stalled = false;

  constructor(now: number) {
    this.at = now - 1_000_000;
  }

  /** Adds what has come in since the last time. */
  fill(now: number, rate: number): void {
    if (now <= this.at) return;
    const most = Math.max((this.stalled ? 2 : 10) * packetBytes, rate / 250);
    this.level = Math.min(this.level + ((now - this.at) * rate) / 1e6, most);
    this.at = now;
  }

  spend(bytes: number): void {
    this.level -= bytes;
    this.stalled = false;
  }

  /** How many bytes go within a time, at a rate. */
  within(now: number, time: number, rate: number): number {
    this.fill(now, rate);
    return this.level + (time * rate) / 1e6;
  }

  /** When something may go, at a rate. */
  readyAt(rate: number): number {
    return this.level > 0 ? -Infinity : this.at + Math.floor((-this.level / rate) * 1e6) + 1;
  }
}

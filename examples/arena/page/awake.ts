/** So long nothing may happen in a page that runs: three frames. */
const most = 60_000; // microseconds

/** How long it takes at most to go through what has come while the page stood still. */
const drains = 100_000;

/**
 * An Awake knows when the page itself stood still, for the machine had something else to do. What came meanwhile was not
 * late, and to hold all others back for it would make the game sluggish for seconds after each hitch.
 */
export class Awake {
  private last = Infinity;
  private from = -Infinity;
  private until = -Infinity;

  /** Something happens: a frame, or a message. */
  beat(now: number): void {
    if (now - this.last > most) [this.from, this.until] = [this.last, now];
    this.last = now;
  }

  /** When something came that is taken now, and cannot have come before a time. */
  came(now: number, earliest: number): number {
    const waited = earliest < this.until && now - this.until < drains;
    return waited ? Math.min(now, Math.max(this.from, earliest)) : now;
  }
}

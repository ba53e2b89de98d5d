import type { Place } from "./walk.js";

/** A Recent adds up what happened in the last seconds. */
export class Recent {
  private readonly at: number[] = [];
  private readonly amounts: number[] = [];

  constructor(private readonly milliseconds: number) {}

  add(at: number, amount: number): void {
    this.at.push(at);
    this.amounts.push(amount);
  }

  /** What there was, by second. */
  perSecond(now: number): number {
    while (this.at.length > 0 && this.at[0]! < now - this.milliseconds) {
      this.at.shift();
      this.amounts.shift();
    }
    return this.amounts.reduce((sum, a) => sum + a, 0) / (this.milliseconds / 1000);
  }
}

/** A Reaction is how long a key takes to be seen: frames that were drawn from the press to the first step. */
export class Reaction {
  /** Of how many presses, */
  presses = 0;
  /** the most frames and milliseconds, */
  worst = 0;
  worstMilliseconds = 0;
  /** and those of the last one. */
  last = 0;
  lastMilliseconds = 0;
  private pressedAt = 0;
  private from: Place | undefined; // where one stood
  private frames = 0;

  /** Somebody who stands at a place wants to walk. */
  press(at: number, place: Place): void {
    this.pressedAt = at;
    this.from = place;
    this.frames = 0;
  }

  /** What was measured says nothing any more: what is drawn is something else from now on. */
  forget(): void {
    this.from = undefined;
    this.last = this.lastMilliseconds = 0;
  }

  /** A frame was drawn, with one at a place; undefined: one fell, and the press was in vain. */
  drawn(at: number, place: Place | undefined): void {
    if (!place) this.from = undefined;
    if (!place || !this.from) return;
    this.frames++;
    if (place.x !== this.from.x || place.y !== this.from.y) {
      this.presses++;
      this.last = this.frames;
      this.lastMilliseconds = at - this.pressedAt;
      this.worst = Math.max(this.worst, this.frames);
      this.worstMilliseconds = Math.max(this.worstMilliseconds, this.lastMilliseconds);
      this.from = undefined;
    }
  }
}

/** A Settled is what something is, but for what it was only for a moment. */
export class Settled<T> {
  value: T | undefined;
  private next: T | undefined;
  private since = 0;

  constructor(private readonly milliseconds: number) {}

  take(at: number, what: T | undefined): T | undefined {
    if (what !== this.next) [this.next, this.since] = [what, at];
    if (this.value === undefined || at - this.since >= this.milliseconds) this.value = this.next;
    return this.value;
  }
}

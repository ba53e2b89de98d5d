import type { Move } from "./arena.js";

const repeats = 8; // ticks whose moves are in each input

/** So many ticks begin in a frame of a slow screen. */
const usual = 2;

/** The first tick, of those that begin in a frame, that is not missed already: of many that is the last alone. */
export const fresh = (from: number, to: number) => (to - from < usual ? from : to);

/** The Moves are what one did in the last ticks, as an input tells it. */
export class Moves {
  /** The newest first. */
  readonly last: Move[] = [];
  private newest = 0; // the tick of the first of them

  /**
   * Has ticks begin, with what is wished now. If they are many, since the page stood still for a moment, the server has
   * gone on with the last move in all but the last of them, and so did we.
   */
  begin(from: number, to: number, move: Move, each: (tick: number, move: Move) => void): void {
    for (let tick = from; tick <= to; tick++) {
      // After a jump there is no telling what was done in between.
      if (tick !== this.newest + 1) this.last.length = 0;
      const does = tick >= fresh(from, to) ? move : (this.last[0] ?? move);
      this.newest = tick;
      this.last.unshift(does);
      if (this.last.length > repeats) this.last.pop();
      each(tick, does);
    }
  }
}

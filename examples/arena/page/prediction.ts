import type { Move } from "./arena.js";
import { walk, type Place } from "./walk.js";

const remembered = 256; // ticks: four seconds

const stands: Move = { dx: 0, dy: 0, aim: 0, fire: false };

/** What is left of an error after so many milliseconds is a third. */
const fade = 90;

/** Errors above this are no errors: somebody was put elsewhere. */
const most = 600;

/**
 * A Prediction is where one is oneself, some ticks before the server knows it. Each tick is walked at once; when
 * the server says where one was after a tick, and that is elsewhere, the moves since then are walked again from there. What
 * is drawn comes to the new place in a fraction of a second instead of jumping.
 */
export class Prediction {
  /** After the last tick. */
  at: Place = { x: 0, y: 0 };
  /** The last tick. */
  tick = 0;
  /** By how much what is drawn is still elsewhere. */
  readonly error: Place = { x: 0, y: 0 };
  /** How often the server put it right, and by how many units of the field in all. */
  corrections = 0;
  corrected = 0;
  private known = false;
  private readonly moves: Move[] = [];
  private readonly places: Place[] = [];
  private readonly ticks = new Float64Array(remembered).fill(-1);

  /** Walks a tick, with the move that the server is told of for it. */
  step(tick: number, move: Move): void {
    if (tick <= this.tick) {
      if (this.tick - tick < remembered) return; // time stood still for a moment
      this.forget(); // the server counts anew
      this.tick = tick - 1;
    }
    // Ticks that were left out, while the page was in the background say: the server goes on with the last move.
    const last = this.moves[this.tick % remembered] ?? stands;
    for (let t = Math.max(this.tick, tick - remembered) + 1; t < tick; t++) this.note(t, last);
    this.note(tick, move);
  }

  private note(tick: number, move: Move): void {
    const i = tick % remembered;
    this.tick = this.ticks[i] = tick;
    this.moves[i] = move;
    if (this.known) this.at = walk(this.at, move);
    this.places[i] = this.at;
  }

  /** Takes the server's word for where one was after a tick; the answer is by how much the present moved. */
  correct(tick: number, place: Place): number {
    const i = tick % remembered;
    const before = this.at;
    const begins = !this.known;
    if (!begins && this.ticks[i] === tick) {
      const { x, y } = this.places[i]!;
      if (x === place.x && y === place.y) return 0;
    }
    this.known = true;
    this.replay(tick, place);
    if (!begins) return this.shift(before.x - this.at.x, before.y - this.at.y);
    this.error.x = this.error.y = 0;
    return 0;
  }

  /** Walks all that came after a tick again, from another place. */
  private replay(tick: number, place: Place): void {
    this.at = { x: place.x, y: place.y };
    this.places[tick % remembered] = this.at;
    this.tick = Math.max(this.tick, tick);
    for (let t = Math.max(tick, this.tick - remembered) + 1; t <= this.tick; t++) {
      const i = t % remembered;
      if (this.ticks[i] === t) this.at = walk(this.at, this.moves[i]!);
      this.places[i] = this.at;
    }
  }

  /** Keeps what is drawn where it was. */
  private shift(x: number, y: number): number {
    const off = Math.hypot(x, y);
    if (off > most) {
      this.error.x = this.error.y = 0;
      return 0;
    }
    if (off > 0) this.corrections++;
    this.corrected += off;
    this.error.x += x;
    this.error.y += y;
    return off;
  }

  /** Where one is is not known until the server says it: one fell, or the server is another one. */
  forget(): void {
    this.known = false;
    this.error.x = this.error.y = 0;
  }

  /** Whether it is known where one is. */
  get standing(): boolean {
    return this.known;
  }

  /**
   * Where one is in the middle of a tick: a part of the next step is walked already, so that a key is seen in the
   * very next frame.
   */
  between(move: Pick<Move, "dx" | "dy">, over: number): Place {
    const { x, y } = this.at;
    const next = walk(this.at, move);
    return { x: x + (next.x - x) * over, y: y + (next.y - y) * over };
  }

  /** What is to be drawn there: what is left of an error is added. */
  drawn(move: Pick<Move, "dx" | "dy">, over: number): Place {
    const { x, y } = this.between(move, over);
    return { x: x + this.error.x, y: y + this.error.y };
  }

  /** Lets milliseconds pass for the error. */
  settle(milliseconds: number): void {
    const left = Math.exp(-milliseconds / fade);
    this.error.x = Math.abs(this.error.x) < 0.5 ? 0 : this.error.x * left;
    this.error.y = Math.abs(this.error.y) < 0.5 ? 0 : this.error.y * left;
  }
}

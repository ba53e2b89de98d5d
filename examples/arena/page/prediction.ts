import type { Move } from "./arena.js";
import { walk, type Place } from "./walk.js";

const remembered = 256; // ticks: four seconds

const stands: Move = { dx: 0, dy: 0, aim: 0, fire: false };

/** What is left of an error after so many milliseconds is a third. */
const fade = 90;

/** Errors above this are no errors: somebody was put elsewhere. */
const most = 600;

/** So many states in a row have to tell of late moves before the next ones are taken to be as late. */
const persists = 3;

/**
 * A Prediction is where one is oneself, some ticks before the server knows it. Each tick is walked at once; when
 * the server says where one was after a tick, and that is elsewhere, the moves since then are walked again from there. What
 * is drawn comes to the new place in a fraction of a second instead of jumping.
 *
 * Moves that come late count from the tick on in which they come. A state says how late the move of its tick was; where that goes
 * on, since the link has become a slower one, the server's ticks are walked with the moves that it will have in them.
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
  private readonly left = new Float64Array(remembered); // in which tick of the server each move left
  private way = 0; // how many ticks a move takes to get there,
  private late = 0; // by so many states in a row that told of a late one

  /**
   * Walks a tick, with the move that the server is told of for it. That leaves when the server is in the tick left, or in a
   * part of it.
   */
  step(tick: number, move: Move, left = -Infinity): void {
    if (tick <= this.tick) {
      if (this.tick - tick < remembered) return; // time stood still for a moment
      this.forget(); // the server counts anew
      this.tick = tick - 1;
    }
    this.leap(tick);
    this.note(tick, move, left);
    if (this.known) this.at = walk(this.at, move);
    this.places[tick % remembered] = this.at;
  }

  /**
   * Walks the ticks that were left out before one, for time leaps when more of it is needed: the server goes on with
   * the last move that it has. What is drawn glides there.
   */
  private leap(tick: number): void {
    const { x, y } = this.at;
    const last = this.moves[this.tick % remembered] ?? stands;
    for (let t = Math.max(this.tick, tick - remembered) + 1; t < tick; t++) {
      this.note(t, last, Infinity);
      if (this.known) this.at = walk(this.at, this.due(t));
      this.places[t % remembered] = this.at;
    }
    this.glide(x - this.at.x, y - this.at.y);
  }

  private note(tick: number, move: Move, left: number): void {
    const i = tick % remembered;
    this.tick = this.ticks[i] = tick;
    this.moves[i] = move;
    this.left[i] = left;
  }

  /** The move that the server has in a tick, as far as that can be known. */
  private due(tick: number): Move {
    const own = this.moves[tick % remembered]!;
    if (this.late < persists) return own;
    for (let t = tick; t > tick - remembered / 2; t--) {
      const i = t % remembered;
      if (this.ticks[i] === t && this.left[i]! + this.way <= tick) return this.moves[i]!;
    }
    return own;
  }

  /** Takes the server's word for how late the move was that it had in a tick. */
  private learn(tick: number, late: number): void {
    if (late === 0) {
      this.late = 0;
      return;
    }
    const next = tick - late + 1;
    const i = next % remembered;
    if (this.ticks[i] !== next || !Number.isFinite(this.left[i])) return;
    this.late++;
    this.way = tick - this.left[i]! + 0.5; // it was not there, and in a tick it mostly is
  }

  /**
   * Takes the server's word for where one was after a tick, and for how many ticks earlier the move was that it had in it; the
   * answer is by how much the present moved.
   */
  correct(tick: number, place: Place, late = 0): number {
    this.learn(tick, late);
    if (this.known && tick - this.tick < remembered) this.leap(tick + 1); // the page stood still for longer than it is ahead
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
      if (this.ticks[i] === t) this.at = walk(this.at, this.due(t));
      this.places[i] = this.at;
    }
  }

  /** Counts by how much the present was put right. */
  private shift(x: number, y: number): number {
    if (!this.glide(x, y)) return 0;
    const off = Math.hypot(x, y);
    if (off > 0) this.corrections++;
    this.corrected += off;
    return off;
  }

  /** Keeps what is drawn where it was, unless that is too far. */
  private glide(x: number, y: number): boolean {
    const near = Math.hypot(x, y) <= most;
    this.error.x = near ? this.error.x + x : 0;
    this.error.y = near ? this.error.y + y : 0;
    return near;
  }

  /** Where one is is not known until the server says it: one fell, or the server is another one. */
  forget(): void {
    this.known = false;
    this.late = 0;
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

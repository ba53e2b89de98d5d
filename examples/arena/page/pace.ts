import type { Conn } from "@tickwire/client";
import { Buffer, Clock, Lead, Ticks, type View } from "@tickwire/client/timeline";
import type { Anchor, State } from "./arena.js";
import { rules } from "./walk.js";

const tickLength = 1_000_000 / rules.ticksPerSecond;

/** Where between two of the server's ticks an input of ours shall come: a little before the end. */
const margin = tickLength / 4;

/**
 * A Pace is the time of the game: which tick we are in, ahead of the server so that our moves are there when it
 * comes to them, and which moment is drawn of all others, behind it so that there is always a next state.
 */
export class Pace {
  readonly clock = new Clock();
  readonly ticks = new Ticks(this.clock, {
    ticksPerSecond: rules.ticksPerSecond,
    slew: 0.2, // a second is enough for another link
  });
  readonly lead = new Lead(this.ticks, { late: 0.01 });
  readonly states = new Buffer<State>(this.clock);
  /** What is drawn of the others. */
  shown: View<State> | undefined;
  private anchor: Anchor | undefined;

  /** Takes what the connection has measured. */
  listen(conn: Conn): void {
    for (const sample of conn.clockSamples()) this.clock.add(sample);
  }

  /** Takes the server's word for when a tick was. */
  moor(anchor: Anchor): void {
    this.anchor = anchor;
    this.ticks.anchor(anchor.tick, anchor.microseconds);
  }

  /** When a tick of the server begins, by its clock. */
  began(tick: number): number {
    const { tick: first, microseconds } = this.anchor!;
    return microseconds + (tick - first) * tickLength;
  }

  /** Takes a state that came now. */
  take(now: number, state: State): void {
    if (!this.anchor || !this.clock.synced) return;
    const at = this.began(state.tick);
    this.states.push(now, at, state);
    if (state.heard !== 0) this.lead.arrived(state.heard, at + margin);
  }

  /** The ticks that have begun since the last call: the first of them, and the last. */
  advance(now: number): [from: number, to: number] {
    const tick = this.ticks.advance(now, this.lead.ahead);
    return this.anchor ? [tick + 1 - this.ticks.due(), tick] : [1, 0];
  }

  /** What is to be drawn of the others. */
  show(now: number): View<State> | undefined {
    this.shown = this.anchor && this.states.show(now);
    return this.shown;
  }

  /** How many ticks our present is ahead of the moment that is drawn. */
  gap(view: View<State>): number {
    return (this.began(this.ticks.tick + this.ticks.over) - view.at) / tickLength;
  }

  /** Begins anew, with another server. */
  reset(): void {
    this.clock.reset();
    this.lead.reset();
    this.states.reset();
    this.anchor = undefined;
  }
}

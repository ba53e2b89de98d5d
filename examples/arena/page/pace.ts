import type { Conn } from "@tickwire/client";
import { Buffer, Clock, Lead, Ticks, type View } from "@tickwire/client/timeline";
import type { Anchor, State } from "./arena.js";
import { Awake } from "./awake.js";
import { rules } from "./walk.js";

const tickLength = 1_000_000 / rules.ticksPerSecond;

/** By how much the clock may have been wrong; what is more is another one. */
const mostHeld = 250_000;

/** So many ticks begin at once at most, after a while in the background: nobody remembers more. */
const mostDue = 4 * rules.ticksPerSecond;

/** By how much slower time runs while there is too much of it. */
const giveBack = 0.02;

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
    jump: 2 * tickLength, // who needs more time over another link needs it at once
  });
  readonly lead = new Lead(this.ticks, { late: 0.01, maxAhead: 800_000 }); // a server's schedule takes a second
  // What comes later than that is guessed for a moment: over TCP, all others would be held back for half a second.
  readonly states = new Buffer<State>(this.clock, {
    late: 0.03,
    calm: 3_000_000,
    slew: 0.1,
    jump: 1_000_000, // over another link the others walk slower or faster for a while, and leap nowhere
  });
  readonly awake = new Awake();
  /** What is drawn of the others. */
  shown: View<State> | undefined;
  /** Who predicts nothing need not be ahead: a move that comes late counts at once. */
  predicts = true;
  private anchor: Anchor | undefined;
  private ahead = 0;
  private last = 0; // advance

  /** Takes what the connection has measured. */
  listen(conn: Conn): void {
    for (const sample of conn.clockSamples()) this.clock.add(sample);
  }

  /** Takes the server's word for when a tick was. */
  moor(anchor: Anchor): void {
    this.anchor = anchor;
    this.last = 0; // from now on other ticks are due
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
    const came = this.awake.came(now, this.clock.own(at) + this.clock.delay / 2);
    this.states.push(came, at, state);
    if (state.heard !== 0) this.lead.arrived(state.heard, at + margin);
  }

  /** In which tick the server is, with the part of it that is over. */
  serverTick(now: number): number {
    const { tick, microseconds } = this.anchor!;
    return tick + (this.clock.at(now) - microseconds) / tickLength;
  }

  /** The ticks that have begun since the last call: the first of them, and the last. */
  advance(now: number): [from: number, to: number] {
    const tick = this.ticks.advance(now, this.needed(now));
    return this.anchor ? [tick + 1 - Math.min(this.ticks.due(), mostDue), tick] : [1, 0];
  }

  /**
   * How far ahead to be: more at once, less little by little, for nobody shall stand still until it is used up. Nor shall he since
   * the clock knows better.
   */
  private needed(now: number): number {
    const since = Math.max(0, now - this.last);
    this.ahead = this.predicts ? Math.max(this.lead.ahead, this.ahead - giveBack * since) : 0;
    if (this.last > 0 && this.predicts) {
      const { tick, over } = this.ticks;
      const back = (tick + over - 1 - this.serverTick(now)) * tickLength + since - this.ahead;
      if (back > 0 && back < mostHeld) this.ahead += back;
    }
    this.last = this.anchor ? now : 0;
    return this.ahead;
  }

  /** How many ticks a moment that is drawn is beyond the state before it. */
  beyond(view: View<State>): number {
    return (view.at - this.began(view.from.tick)) / tickLength;
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
    this.ahead = 0;
  }
}

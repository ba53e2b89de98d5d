import { DRAINING } from "../wire/first.js";
import { DRAINED, DRAINING_ON, never, second } from "./constants.js";
import { type Parting } from "./life.js";
import { type Builder, type Item } from "./packet.js";
import { came, type Fate } from "./path.js";

const asking = 8; // probe timeouts that a peer is given to answer
const leastAsking = second;

/** A Drain is an end that waits until what was sent is through: SPEC.md, 7.9. */
export class Drain {
  on = false;
  /** What the peer says of itself; 0: nothing. */
  peer = 0;
  private until = never;
  private said = 0;
  private known = 0; // to the peer
  private askedAt = never; // when the peer was told first that we are through

  begin({ until }: Parting): void {
    this.on = true;
    this.until = until;
  }

  /** What there is to say that the peer does not know; 0: nothing. */
  state(through: boolean): number {
    const state = through ? DRAINED : DRAINING_ON;
    return this.on && state > this.known ? state : 0;
  }

  /** Whether a packet has to go for that. */
  due(through: boolean): boolean {
    return this.state(through) > this.said;
  }

  write(b: Builder, state: number): void {
    if (b.room < 2) return;
    this.said = state;
    if (state === DRAINED && this.askedAt === never) this.askedAt = b.now;
    b.w.u8(DRAINING);
    b.w.u8(state);
    b.carry(DRAINING, this, undefined, state);
  }

  settled(item: Item, fate: Fate): void {
    const state = item.from;
    if (came(fate)) this.known = Math.max(this.known, state);
    else if (state > this.known) this.said = Math.min(this.said, state - 1);
  }

  /** When it is over. Through: each message of ours has its fate; patience: a probe timeout, 0 if none was measured. */
  overAt(through: boolean, heardAt: number, away: boolean, held: boolean, patience: number): number {
    if (!this.on) return never;
    if (!through) return this.until;
    if (this.peer === DRAINED) return -never;
    if (this.peer === 0) {
      if (this.known === DRAINED || away) return -never;
      if (this.askedAt < never && !held) {
        const asked = Math.max(this.askedAt, heardAt) + Math.max(leastAsking, asking * patience);
        return Math.min(this.until, asked);
      }
    }
    return this.until;
  }
}

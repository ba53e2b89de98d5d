import { clockUnit, nearest, type Ack } from "../wire/first.js";
import { type Life } from "./life.js";

const kept = 16;

/**
 * A ClockSample is one exchange of clocks, in microseconds: sent and received by the endpoint's, arrived and
 * answered by the peer's.
 */
export interface ClockSample {
  sent: number;
  arrived: number;
  answered: number;
  received: number;
}

/** Clocks are what ACKs tell of the peer's clock. */
export class Clocks {
  private samples: ClockSample[] | undefined;

  /** @param life knows what HELLO said, and when */
  constructor(private life: Life) {}

  /** The clock of an ACK, in units of the wire: the nearest to the last one of its path, or to that of HELLO. */
  read(now: number, of: PathClock, a: Ack): void {
    const { peer, openedAt } = this.life;
    const [clock, at] = of.at < 0 ? [Number(peer!.clock), openedAt] : [of.clock, of.at];
    of.clock = nearest(clock + Math.floor((now - at) / clockUnit), a.clock, 24);
    of.at = now;
  }

  /** Notes an exchange; sent is when the packet went of which the ACK tells when it arrived. */
  add(now: number, of: PathClock, a: Ack, sent: number): void {
    if (!this.samples) return;
    if (this.samples.length === kept) this.samples.shift();
    const arrived = of.clock * clockUnit;
    this.samples.push({ sent, arrived, answered: arrived + a.hold, received: now });
  }

  /** The exchanges since the last call, from the first one on; sixteen at most. */
  take(): readonly ClockSample[] {
    const { samples } = this;
    if (!samples || samples.length > 0) this.samples = [];
    return samples ?? [];
  }
}

/** A PathClock is the peer's clock as it was in the last ACK of a path that told. */
export class PathClock {
  clock = 0;
  at = -1;
}

import { clockUnit, nearest, type Ack } from "../wire/first.js";
import type { FullEndpoint } from "./endpoint_full.js";
import type { Life } from "./life.js";

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

/** The peer's clock as it was in the last ACK of a path that told, and when that came. */
interface PathClock {
  clock: number;
  at: number;
}

/** Clocks are what ACKs tell of the peer's clock, to who asks. */
export class Clocks {
  private samples: ClockSample[] = [];
  private readonly paths = new WeakMap<object, PathClock>();

  /** @param life knows what HELLO said, and when */
  constructor(private life: Life) {}

  /**
   * Reads the clock of an ACK, in units of the wire: it is the nearest to the last one of its path, or to that of HELLO.
   *
   * @param sent when the packet went of which the ACK tells when it arrived; −1: it tells of none
   */
  read(now: number, path: object, a: Ack, sent: number): void {
    const { peer, openedAt } = this.life;
    const of = this.paths.get(path) ?? { clock: Number(peer!.clock), at: openedAt };
    of.clock = nearest(of.clock + Math.floor((now - of.at) / clockUnit), a.clock, 24);
    of.at = now;
    this.paths.set(path, of);
    if (sent < 0) return;
    if (this.samples.length === kept) this.samples.shift();
    const arrived = of.clock * clockUnit;
    this.samples.push({ sent, arrived, answered: arrived + a.hold, received: now });
  }

  /** The exchanges since the last call; sixteen at most. */
  take(): readonly ClockSample[] {
    const { samples } = this;
    if (samples.length > 0) this.samples = [];
    return samples;
  }
}

/** Exchanges of clocks since the last call, for a timeline; they are kept from the first call on. */
export const clockSamples = ({ arrival, life }: FullEndpoint): readonly ClockSample[] =>
  (arrival.clocks ??= new Clocks(life)).take();

import { check } from "./error.js";
import { Reserve, transits } from "./reserve.js";
import { type Ticks } from "./ticks.js";

/** A LeadConfig configures a {@link Lead}. Times are in microseconds. */
export interface LeadConfig {
  /**
   * The share of inputs that may come when their tick is over, of those that arrive: for what the network
   * loses each message says the inputs of the last ticks once more; 0.02.
   */
  late?: number;
  /** Bounds of how far ahead it is; 0 and 500 000. */
  minAhead?: number;
  maxAhead?: number;
  /** How long less must have been enough before it is less; 5 000 000. */
  calm?: number;
}

/** How many inputs are remembered until the server speaks of them. */
const remembered = 256;

/**
 * A Lead is how far ahead of the server a client simulates, so that its inputs are there when the server comes
 * to their tick. It learns that from what the server says of them, with each snapshot: the first tick whose
 * input an update of the server had since the last snapshot, and when that was by its clock.
 *
 *     ticks.advance(now, lead.ahead);
 *     for (let n = ticks.tick + 1 - ticks.due(); n <= ticks.tick; n++) {
 *       // send the input of tick n
 *       lead.sent(n, now);
 *     }
 */
export class Lead {
  /** Inputs whose way is known, */
  told = 0;
  /** of these: were under way for longer than ahead was then, */
  late = 0;
  /** and of ticks that were not sent, or too long ago. */
  unknown = 0;
  private reserve: Reserve;
  private of = new Float64Array(remembered).fill(-1); // a ring, by tick
  private began = new Float64Array(remembered); // when each began here, by the peer's clock
  private last = 0; // when the newest one came that was told of
  private any = false;

  /** For the Ticks that {@link ahead} is given to. */
  constructor(
    private ticks: Ticks,
    config: LeadConfig = {},
  ) {
    const { late = 0.02, minAhead = 0, maxAhead = 500_000, calm = 5_000_000 } = config;
    check(late > 0 && late < 1, "late", late, "above 0 and below 1; 0.02 if it is left out");
    check(maxAhead > 0, "maxAhead", maxAhead, "above 0 µs; 500000 if it is left out");
    check(minAhead >= 0 && minAhead <= maxAhead, "minAhead", minAhead, "0 to maxAhead");
    check(calm > 0, "calm", calm, "above 0 µs; 5000000 if it is left out");
    this.reserve = new Reserve(late, Math.floor(late * transits), minAhead, maxAhead, calm);
  }

  /**
   * How far ahead of the server's clock an input has to be. Until the server has spoken of one it is what the
   * clocks have measured: one way, and half as much again.
   */
  get ahead(): number {
    const { clock } = this.ticks;
    const { size, least, most } = this.reserve;
    if (this.any || clock === undefined) return size;
    return Math.min(Math.max(clock.delay * 0.75, least), most);
  }

  /** Notes that the input of a tick is sent now, after advance. Of one that is sent several times the first counts. */
  sent(tick: number, now: number): void {
    const { ticks } = this;
    const i = tick % remembered;
    if (this.of[i] === tick || ticks.clock?.synced === false) return;
    this.of[i] = tick;
    this.began[i] = (ticks.clock?.at(now) ?? now) - ticks.since(tick);
  }

  /** Takes the server's word for when the input of a tick was there, by its clock. */
  arrived(tick: number, at: number): void {
    const i = tick % remembered;
    if (this.of[i] !== tick) {
      this.unknown++;
      return;
    }
    const took = at - this.began[i]!;
    const late = took > this.ahead;
    this.told++;
    if (late) this.late++;
    if (took < 0 || (this.any && at <= this.last)) return; // it came with one that is known already
    this.last = at;
    this.any = true;
    this.reserve.learn(at, took, 0, late);
  }

  /** Forgets everything but the counters, as for another peer. */
  reset(): void {
    this.of.fill(-1);
    this.any = false;
    this.reserve.reset();
  }
}

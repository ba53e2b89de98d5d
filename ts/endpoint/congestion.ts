import { packetBytes } from "./constants.js";
import { type Rtt } from "./rtt.js";

/** What a packet is counted as where windows are counted in packets: the first size of datagrams. */
const initialWindow = 10 * packetBytes; // RFC 9002, 7.2
const minWindow = 4 * packetBytes;
const leastRate = 16 * 1024; // bytes a second
const ownQueue = 30_000;
const innerQueue = 50_000; // of a reliable path, beside twice the shortest round trip (SPEC.md, 7.15)
const vainRounds = 2;
const deafFor = 60_000_000;

/**
 * A Congestion is the controller of RFC 9002, section 7, with a bound on the delay that it adds itself.
 * Losses alone would have a transfer fill the queue of the narrowest place, which may hold a second, and
 * the player's own messages wait in that queue. So a window that was in use is taken back to what empties
 * the queue when no round trip of a whole round was below the shortest one and 30 ms.
 *
 * A queue that stays as long as it was though the window was taken back twice is somebody else's. Then
 * nothing would be left for us: losses alone count until it goes away, for a minute at most, after which the
 * shortest round trip of that minute is the one to go by. Four packets, and 16 KiB a second, are never taken
 * away: a game is not starved by losses that nobody's queue makes.
 */
export class Congestion {
  private window = initialWindow;
  private threshold = Infinity; // slow start below it
  private credit = 0; // acknowledged bytes that have not grown the window yet
  private recovery = -Infinity; // what was sent until then belongs to the last reduction

  // The round: from a time on until something that was sent later is acknowledged.
  private roundAt = -Infinity;
  private least = Infinity; // its shortest round trip
  private samples = 0;
  private used = false; // the window held something back

  private base = Infinity; // the shortest round trip without a queue of ours
  private hope = Infinity; // the longest round trip that shows that taking the window back was of use
  private vain = 0; // times in a row that it was taken back in vain
  private deafUntil = -Infinity; // losses alone count
  private low = Infinity; // the shortest round trip since then

  constructor(
    private readonly rtt: Rtt,
    private readonly reliable: boolean,
  ) {}

  /** How many bytes may be in flight. */
  get windowBytes(): number {
    return Math.max(this.window, this.floor);
  }

  private get floor(): number {
    return Math.max(minWindow, this.rtt.sampled ? (leastRate * this.rtt.smooth) / 1e6 : 0);
  }

  /** The rate of pacing: a window in a round trip and a quarter more, in slow start twice (RFC 9002, 7.7). */
  get bytesPerSecond(): number {
    const window = this.windowBytes;
    return ((window < this.threshold ? 2 : 1.25) * window * 1e6) / Math.max(this.rtt.smooth, 1);
  }

  /**
   * Takes an acknowledgement: of so many bytes that were in flight, the newest of them sent at sentAt,
   * and whether the sender had nothing more to send then. Sampled: it gave a round trip.
   */
  acked(now: number, bytes: number, sentAt: number, limited: boolean, sampled: boolean): void {
    if (sentAt <= this.recovery) return; // RFC 9002, 7.3.2
    this.used ||= !limited;
    if (sampled) {
      this.samples++;
      this.least = Math.min(this.least, this.rtt.latest);
    }
    // slow start ends when it has begun to fill a queue (RFC 9406, 4.2)
    const early = Math.min(Math.max(this.base / 8, 4000), 16_000);
    if (this.samples >= 8 && this.least > this.base + early) {
      this.threshold = Math.min(this.threshold, this.window);
    }
    if (sentAt > this.roundAt) this.endRound(now);
    if (limited) return; // RFC 9002, 7.8
    if (this.window < this.threshold) {
      this.window += bytes;
    } else if ((this.credit += bytes) >= this.window) {
      this.credit -= this.window;
      this.window += packetBytes;
    }
  }

  private endRound(now: number): void {
    const { least, used } = this;
    this.roundAt = now;
    this.least = Infinity;
    this.samples = 0;
    this.used = false;
    if (least === Infinity) return;
    const bound = this.reliable ? this.base + innerQueue : ownQueue;
    const waits = least > this.base + bound;
    this.base = Math.min(this.base, least);
    if (this.deafUntil > -Infinity) {
      this.low = Math.min(this.low, least);
      if (waits && now < this.deafUntil) return;
      if (waits) this.base = this.low;
      this.deafUntil = -Infinity;
    } else if (!waits || !used || this.window <= this.floor) {
      this.hope = Infinity;
      this.vain = 0;
    } else if (least > this.hope && ++this.vain >= vainRounds && !this.reliable) {
      this.hope = this.low = Infinity;
      this.vain = 0;
      this.deafUntil = now + deafFor;
    } else {
      const before = this.window;
      this.reduce(now, Math.max((0.9 * this.base) / least, 0.5));
      this.hope = (least * (1 + this.window / before)) / 2;
    }
  }

  /** Packets were lost, more than a path loses by itself, the newest of them sent at sentAt. */
  lost(now: number, sentAt: number): void {
    if (sentAt > this.recovery) this.reduce(now, 0.7);
  }

  /** The window takes a part of itself; once in a round trip (RFC 9002, 7.3.2). */
  private reduce(now: number, part: number): void {
    this.recovery = this.roundAt = now;
    this.window = Math.max(this.window * part, this.floor);
    this.threshold = this.window;
    this.credit = 0;
  }

  /** Nothing came back for long, and then what was lost says so (RFC 9002, 7.6). */
  collapse(): void {
    this.window = minWindow;
    this.recovery = -Infinity;
  }
}

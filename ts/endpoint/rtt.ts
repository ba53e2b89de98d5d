/** How long a round trip is taken for before one was measured. */
const initial = 250_000;

/** The longest sample that is believed: a side that was asleep measures its own sleep (SPEC.md, 7.5). */
const longest = 2_000_000;

/** An Rtt is the estimates of RFC 9002, section 5, in microseconds. */
export class Rtt {
  latest = 0;
  smooth = initial;
  variance = initial / 2;
  min = 0;
  sampled = false;
  quickest = Infinity; // the shortest time that an ack took, whatever its hold

  /** Takes the time from sending a packet to the arrival of its ack, and how long the peer says that it held that. */
  sample(elapsed: number, hold: number): void {
    elapsed = Math.min(Math.max(elapsed, 1), longest + hold);
    this.quickest = Math.min(this.quickest, elapsed);
    // The hold may be a lie: half of the shortest time that an ack took is left (SPEC.md, 7.5).
    const rtt = Math.max(elapsed - hold, Math.floor(this.quickest / 2), 1);
    this.latest = rtt;
    if (!this.sampled) {
      this.sampled = true;
      this.min = this.smooth = rtt;
      this.variance = Math.floor(rtt / 2);
      return;
    }
    this.min = Math.min(this.min, rtt);
    this.variance += Math.trunc((Math.abs(this.smooth - rtt) - this.variance) / 4);
    this.smooth += Math.trunc((rtt - this.smooth) / 8);
  }
}

/**
 * A Sample is one exchange of clocks, what NTP calls T1 to T4 (RFC 5905, 8), in microseconds: sent and
 * received by the own clock, arrived and answered by the peer's.
 */
export interface Sample {
  /** A packet left here, */
  sent: number;
  /** and came to the peer. */
  arrived: number;
  /** Its answer left there, */
  answered: number;
  /** and came here. */
  received: number;
}

/** The best sample of an interval. */
interface Point {
  from: number; // when its interval began, by the own clock
  at: number; // the middle of the exchange
  offset: number;
  delay: number;
}

const most = 64; // points
const interval = 500_000;

/** What the units of the wire take from a sample: 64 µs of the peer's clock, 128 of the hold (SPEC.md, 6.1). */
const grain = 200;

/** How far crystals are apart: a few samples show no drift, so until there are more the line stays near to this. */
const usualDrift = 100e-6;
const maxDrift = 500e-6;

/** So many samples in a row must contradict the line: one may be of a peer that lies, or was started again. */
const maxDoubts = 3;

/**
 * A Clock estimates what the peer's clock shows, from exchanges of clocks. Of each half second the sample with
 * the shortest delay is kept, for half a minute, and a straight line is laid through the kept ones, each
 * weighed by how much longer than the shortest it was under way. Its slope is the drift.
 *
 * What no exchange can tell is how a delay is divided between the two ways: the estimate is off by
 * {@link uncertainty} at most.
 */
export class Clock {
  private points: Point[] = []; // a ring
  private n = 0; // how many there were
  private newest: Sample = { sent: 0, arrived: 0, answered: 0, received: 0 };
  private doubts = 0; // samples in a row that contradict the line

  // The line: the offset at a time of the own clock, and how it grows.
  private fixed = 0;
  private base = 0;
  private slope = 0;
  private least = 0;

  /** Takes a sample; false: it cannot be true, or contradicts what is known, and was not used. */
  add(s: Sample): boolean {
    const delay = s.received - s.sent - (s.answered - s.arrived);
    const none = s.sent === 0 && s.arrived === 0 && s.answered === 0 && s.received === 0;
    if (none || !(s.answered >= s.arrived) || !(delay >= -grain)) return false;
    if (this.n > 0) {
      if (s.received < this.newest.received) return false;
      if (this.contradicts(s)) {
        if (++this.doubts < maxDoubts) return false;
        this.reset();
      }
    }
    this.doubts = 0;
    Object.assign(this.newest, s);
    const offset = (s.arrived - s.sent + s.answered - s.received) / 2;
    this.keep(s.sent, s.sent + (s.received - s.sent) / 2, offset, Math.max(delay, 0));
    this.fit();
    return true;
  }

  /** Whether a packet came before it was sent, by the line, and as far as that may be off. */
  private contradicts(s: Sample): boolean {
    const slack = this.uncertainty + maxDrift * (s.received - this.newest.received);
    return this.at(s.sent) > s.arrived + slack || this.at(s.received) < s.answered - slack;
  }

  /** Notes a point, if it is the best of its interval so far. */
  private keep(from: number, at: number, offset: number, delay: number): void {
    let last = this.points[(this.n + most - 1) % most];
    if (this.n > 0 && last !== undefined && from - last.from < interval) {
      if (delay >= last.delay) return;
      from = last.from;
    } else {
      last = this.points[this.n % most];
      if (last === undefined) this.points.push((last = { from, at, offset, delay }));
      this.n++;
    }
    last.from = from;
    last.at = at;
    last.offset = offset;
    last.delay = delay;
  }

  /** Lays the line: least squares with weights, and a ridge for the slope. */
  private fit(): void {
    const { points, newest } = this;
    const first = points[0]!.offset;
    let least = Infinity;
    for (const p of points) least = Math.min(least, p.delay);
    let w = 0;
    let wt = 0;
    let wo = 0;
    for (const p of points) {
      const weight = weightOf(p, least);
      w += weight;
      wt += weight * (p.at - newest.received);
      wo += weight * (p.offset - first);
    }
    const meanT = wt / w;
    const meanO = wo / w;
    let tt = 1 / (usualDrift * usualDrift);
    let to = 0;
    for (const p of points) {
      const weight = weightOf(p, least);
      const t = p.at - newest.received - meanT;
      tt += weight * t * t;
      to += weight * t * (p.offset - first - meanO);
    }
    this.least = least;
    this.slope = Math.min(Math.max(to / tt, -maxDrift), maxDrift);
    this.fixed = newest.received + meanT;
    this.base = first + meanO;
  }

  /** Whether there was any sample. */
  get synced(): boolean {
    return this.n > 0;
  }

  /** How far the peer's clock is ahead of the own one, at a time of the own one. */
  offset(now: number): number {
    return this.base + this.slope * (now - this.fixed);
  }

  /** What the peer's clock shows when the own one shows now. */
  at(now: number): number {
    return now + this.offset(now);
  }

  /** What the own clock shows when the peer's one shows at. */
  own(at: number): number {
    return at - this.offset(at - this.offset(at - this.base));
  }

  /** How much faster the peer's clock runs, as a fraction. */
  get drift(): number {
    return this.slope;
  }

  /** The shortest time that packets were under way lately, both ways together. */
  get delay(): number {
    return this.least;
  }

  /** How far the estimate may be off: half of the shortest delay, as if all of it had gone into one direction. */
  get uncertainty(): number {
    return this.least / 2 + grain;
  }

  /** Forgets everything, as for another peer. */
  reset(): void {
    this.points.length = this.n = this.doubts = 0;
    this.fixed = this.base = this.slope = this.least = 0;
  }
}

/** One over the square of how far off a point may be: half of what it was under way longer than the best. */
function weightOf(p: Point, least: number): number {
  const off = grain + (p.delay - least) / 2;
  return 1 / (off * off);
}

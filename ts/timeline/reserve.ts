/** How many transits say what the network does: some seconds, and enough to see one in a hundred. */
export const transits = 256;

/**
 * A Reserve is how much time is set aside for what is under way, so that all but a share of it comes in time.
 * It grows as soon as too much is late, and shrinks only when less would have done for a while, so that it
 * does not waver (hysteresis).
 */
export class Reserve {
  size: number;
  private all = new Float64Array(transits); // a ring: how long things were under way
  private sorted = new Float64Array(transits);
  private seen = 0;
  private need = 0; // the most that was needed since then
  private calmSince = 0;

  constructor(
    private late: number, // the share that may be
    private forgive: number, // so many may be late however few there were
    readonly least: number,
    readonly most: number,
    private calm: number,
  ) {
    this.size = least;
  }

  /** Takes how long a thing was under way that came at a time; extra is needed beyond that. */
  learn(at: number, transit: number, extra: number, late: boolean): void {
    this.all[this.seen++ % transits] = transit;
    if (this.seen % 16 !== 0 && !late && this.seen > 16) return;
    const need = Math.min(Math.max(this.quantile() + extra, this.least), this.most);
    if (need < this.size) {
      this.need = Math.max(this.need, need);
      if (at - this.calmSince < this.calm) return;
    }
    this.size = need < this.size ? this.need : need;
    this.need = 0;
    this.calmSince = at;
  }

  /** What all but the share would have been in time with. */
  private quantile(): number {
    const n = Math.min(this.seen, transits);
    const s = this.sorted.subarray(0, n);
    s.set(this.all.subarray(0, n));
    s.sort();
    return s[n - 1 - Math.min(Math.max(Math.floor(this.late * n), this.forgive), n - 1)]!;
  }

  reset(): void {
    this.size = this.least;
    this.seen = this.need = this.calmSince = 0;
  }
}

/** A Bucket fills at a rate and holds a twentieth of a second of it. What finds it empty waits. */
export class Bucket {
  private level: number;
  private readonly most: number;
  private at: number;

  /** @param rate units a second; 0: no limit */
  constructor(
    now: number,
    readonly rate: number,
  ) {
    this.most = this.level = Math.max(Math.floor(rate / 20), 1);
    this.at = now;
  }

  /** When something may go. */
  readyAt(): number {
    if (this.rate <= 0 || this.level > 0) return -Infinity;
    return this.at + Math.floor((-this.level / this.rate) * 1e6) + 1;
  }

  /** How many units go within a time; Infinity: there is no limit. */
  within(now: number, time: number): number {
    if (this.rate <= 0) return Infinity;
    const level = Math.min(this.level + (Math.max(now - this.at, 0) * this.rate) / 1e6, this.most);
    return Math.max(level + (time * this.rate) / 1e6, 0);
  }

  /** Takes units out: what is larger than what there is leaves a debt. */
  spend(now: number, units: number): void {
    if (this.rate <= 0) return;
    if (now > this.at) {
      this.level = Math.min(this.level + ((now - this.at) * this.rate) / 1e6, this.most);
      this.at = now;
    }
    this.level -= units;
  }
}

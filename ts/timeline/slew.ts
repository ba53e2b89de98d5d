import { check } from "./error.js";

/** In how long an error would be gone if it were caught up with at the speed of the first moment. */
const slewTime = 1_000_000;

/**
 * A Slew is a position in time that follows a target without jumping: like a film that runs a little faster or
 * slower until it is where it should be. Only what is too far off is jumped over.
 */
export class Slew {
  at = 0;
  running = false;
  jumps = 0;
  private now = 0;

  /** By how much the speed differs at most, as a fraction; and the error that is jumped over. */
  constructor(
    private most = 0.05,
    private jump = 250_000,
  ) {
    check(most > 0 && most < 1, "slew", most, "above 0 and below 1; 0.05 if it is left out");
    check(jump > 0, "jump", jump, "above 0 µs; 250000 if it is left out");
  }

  /** Moves the position to where it is at now, and returns it. */
  advance(now: number, target: number): number {
    const past = Math.max(now - this.now, 0);
    const off = target - (this.at + past);
    if (!this.running) {
      this.at = target;
      this.running = true;
    } else if (Math.abs(off) > this.jump) {
      this.at = target;
      this.jumps++;
    } else {
      this.at += past + Math.min(Math.max(off / slewTime, -this.most), this.most) * past;
    }
    this.now = Math.max(this.now, now);
    return this.at;
  }

  reset(): void {
    this.at = this.now = this.jumps = 0;
    this.running = false;
  }
}

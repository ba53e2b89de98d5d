const span = 1024;

/** A Window knows which of the newest 1024 numbers came: SPEC.md, 7.11. */
export class Window {
  /** One more than the newest that came. */
  next = 0;
  private seen = new Float64Array(span).fill(-1);

  /** Whether a number did not come yet, as far as is known. */
  fresh(number: number): boolean {
    return number >= this.next - span && this.seen[number % span] !== number;
  }

  /** Takes all below a number as come. */
  skip(number: number): void {
    for (let n = Math.max(this.next, number - span); n < number; n++) this.mark(n);
  }

  mark(number: number): void {
    this.seen[number % span] = number;
    if (number >= this.next) this.next = number + 1;
  }
}

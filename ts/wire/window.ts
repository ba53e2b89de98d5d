const span = 1024;

/**
 * A Window knows which of the newest 1024 numbers came: those of packets (SPEC.md, 5) and of messages (7.11). One that lies too
 * far back to tell is not fresh.
 */
export class Window {
  /** One more than the newest that came. */
  next = 0;
  private readonly seen = new Float64Array(span).fill(-1);

  /** Whether a number did not come yet, as far as is known. */
  fresh(number: number): boolean {
    return number >= this.next - span && this.seen[number % span] !== number;
  }

  mark(number: number): void {
    this.seen[number % span] = number;
    if (number >= this.next) this.next = number + 1;
  }
}

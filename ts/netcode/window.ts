/**
 * A Window remembers which of the last numbers came: those that came before, or lie too far back to tell, are
 * not fresh (SPEC.md, 5).
 */
export class Window {
  /** −1: nothing came. */
  largest = -1;
  private readonly bits: Uint32Array;

  /** @param size a multiple of 32 */
  constructor(private readonly size = 1024) {
    this.bits = new Uint32Array(size / 32);
  }

  fresh(n: number): boolean {
    const back = this.largest - n;
    return back < 0 || (back < this.size && (this.bits[this.word(n)]! & (1 << (n & 31))) === 0);
  }

  mark(n: number): void {
    if (n - this.largest >= this.size) {
      this.bits.fill(0);
    } else {
      for (let i = this.largest + 1; i < n; i++) this.bits[this.word(i)]! &= ~(1 << (i & 31));
    }
    this.bits[this.word(n)]! |= 1 << (n & 31);
    this.largest = Math.max(this.largest, n);
  }

  private word(n: number): number {
    return (n % this.size) >>> 5;
  }
}

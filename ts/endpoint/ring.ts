/** A Ring is a queue of things that are numbered in a row: it grows as it must, and its memory is used again. */
export class Ring<T> {
  /** The number of the oldest. */
  base = 0;
  /** The number of the next one. */
  end = 0;
  private items: (T | undefined)[] = new Array<T | undefined>(16);

  get length(): number {
    return this.end - this.base;
  }

  /** What has a number; undefined: none has. */
  at(number: number): T | undefined {
    if (number < this.base || number >= this.end) return undefined;
    return this.items[number % this.items.length];
  }

  /** Puts another one in the place of what has a number. */
  put(number: number, item: T): void {
    this.items[number % this.items.length] = item;
  }

  push(item: T | undefined): void {
    const { items } = this;
    if (this.length === items.length) {
      const larger = new Array<T | undefined>(2 * items.length);
      for (let n = this.base; n < this.end; n++)
        larger[n % larger.length] = items[n % items.length];
      this.items = larger;
    }
    this.items[this.end++ % this.items.length] = item;
  }

  /** Takes the oldest out; undefined if there is none. */
  shift(): T | undefined {
    if (!this.length) return undefined;
    const at = this.base++ % this.items.length;
    const item = this.items[at];
    this.items[at] = undefined;
    return item;
  }
}

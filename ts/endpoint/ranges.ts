/** Ranges are whole numbers, or bytes, in ranges that do not touch, ascending. */
export class Ranges {
  /** Pairs: where a range begins, and the first that is behind it. */
  readonly at: number[] = [];

  /** How many ranges there are. */
  get length(): number {
    return this.at.length / 2;
  }

  clear(): void {
    this.at.length = 0;
  }

  /** The first place in pairs whose range ends at a number or behind it. */
  private find(number: number): number {
    let low = 0;
    let high = this.at.length / 2;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.at[2 * mid + 1]! < number) low = mid + 1;
      else high = mid;
    }
    return 2 * low;
  }

  /** Adds from … to, and says how many of these are new. */
  add(from: number, to: number): number {
    const { at } = this;
    const first = this.find(from);
    let i = first;
    let fresh = to - from;
    let [low, high] = [from, to];
    for (; i < at.length && at[i]! <= to; i += 2) {
      fresh -= Math.max(Math.min(at[i + 1]!, to) - Math.max(at[i]!, from), 0);
      low = Math.min(low, at[i]!);
      high = Math.max(high, at[i + 1]!);
    }
    if (i === first + 2) {
      at[first] = low; // the usual case: one range grows
      at[first + 1] = high;
    } else {
      at.splice(first, i - first, low, high);
    }
    return fresh;
  }

  /** Takes from … to out. */
  remove(from: number, to: number): void {
    const { at } = this;
    let i = this.find(from + 1);
    while (i < at.length && at[i]! < to) {
      const [low, high] = [at[i]!, at[i + 1]!];
      if (low < from && high > to) {
        at.splice(i + 1, 0, from, to);
        return;
      }
      if (low < from) {
        at[i + 1] = from;
        i += 2;
      } else if (high > to) {
        at[i] = to;
        return;
      } else {
        at.splice(i, 2);
      }
    }
  }

  /** Where the first part of from … to begins that is not there; to: all is. It ends at {@link gapEnd}. */
  gap(from: number, to: number): number {
    let i = this.find(from + 1);
    if (i < this.at.length && this.at[i]! <= from) {
      from = this.at[i + 1]!;
      i += 2;
    }
    this.gapEnd = i < this.at.length ? Math.min(this.at[i]!, to) : to;
    return Math.min(from, to);
  }

  gapEnd = 0;

  /** Whether all of from … to is there. */
  covers(from: number, to: number): boolean {
    return this.gap(from, to) >= to;
  }

  /** Whether from … to would join a range that there is. */
  touches(from: number, to: number): boolean {
    const i = this.find(from);
    return i < this.at.length && this.at[i]! <= to;
  }
}

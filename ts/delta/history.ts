import { type Reader } from "../codec/index.js";
import { type Type } from "./type.js";

/** How many newer versions of a value a Sender may have sent when it hears that one arrived, and may make it the baseline. */
export const mostVersions = 128;

/** How many messages later one may come and still find its baselines. */
export const reorderSpan = 64;

/** How many versions a Receiver keeps for being new; baselines of the last reorderSpan messages beside them. */
const keptVersions = mostVersions + reorderSpan;

/** A Version is a value as it was written into one message. */
interface Version {
  seq: number; // of that message
  base: number; // of its baseline's message; 0: it was written in full
  nth: number; // of the versions of a Sender
  bits: Uint8Array; // room for all of it, encoded
  size: number;
}

export function equalBytes(a: Uint8Array, size: number, b: Uint8Array): boolean {
  if (size !== b.length) return false;
  for (let i = 0; i < size; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Copies bytes, into the memory of to where that will do. */
function keep(bits: Uint8Array, to: Uint8Array): Uint8Array {
  if (to.length < bits.length) to = new Uint8Array(bits.length + 8);
  to.set(bits);
  return to;
}

const none = new Uint8Array(0);

/** A History is the versions of one value, the oldest first. The memory of those that are dropped is used again. */
export class History {
  n = 0;
  private all: Version[] = [];

  at(i: number): Version {
    return this.all[i]!;
  }

  /** Puts a version in its place; there is none of that message yet. */
  add(seq: number, base: number, nth: number, bits: Uint8Array): void {
    const { all } = this;
    if (this.n === all.length) all.push({ seq, base, nth, bits: none, size: 0 });
    const v = all[this.n]!;
    v.seq = seq;
    v.base = base;
    v.nth = nth;
    v.bits = keep(bits, v.bits);
    v.size = bits.length;
    let i = this.n++;
    for (; i > 0 && all[i - 1]!.seq > seq; i--) all[i] = all[i - 1]!;
    all[i] = v;
  }

  /** Where the version of a message stands; −1: there is none. */
  find(seq: number): number {
    for (let i = this.n - 1; i >= 0 && this.all[i]!.seq >= seq; i--) {
      if (this.all[i]!.seq === seq) return i;
    }
    return -1;
  }

  drop(i: number): void {
    const { all } = this;
    const old = all[i]!;
    all.copyWithin(i, i + 1, this.n--);
    all[this.n] = old;
  }

  /** Drops the oldest. */
  forget(n: number): void {
    for (; n > 0; n--) this.drop(0);
  }

  /**
   * Forgets what no message can have as its baseline any more: what is older than the baseline that was in use
   * a reorderSpan ago, and beyond keptVersions all that was none since.
   */
  prune(): void {
    const { all } = this;
    const newest = all[this.n - 1]!.seq;
    let floor = 0;
    let since = 0; // the first version since a reorderSpan
    for (; all[since]!.seq + reorderSpan < newest; since++) {
      floor = Math.max(floor, all[since]!.base);
    }
    let old = 0;
    while (all[old]!.seq < floor) old++;
    this.forget(old);
    since = Math.max(since - old, 0);
    for (let i = 0; i < this.n - keptVersions;) {
      if (this.inUse(all[i]!.seq, since)) i++;
      else this.drop(i);
    }
  }

  /** Whether a version was the baseline of one that stands at a place or behind it. */
  private inUse(seq: number, from: number): boolean {
    for (let i = from; i < this.n; i++) if (this.all[i]!.base === seq) return true;
    return false;
  }
}

/** A Baseline is a value that both ends have. */
export class Baseline<T> {
  /** Of the message that brought it; 0: there is none. */
  seq = 0;
  value: T;
  private bits: Uint8Array = none;
  private size = 0;

  constructor(private type: Type<T>) {
    this.value = type.create();
  }

  is(bits: Uint8Array): boolean {
    return this.seq > 0 && equalBytes(this.bits, this.size, bits);
  }

  /** Takes a version of a history. */
  set(r: Reader, of: History, i: number): void {
    const v = of.at(i);
    this.bits = keep(v.bits.subarray(0, v.size), this.bits);
    this.size = v.size;
    r.start(this.bits.subarray(0, v.size));
    this.type.readBits(r, this.value);
    this.seq = v.seq;
  }
}

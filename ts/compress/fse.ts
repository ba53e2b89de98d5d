import { type Bits } from "./bits.js";
import { OpenError } from "./error.js";
import { type Input } from "./input.js";

/** The place of the highest bit of v, which is above 0. */
export const log2 = (v: number): number => 31 - Math.clz32(v);

/** A Table decodes a finite state entropy code (RFC 8878, 4.1): each state means a symbol. */
export interface Table {
  /** How many bits the first state has. */
  readonly bits: number;
  readonly symbols: Uint8Array;
  /** How many bits a state takes for the next, */
  readonly widths: Uint8Array;
  /** which is at these and further. */
  readonly bases: Uint16Array;
}

/** The state that follows. */
export function nextState(t: Table, state: number, bits: Bits): number {
  return t.bases[state]! + bits.take(t.widths[state]!);
}

/** A table that has one symbol, which takes no bits. */
export function tableOfOne(symbol: number): Table {
  return {
    bits: 0,
    symbols: Uint8Array.of(symbol),
    widths: new Uint8Array(1),
    bases: new Uint16Array(1),
  };
}

/** Makes the table of so many bits in which each symbol has its share of the states; -1 is less than one. */
export function tableOf(bits: number, shares: readonly number[]): Table {
  const size = 1 << bits;
  const t: Table = {
    bits,
    symbols: new Uint8Array(size),
    widths: new Uint8Array(size),
    bases: new Uint16Array(size),
  };
  spread(t, shares);
  const next = shares.map(Math.abs);
  for (let state = 0; state < size; state++) {
    const n = next[t.symbols[state]!]!++;
    const width = bits - log2(n);
    t.widths[state] = width;
    t.bases[state] = (n << width) - size;
  }
  return t;
}

/** Spreads the symbols over the states: the rare ones from the end on, the others in strides. */
function spread(t: Table, shares: readonly number[]): void {
  const size = t.symbols.length;
  let end = size;
  shares.forEach((share, symbol) => {
    if (share < 0) t.symbols[--end] = symbol;
  });
  const stride = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  shares.forEach((share, symbol) => {
    for (let i = 0; i < share; i++) {
      t.symbols[at] = symbol;
      do at = (at + stride) & (size - 1);
      while (at >= end);
    }
  });
}

/** Reads the description of a table of at most so many bits, and of symbols 0 to last (RFC 8878, 4.1.1). */
export function readTable(input: Input, mostBits: number, last: number): Table {
  const { bytes, at } = input;
  let pos = 0;
  const take = (n: number): number => {
    const i = at + (pos >> 3);
    const v = (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16)) >> (pos & 7);
    pos += n;
    return v & ((1 << n) - 1);
  };
  const bits = take(4) + 5;
  if (bits > mostBits) throw new OpenError("table", bits, `at most ${mostBits} bits`);
  const shares: number[] = [];
  let left = 1 << bits;
  while (left > 0 && shares.length <= last) {
    const share = readShare(take, left, () => pos--);
    left -= Math.abs(share);
    shares.push(share);
    for (let more = share === 0 ? 3 : 0; more === 3;) {
      more = take(2);
      for (let i = 0; i < more; i++) shares.push(0);
      if (shares.length > last) break;
    }
  }
  if (left !== 0 || shares.length > last + 1) {
    throw new OpenError("table", shares.length, `shares of ${last + 1} symbols, all in all 1`);
  }
  input.take((pos + 7) >> 3);
  return tableOf(bits, shares);
}

/** Reads a share of at most left: the low ones have a bit less, which is given back. */
function readShare(take: (n: number) => number, left: number, back: () => void): number {
  const width = log2(left + 1) + 1;
  const v = take(width);
  const low = v & ((1 << (width - 1)) - 1);
  const short = (1 << width) - 2 - left;
  if (low < short) {
    back();
    return low - 1;
  }
  return (v >= 1 << (width - 1) ? v - short : v) - 1;
}

import { Bits } from "./bits.js";
import { OpenError } from "./error.js";
import { log2, nextState, readTable } from "./fse.js";
import { Input } from "./input.js";

/** A Tree decodes literals: what the next bits are says which symbol it is, and how many it has. */
export interface Tree {
  readonly bits: number;
  readonly symbols: Uint8Array;
  readonly widths: Uint8Array;
}

const mostBits = 11;

/** Reads a tree (RFC 8878, 4.2.1). */
export function readTree(input: Input): Tree {
  const head = input.byte();
  const weights =
    head < 128 ? packedWeights(new Input(input.take(head))) : plainWeights(input, head - 127);
  let sum = 0;
  for (const w of weights) sum += w > 0 ? 2 ** (w - 1) : 0;
  if (sum === 0 || sum >= 1 << mostBits) throw new OpenError("table", sum, "weights of a tree");
  const bits = log2(sum) + 1;
  const rest = (1 << bits) - sum;
  if ((rest & (rest - 1)) !== 0) throw new OpenError("table", rest, "a power of two");
  weights.push(log2(rest) + 1); // that of the last symbol follows from the others
  return treeOf(bits, weights);
}

function plainWeights(input: Input, n: number): number[] {
  const weights: number[] = [];
  for (const byte of input.take((n + 1) >> 1)) weights.push(byte >> 4, byte & 15);
  weights.length = n;
  return weights;
}

/** Reads weights of which two states take turns, until the bits are used up. */
function packedWeights(input: Input): number[] {
  const table = readTable(input, 6, mostBits);
  const bits = new Bits(input.rest());
  let state = bits.take(table.bits);
  let other = bits.take(table.bits);
  if (bits.left < 0) throw new OpenError("short");
  const weights: number[] = [];
  while (bits.left >= 0) {
    if (weights.length > 253) throw new OpenError("table", weights.length, "at most 255 weights");
    weights.push(table.symbols[state]!);
    [state, other] = [other, nextState(table, state, bits)];
  }
  weights.push(table.symbols[state]!);
  return weights;
}

/** Gives each symbol its codes: the longest come first. */
function treeOf(bits: number, weights: readonly number[]): Tree {
  const tree: Tree = {
    bits,
    symbols: new Uint8Array(1 << bits),
    widths: new Uint8Array(1 << bits),
  };
  let at = 0;
  for (let w = 1; w <= bits; w++) {
    weights.forEach((weight, symbol) => {
      if (weight !== w) return;
      const end = at + (1 << (w - 1));
      tree.symbols.fill(symbol, at, end);
      tree.widths.fill(bits + 1 - w, at, end);
      at = end;
    });
  }
  return tree;
}

/** Decodes the symbols of a stream, as many as there is room for. */
export function readSymbols(tree: Tree, stream: Uint8Array, to: Uint8Array): void {
  const bits = new Bits(stream);
  const { symbols, widths } = tree;
  for (let i = 0; i < to.length; i++) {
    const code = bits.take(tree.bits);
    const width = widths[code]!;
    to[i] = symbols[code]!;
    bits.left += tree.bits - width;
    if (bits.left < 0) throw new OpenError("short");
  }
  bits.finish();
}

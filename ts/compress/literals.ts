import { OpenError } from "./error.js";
import { readSymbols, readTree, type Tree } from "./huffman.js";
import { Input } from "./input.js";

/** The most that a block takes, and that it opens to (RFC 8878, 3.1.1.2.4). */
export const mostOfBlock = 128 << 10;

/** The literals of a block, and the tree that they came with, or that was there before. */
export type Literals = readonly [bytes: Uint8Array, tree: Tree | undefined];

/** Reads the literals of a block, of which at most room have a place (RFC 8878, 3.1.1.3.1). */
export function readLiterals(input: Input, room: number, tree: Tree | undefined): Literals {
  const first = input.bytes[input.at] ?? 0;
  const kind = first & 3;
  const form = (first >> 2) & 3;
  if (kind < 2) {
    const n = input.number([1, 2, 1, 3][form]!) >> (form % 2 === 0 ? 3 : 4);
    check(n, room);
    return [kind === 0 ? input.take(n) : new Uint8Array(n).fill(input.byte()), tree];
  }
  const head = input.number([3, 3, 4, 5][form]!);
  const width = [10, 10, 14, 18][form]!;
  const n = Math.floor(head / 16) % 2 ** width;
  const body = new Input(input.take(Math.floor(head / 2 ** (4 + width))));
  check(n, room);
  const own = kind === 2 ? readTree(body) : tree;
  if (own === undefined) throw new OpenError("table", undefined, "a tree from a block before");
  const bytes = new Uint8Array(n);
  if (form === 0) readSymbols(own, body.rest(), bytes);
  else readStreams(own, body, bytes);
  return [bytes, own];
}

/** All literals of a block come to stand in the message, so there are not more than that misses. */
function check(n: number, room: number): void {
  const most = Math.min(room, mostOfBlock);
  if (n > most) throw new OpenError("length", n, `at most ${most} literals`);
}

/** Reads four streams, the lengths of the first three standing in front. */
function readStreams(tree: Tree, body: Input, to: Uint8Array): void {
  const lengths = [body.number(2), body.number(2), body.number(2)];
  const part = (to.length + 3) >> 2;
  if (3 * part > to.length) throw new OpenError("table", to.length, "literals for four streams");
  lengths.push(body.left - lengths.reduce((a, b) => a + b));
  lengths.forEach((n, i) => {
    if (n < 0) throw new OpenError("short");
    readSymbols(tree, body.take(n), to.subarray(i * part, i < 3 ? (i + 1) * part : to.length));
  });
}

import { Bits } from "./bits.js";
import { OpenError } from "./error.js";
import { nextState, readTable, tableOf, tableOfOne, type Table } from "./fse.js";
import { type Input } from "./input.js";
import { type Output } from "./output.js";

/** A Code is what a symbol means: a number from its base on, of so many bits. */
interface Code {
  readonly bits: readonly number[];
  readonly bases: readonly number[];
  readonly mostBits: number;
  readonly predefined: Table;
}

function codeOf(from: number, bits: number[], mostBits: number, table: Table): Code {
  let base = from;
  const bases = bits.map((n) => (base += 2 ** n) - 2 ** n);
  return { bits, bases, mostBits, predefined: table };
}

const times = (n: number, v: number): number[] => new Array<number>(n).fill(v);
const upTo = (n: number): number[] => times(n, 0).map((_, i) => i);

/** The codes of RFC 8878, 3.1.1.3.2.1.1, with the tables of 3.1.1.3.2.2. */
const literalLengths = codeOf(
  0,
  [...times(16, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, ...upTo(17).slice(6)],
  9,
  tableOf(6, [
    ...[4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2],
    ...[...times(5, 1), ...times(4, -1)],
  ]),
);
const matchLengths = codeOf(
  3,
  [...times(32, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, ...upTo(17).slice(7)],
  9,
  tableOf(6, [1, 4, 3, ...times(6, 2), ...times(37, 1), ...times(7, -1)]),
);
/** Offsets of more than 28 bits reach further back than any message is long. */
const offsets = codeOf(
  1,
  upTo(29),
  8,
  tableOf(5, [...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)]),
);

/** What sequences leave to those of the next block. */
export class Memory {
  /** The last three offsets. */
  readonly last: [number, number, number] = [1, 4, 8];
  /** The tables of literal lengths, of offsets and of match lengths. */
  readonly tables: (Table | undefined)[] = [undefined, undefined, undefined];
}

const codes = [literalLengths, offsets, matchLengths] as const;

/** Reads how many sequences a block has. */
function readCount(input: Input): number {
  const first = input.byte();
  if (first < 128) return first;
  return first < 255 ? (first - 128) * 256 + input.byte() : input.number(2) + 0x7f00;
}

/** Reads the sequences of a block, which are the rest of it, and appends what they and the literals make. */
export function readSequences(
  input: Input,
  literals: Uint8Array,
  memory: Memory,
  out: Output,
): void {
  const n = readCount(input);
  let used = 0;
  if (n > 0) {
    readTables(input, memory);
    used = execute(n, new Bits(input.rest()), literals, memory, out);
  }
  if (input.left > 0) throw new OpenError("trailing", input.left);
  out.put(literals.subarray(used));
}

/** Reads which tables the sequences have: predefined ones, one symbol alone, new ones, those of the block before. */
function readTables(input: Input, memory: Memory): void {
  const modes = input.byte();
  if ((modes & 3) !== 0) throw new OpenError("table", modes, "0 in the low two bits");
  codes.forEach((code, i) => {
    const mode = (modes >> (6 - 2 * i)) & 3;
    if (mode === 0) memory.tables[i] = code.predefined;
    if (mode === 1) memory.tables[i] = tableOfOne(input.byte());
    if (mode === 2) {
      memory.tables[i] = readTable(
        input,
        code.mostBits,
        code === offsets ? 31 : code.bits.length - 1,
      );
    }
    if (memory.tables[i] === undefined) throw new OpenError("table", mode, "a table from before");
  });
}

/** Takes the number that a state means. */
function numberOf(code: Code, table: Table, state: number, bits: Bits): number {
  const symbol = table.symbols[state]!;
  const width = code.bits[symbol];
  if (width === undefined) throw new OpenError("table", symbol, "a symbol that means a length");
  return code.bases[symbol]! + bits.take(width);
}

/** Executes sequences, each of which appends literals and a copy. Returns how many literals they used. */
function execute(n: number, bits: Bits, literals: Uint8Array, memory: Memory, out: Output): number {
  const [l, o, m] = memory.tables as [Table, Table, Table];
  let used = 0;
  let ls = bits.take(l.bits);
  let os = bits.take(o.bits);
  let ms = bits.take(m.bits);
  for (let i = 0; i < n; i++) {
    const far = numberOf(offsets, o, os, bits);
    const length = numberOf(matchLengths, m, ms, bits);
    const before = numberOf(literalLengths, l, ls, bits);
    if (i < n - 1) {
      ls = nextState(l, ls, bits);
      ms = nextState(m, ms, bits);
      os = nextState(o, os, bits);
    }
    if (bits.left < 0 || used + before > literals.length) throw new OpenError("short");
    out.put(literals.subarray(used, used + before));
    used += before;
    out.copy(offsetOf(far, before === 0, memory.last), length);
  }
  bits.finish();
  return used;
}

/** Returns the offset that a number means, 1 to 3 being those of the last copies (RFC 8878, 3.1.1.5). */
function offsetOf(far: number, bare: boolean, last: [number, number, number]): number {
  const [a, b, c] = last;
  const again = far > 3 ? 4 : far - (bare ? 0 : 1);
  if (again === 0) return a;
  const offset = again === 4 ? far - 3 : again === 1 ? b : again === 2 ? c : a - 1;
  last[0] = offset;
  last[1] = a;
  if (again > 1) last[2] = b;
  return offset;
}

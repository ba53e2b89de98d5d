import { OpenError } from "./error.js";
import { type Input } from "./input.js";
import { Output } from "./output.js";

/** Takes the opened length, with which a block of S2 begins. */
export function blockLength(input: Input): number {
  let v = 0;
  for (let unit = 1; unit < 2 ** 35; unit *= 128) {
    const byte = input.byte();
    v += (byte & 127) * unit;
    if (byte < 128) {
      if (v < 2 ** 32 && (byte > 0 || unit === 1)) return v;
      break;
    }
  }
  throw new OpenError("length", v, "a number of 32 bits, in its shortest form");
}

/** The least length of a copy that has 1, 2 or 3 bytes for it. */
const longer = [8, 260, 65540] as const;

/** The first bytes of a message alone have the dictionary in reach. */
const reach = 65536;

/** Appends a copy, which lies in the message or in the dictionary, and not in both. */
function copy(out: Output, offset: number, n: number): void {
  const back = offset - out.at;
  if (back > 0 && (n > back || out.at >= reach)) throw new OpenError("offset", offset);
  out.copy(offset, n);
}

/** Opens the elements of a block, SPEC.md, 11. */
export function openBlock(input: Input, length: number, dictionary: Uint8Array): Uint8Array {
  const out = new Output(length, dictionary);
  let offset = dictionary.length;
  while (input.left > 0) {
    const tag = input.byte();
    const kind = tag & 3;
    const upper = tag >> 2;
    let n = upper + 1;
    if (kind === 0) {
      out.put(input.take(upper < 60 ? n : input.number(upper - 59) + 1));
      continue;
    }
    if (kind === 1) {
      n = 4 + (upper & 7);
      const near = ((tag >> 5) << 8) | input.byte();
      if (near > 0) offset = near;
      else if (n > 8) n = longer[(n - 9) as 0 | 1 | 2] + input.number(n - 8);
    } else {
      offset = input.number(2 * kind - 2);
    }
    copy(out, offset, n);
  }
  return out.finish();
}

// Strings as UTF-8. Those that are short and plain, as most of a game are, go by a loop, without a
// call into the engine's decoder.

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const shortText = 24;

/** Memory for the bytes of one string. */
let scratch = /* @__PURE__ */ new Uint8Array(256);

/** Memory for so many bytes, good until the next call here. */
export function scratchOf(bytes: number): Uint8Array {
  if (scratch.length < bytes) scratch = new Uint8Array(2 * bytes);
  return scratch;
}

/** Puts the bytes of a string into memory of {@link scratchOf}, and returns how many they are. */
export function encodeText(s: string): number {
  const to = scratchOf(3 * s.length);
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c >= 0x80) return encoder.encodeInto(s, to).written;
    to[i] = c;
  }
  return s.length;
}

/**
 * The string of n bytes; what is not UTF-8 is replaced, and cut where it becomes longer than limit. If it is
 * old, that is returned, and nothing is allocated.
 */
export function decodeText(bytes: Uint8Array, n: number, old: string, limit: number): string {
  let ascii = true;
  let same = old.length === n;
  for (let i = 0; i < n; i++) {
    const c = bytes[i]!;
    ascii &&= c < 0x80;
    same &&= c === old.charCodeAt(i);
  }
  if (ascii && same) return old;
  if (!ascii) return fitting(decoder.decode(bytes.subarray(0, n)), limit);
  if (n > shortText) return decoder.decode(bytes.subarray(0, n));
  let s = "";
  for (let i = 0; i < n; i++) s += String.fromCharCode(bytes[i]!);
  return s;
}

/** A replacement has three bytes in place of one: without a cut such a string could not be written again. */
function fitting(s: string, limit: number): string {
  if (3 * s.length <= limit || !s.includes("\ufffd")) return s;
  let n = encodeText(s);
  if (n <= limit) return s;
  for (n = limit; (scratch[n]! & 0xc0) === 0x80; n--); // back to where a character begins
  return decoder.decode(scratch.subarray(0, n));
}

/** Compares strings by their bytes in UTF-8: in which order a map has them. */
export function compareText(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Halves of a pair stand for characters above all that have no pair. */
function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Whether a string has a half of a pair alone, of which UTF-8 makes a replacement. */
export function isBroken(s: string): boolean {
  return /\p{Surrogate}/u.test(s);
}

import {
  GROUP,
  KEYED,
  maxBack,
  maxSymbol,
  want,
  Writer,
  type Key,
  type Reader,
} from "../wire/first.js";

/** What a RUN of its own would say of a message beside its id: a sum is of these (SPEC.md, 6.9). */
export interface Symbol {
  options: number;
  key: Key | undefined;
  back: number;
  bytes: Uint8Array;
  size: number;
}

/** Writes the symbol of a message; {@link Writer.fits} says whether it is one. */
export function writeSymbol(w: Writer, s: Symbol): void {
  w.at = 0;
  if (s.size > maxSymbol) {
    w.at = w.end + 1;
    return;
  }
  w.v(s.size);
  w.raw(s.bytes, 0, s.size);
  if (s.options === 0) return;
  w.u8(s.options);
  if (s.options & KEYED) w.v(s.key!);
  if (s.options & GROUP) w.v(s.back);
}

/** What {@link writeSymbol} writes to. */
export function symbolWriter(): Writer {
  const w = new Writer(new Uint8Array(maxSymbol + 16));
  w.end = maxSymbol;
  return w;
}

/** Reads a symbol with the zeros behind it, to the reader's end. A droppable is in no sum: it has no id of its own. */
export function readSymbol(r: Reader, keyOf: (r: Reader) => Key): Symbol {
  const bytes = r.block();
  const s: Symbol = { options: 0, key: undefined, back: 0, bytes, size: bytes.length };
  if (r.left > 0 && r.bytes[r.at] !== 0) {
    s.options = r.u8();
    want(s.options === KEYED || s.options === GROUP);
    if (s.options === KEYED) s.key = keyOf(r);
    else s.back = r.atMost(maxBack);
  }
  while (r.left > 0) want(r.u8() === 0);
  return s;
}

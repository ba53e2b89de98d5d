import { FIRST, KEYED, OPTIONS, STORED_WANTED, TO_END, WIDE_ID, maxTotal } from "./constants.js";
import { want } from "./error.js";
import { exactOf } from "./exact.js";
import { type Key } from "./message.js";
import { type Reader } from "./reader.js";
import { appendId, appendOptions, readOptions, readPlace } from "./run.js";
import { type Writer } from "./writer.js";

/** A Fragment is a range of the bytes of a message, SPEC.md, 6.3. */
export class Fragment {
  channel = 0;
  /** What came of it: its low 16 bits, 32 if it is wide. */
  id = 0;
  wide = false;
  offset = 0;
  /** Of the whole message, where the offset is 0. */
  total = 0;
  /** How many bytes the fragment has; -1: all to the end of the packet. */
  length = 0;
  /** Whether the sender wants STORED. */
  stored = false;
  options = 0;
  key: Key = 0;
  back = 0;
  index = 0;
}

/** Appends what stands in front of the bytes of a fragment. */
export function appendFragment(w: Writer, f: Fragment): void {
  w.u8(
    0x40 |
      (f.offset === 0 ? FIRST : 0) |
      (f.wide ? WIDE_ID : 0) |
      (f.options ? OPTIONS : 0) |
      (f.length < 0 ? TO_END : 0) |
      (f.stored ? STORED_WANTED : 0),
  );
  w.v(f.channel);
  appendId(w, f.id, f.wide);
  appendOptions(w, f, f.options & KEYED ? f.key : undefined);
  w.v(f.offset === 0 ? f.total : f.offset);
  if (f.length >= 0) w.v(f.length);
}

/** Reads a fragment whose type was read, all but its bytes: they come next, as many as length says. */
export function readFragment(r: Reader, type: number, f: Fragment): void {
  f.channel = r.channel();
  f.wide = (type & WIDE_ID) !== 0;
  f.stored = (type & STORED_WANTED) !== 0;
  f.id = f.wide ? r.u32() : r.u16();
  f.options = f.back = f.index = 0;
  if (type & OPTIONS) {
    readOptions(r, f);
    if (f.options & KEYED) f.key = exactOf(r);
    readPlace(r, f);
  }
  const at = r.v();
  want(at >= 1 && at <= maxTotal);
  const first = (type & FIRST) !== 0;
  f.offset = first ? 0 : at;
  f.total = first ? at : 0;
  f.length = type & TO_END ? r.left : r.v();
  want(f.length > 0 && f.length <= r.left);
  want(!first || f.length <= at);
}

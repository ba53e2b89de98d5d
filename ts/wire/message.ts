import {
  DROPPABLE,
  FIRST,
  GROUP,
  KEYED,
  NO_IDS,
  OPTIONS,
  STORED_WANTED,
  TO_END,
  WIDE_ID,
  WIDE_RUN,
  maxBack,
  maxIndex,
  maxRun,
  maxTotal,
} from "./constants.js";
import { want } from "./error.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** A key: a bigint from 2^53 on. */
export type Key = number | bigint;

/** A Run is the header of messages of one channel that follow each other, SPEC.md, 6.2. */
export class Run {
  channel = 0;
  /** Id of the first message: what came are its low 16 bits, 32 if it is wide; -1: the messages have none. */
  first = -1;
  wide = false;
  options = 0;
  /** How far below the first id the group begins. */
  back = 0;
  /** Of the first droppable. */
  index = 0;
  count = 0;

  /** Whether the run needs the long form. */
  get long(): boolean {
    return this.wide || this.options !== 0;
  }
}

/** Appends the header of a run. Its count ends the long form, and is in the first byte of the short one. */
export function appendRun(w: Writer, run: Run): void {
  if (!run.long) {
    w.u8((run.first < 0 ? 0xc0 : 0x80) | run.count);
    w.v(run.channel);
    if (run.first >= 0) w.u16(run.first % 0x10000);
    return;
  }
  w.u8(0x60 | (run.wide ? WIDE_RUN : 0) | (run.options ? OPTIONS : 0));
  w.v(run.channel);
  appendId(w, run.first, run.wide);
  appendOptions(w, run, undefined);
  w.v(run.count);
}

function appendId(w: Writer, id: number, wide: boolean): void {
  if (wide) w.u32(id);
  else w.u16(id % 0x10000);
}

function appendOptions(
  w: Writer,
  of: { options: number; back: number; index: number },
  key: Key | undefined,
): void {
  if (!of.options) return;
  w.u8(of.options);
  if (key !== undefined) w.v(key);
  if (of.options & GROUP) w.v(of.back);
  if (of.options & DROPPABLE) w.v(of.index);
}

/**
 * Reads the header of a run whose type was read. The messages follow, each a length and bytes, the key
 * before the length if they are keyed.
 */
export function readRun(r: Reader, type: number, run: Run): void {
  run.wide = false;
  run.options = run.back = run.index = 0;
  run.channel = r.channel();
  if (type >= 0x80) {
    run.count = type & 63;
    want(run.count > 0);
    run.first = type < 0xc0 ? r.u16() : -1;
    return;
  }
  run.wide = (type & WIDE_RUN) !== 0;
  const ids = !(type & NO_IDS);
  want(!(type & 24) && (ids || !(type & (WIDE_RUN | OPTIONS))));
  run.first = ids ? (run.wide ? r.u32() : r.u16()) : -1;
  if (type & OPTIONS) {
    readOptions(r, run);
    readPlace(r, run);
  }
  run.count = r.count(maxRun);
}

function readOptions(r: Reader, of: { options: number }): void {
  const o = (of.options = r.u8());
  want(o === KEYED || (o !== 0 && (o & 6) === o));
}

function readPlace(r: Reader, of: { options: number; back: number; index: number }): void {
  of.back = of.options & GROUP ? r.atMost(maxBack) : 0;
  of.index = of.options & DROPPABLE ? r.atMost(maxIndex) : 0;
}

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
    if (f.options & KEYED) f.key = r.exact();
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

import {
  DROPPABLE,
  GROUP,
  KEYED,
  NO_IDS,
  OPTIONS,
  SHORT_RUN,
  WIDE_RUN,
  maxBack,
  maxIndex,
  maxRun,
} from "./constants.js";
import { want } from "./error.js";
import { appendRun, readRun, Run, type Key } from "./message.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** An OptionRun is a run in either form: the long one says what there is to say of its messages. */
export class OptionRun extends Run {
  wide = false;
  options = 0;
  /** How far below the first id the group begins. */
  back = 0;
  /** Of the first droppable. */
  index = 0;

  /** Whether the run needs the long form. */
  get long(): boolean {
    return this.wide || this.options !== 0;
  }
}

/** Appends the header of a run in the form that it needs. Its count ends the long one. */
export function appendOptionRun(w: Writer, run: OptionRun): void {
  if (!run.long) return appendRun(w, run);
  w.u8(0x60 | (run.wide ? WIDE_RUN : 0) | (run.options ? OPTIONS : 0));
  w.v(run.channel);
  appendId(w, run.first, run.wide);
  appendOptions(w, run, undefined);
  w.v(run.count);
}

/** Appends the low bits of an id: 16, or 32 if it is wide. */
export function appendId(w: Writer, id: number, wide: boolean): void {
  if (wide) w.u32(id);
  else w.u16(id % 0x10000);
}

/** Appends options, if there are any, and what they announce. */
export function appendOptions(
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

/** Reads the header of a run, whose type was read. The key of each message stands before its length if they are keyed. */
export function readOptionRun(r: Reader, type: number, run: OptionRun): void {
  run.wide = false;
  run.options = run.back = run.index = 0;
  if (type >= SHORT_RUN) return readRun(r, type, run);
  run.channel = r.channel();
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

/** Reads options. */
export function readOptions(r: Reader, of: { options: number }): void {
  const o = (of.options = r.u8());
  want(o === KEYED || (o !== 0 && (o & 6) === o));
}

/** Reads what options announce, but for a key. */
export function readPlace(r: Reader, of: { options: number; back: number; index: number }): void {
  of.back = of.options & GROUP ? r.atMost(maxBack) : 0;
  of.index = of.options & DROPPABLE ? r.atMost(maxIndex) : 0;
}

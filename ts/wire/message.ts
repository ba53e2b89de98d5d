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
  count = 0;
}

/** Appends the header of a run in its short form. Its count is in the first byte. */
export function appendRun(w: Writer, run: Run): void {
  w.u8((run.first < 0 ? 0xc0 : 0x80) | run.count);
  w.v(run.channel);
  if (run.first >= 0) w.u16(run.first % 0x10000);
}

/** Reads such a header whose type was read. The messages follow, each a length and bytes. */
export function readRun(r: Reader, type: number, run: Run): void {
  run.channel = r.channel();
  run.count = type & 63;
  want(run.count > 0);
  run.first = type < 0xc0 ? r.u16() : -1;
}

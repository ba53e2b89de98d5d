import { CLOSE, maxNamed, maxText, rowBytes } from "./constants.js";
import { Code, want } from "./error.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** Reads the rest of a packet as PADDING whose type was read. */
export function readPadding(r: Reader): void {
  while (r.left > 0) want(r.u8() === 0);
}

/** Begins SKIP, WINDOW, BLOCKED or STORED. */
export function appendHead(w: Writer, type: number, channel: number): void {
  w.u8(type);
  w.v(channel);
}

/** Appends WINDOW or BLOCKED. */
export function appendLimit(w: Writer, type: number, channel: number, limit: number): void {
  appendHead(w, type, channel);
  w.u32(limit);
}

/** A Close says why a connection ends. */
export interface Close {
  code: number;
  /** In UTF-8, at most {@link maxText}. */
  text: Uint8Array;
  /** The sender's rows, if the code is MISMATCH. */
  rows: Uint8Array;
}

/** Appends CLOSE. */
export function appendClose(w: Writer, c: Close): void {
  w.u8(CLOSE);
  w.v(c.code);
  w.block(c.text);
  w.v(c.rows.length / rowBytes);
  w.raw(c.rows);
}

/** Reads a CLOSE whose type was read. */
export function readClose(r: Reader): Close {
  const code = r.atMost(0xffffffff);
  want(code < Code.timeout || code >= Code.application);
  const text = r.block();
  want(text.length <= maxText);
  const rows = r.take(rowBytes * r.atMost(maxNamed));
  return { code, text, rows };
}

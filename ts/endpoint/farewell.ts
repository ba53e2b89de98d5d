import { appendClose, CLOSE_ACK, Code, maxText, Writer } from "../wire/first.js";

const noRows = new Uint8Array(0);

/** The frame by which an end says that it knows of the end. */
export const answer = Uint8Array.of(CLOSE_ACK);

/** The frame by which it ends a connection: SPEC.md, 6.5. */
export function farewell(code: number, text: string): Uint8Array {
  const local = code >= Code.timeout && code < Code.application;
  const bytes = new Uint8Array(maxText);
  const { written } = new TextEncoder().encodeInto(text, bytes);
  const w = new Writer(new Uint8Array(maxText + 16));
  appendClose(w, { code: local ? Code.none : code, text: bytes.subarray(0, written), rows: noRows });
  return w.written();
}

import { REPAIR } from "./constants.js";
import { appendHead } from "./frames.js";
import type { Repair } from "./repair.js";
import { type Writer } from "./writer.js";

/** Appends what stands in front of the bytes of REPAIR. */
export function appendRepair(w: Writer, s: Repair): void {
  appendHead(w, REPAIR, s.channel);
  w.u16(s.newest % 0x10000);
  w.u8(s.row | (s.toEnd ? 128 : 0));
  w.v(s.mask);
  if (!s.toEnd) w.v(s.length);
}

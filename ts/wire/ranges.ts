import { Ack, readAck } from "./ack.js";
import { PATH, RANGES, maxAckRanges, maxDistance } from "./constants.js";
import { want } from "./error.js";
import { type Reader } from "./reader.js";

/** Reads an ACK of any path, with all its ranges, whose type was read. */
export function readRanges(r: Reader, type: number, a: Ack): void {
  a.path = type & PATH ? r.u8() : -1;
  want(a.path <= 7);
  readAck(r, type, a);
  if (!(type & RANGES)) return;
  let oldest = a.ranges[1]!;
  for (let n = r.count(maxAckRanges - 1); n > 0; n--) {
    const newest = oldest + r.atMost(maxDistance) + 2;
    oldest = newest + r.atMost(maxDistance);
    a.add(newest, oldest);
  }
}

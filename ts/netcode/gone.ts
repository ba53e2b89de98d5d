import { same } from "./bytes.js";
import type { Sealer } from "./sealer.js";

/**
 * Whether a datagram that begins as GONE does may be believed: it names the connection, and the tail of one of the newest
 * packets (SPEC.md, 7.10).
 */
export function isGone({ id, log }: Sealer, b: Uint8Array): boolean {
  const { tails, sent } = log!;
  if (!same(b.subarray(1, 4), id.subarray(0, 3)) || (b[4]! & 0xf8) !== id[3]) return false;
  for (let at = Math.min(8 * sent, tails.length); at > 0; at -= 8)
    if (same(b.subarray(5), tails.subarray(at - 8, at))) return true;
  return false;
}

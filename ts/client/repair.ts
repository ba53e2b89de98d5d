import { learnRepair } from "../endpoint/repair.js";
import type { Dialed } from "./dialed.js";

// What brings lost messages back without a round trip. It loads with the first loss.

/** Has an endpoint know it. */
export function learn({ full }: Dialed): void {
  if (full) learnRepair(full);
}

import type { FullEndpoint } from "./endpoint_full.js";
import { Rebuilders } from "./rebuild.js";
import { Sums } from "./sums.js";

/** Has lost messages come back without a round trip: of either end (SPEC.md, 6.9 and 7.17). */
export function learnRepair({ inbox, outbox }: FullEndpoint): void {
  if (inbox.rebuilders) return;
  inbox.rebuilders = new Rebuilders();
  outbox.repairLost((s) => new Sums(s, "auto"));
}

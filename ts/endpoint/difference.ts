import type { ChannelRow } from "../wire/row.js";
import { Delivery } from "./config.js";

const deliveries = Object.keys(Delivery); // in the order of their numbers

/** What a row says, for people. */
const said = (row: ChannelRow, what: "delivery" | "largestMessage" | "name" | "compression") =>
  (what === "delivery" && deliveries[row.delivery]) || row[what];

/** The first difference between the rows of this end and those of its peer, for people. */
export function difference(ours: readonly ChannelRow[], theirs: readonly ChannelRow[]): string {
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    const a = ours[i];
    const b = theirs[i];
    if (!a || (b && b.channel < a.channel)) return `channel ${b!.channel} exists only at the peer`;
    if (!b || a.channel < b.channel) return `channel ${a.channel} exists only here`;
    for (const what of ["delivery", "largestMessage", "name", "compression"] as const) {
      if (a[what] !== b[what]) {
        return `channel ${a.channel}: ${what} is ${said(a, what)} here and ${said(b, what)} at the peer`;
      }
    }
  }
  return "no difference in the rows that came";
}

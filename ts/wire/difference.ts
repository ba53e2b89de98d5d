import { rowBytes } from "./constants.js";
import { Reader } from "./reader.js";
import { compressionRow, type ChannelRow } from "./row.js";

/** Reads rows, of channels alone: those of typed messages have other flags, and end the list. */
export function readRows(rows: Uint8Array): ChannelRow[] {
  const r = new Reader(rows);
  const all: ChannelRow[] = [];
  while (r.left >= rowBytes) {
    const channel = r.u16();
    const delivery = r.u8();
    if (r.u8() !== 0) return all;
    const largestMessage = r.u32();
    const name = r.u32();
    const last = all[all.length - 1];
    if (delivery === compressionRow && last?.channel === channel) last.compression = largestMessage;
    else all.push({ channel, delivery, largestMessage, name, compression: 0 });
  }
  return all;
}

/** The deliveries by their numbers (SPEC.md, 6.4), as Delivery has them. */
const deliveries = [
  "unreliable",
  "unreliableLatest",
  "reliableUnordered",
  "reliableLatest",
  "reliableOrdered",
];

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

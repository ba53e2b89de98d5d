import { hash } from "./number.js";
import { Reader } from "./reader.js";
import { Writer } from "./writer.js";
import { rowBytes } from "./constants.js";

/** The delivery of a row that says how its channel is compressed. */
const compressionRow = 255;

/** What both ends must agree on about a channel, SPEC.md, 6.4. */
export interface ChannelRow {
  channel: number;
  delivery: number;
  largestMessage: number;
  /** The low half of the hash of the channel's name. */
  name: number;
  /** Of a compressed channel the ID of its dictionary, 1 without one; 0: it is not compressed. */
  compression: number;
}

/** Appends the rows of channels in ascending order. */
export function channelRows(channels: readonly ChannelRow[]): Uint8Array {
  const w = new Writer(new Uint8Array(2 * rowBytes * channels.length));
  for (const c of [...channels].sort((a, b) => a.channel - b.channel)) {
    appendRow(w, c.channel, c.delivery, c.largestMessage, c.name);
    if (c.compression) appendRow(w, c.channel, compressionRow, c.compression, 0);
  }
  return w.written();
}

function appendRow(w: Writer, channel: number, delivery: number, n: number, name: number): void {
  w.u16(channel);
  w.u16(delivery);
  w.u32(n);
  w.u32(name);
}

/** The digest of rows that HELLO has. */
export const channelDigest = hash;

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

/** The first difference between the rows of this end and those of its peer, for people. */
export function difference(ours: readonly ChannelRow[], theirs: readonly ChannelRow[]): string {
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    const a = ours[i];
    const b = theirs[i];
    if (!a || (b && b.channel < a.channel)) return `channel ${b!.channel} exists only at the peer`;
    if (!b || a.channel < b.channel) return `channel ${a.channel} exists only here`;
    for (const what of ["delivery", "largestMessage", "name", "compression"] as const) {
      if (a[what] !== b[what]) {
        return `channel ${a.channel}: ${what} is ${a[what]} here and ${b[what]} at the peer`;
      }
    }
  }
  return "no difference in the rows that came";
}

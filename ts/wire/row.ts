import { hash } from "./number.js";
import { Writer } from "./writer.js";
import { rowBytes } from "./constants.js";

/** The delivery of a row that says how its channel is compressed. */
export const compressionRow = 255;

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

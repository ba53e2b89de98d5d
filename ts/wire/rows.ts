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

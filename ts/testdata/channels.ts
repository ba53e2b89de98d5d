import { Delivery, RawChannel } from "../client/index.js";

const names = [
  "Unreliable",
  "UnreliableLatest",
  "ReliableUnordered",
  "ReliableLatest",
  "ReliableOrdered",
];

/** The channels of the server: one of each delivery. */
export const channels = Object.values(Delivery).map(
  (delivery, i) =>
    new RawChannel({ id: i + 1, name: names[i]!, delivery, maxMessageBytes: 1 << 16 }),
);

/** A text as bytes. */
export const text = (s: string) => new TextEncoder().encode(s);
/** Bytes as text. */
export const words = (b: Uint8Array) => new TextDecoder().decode(b);

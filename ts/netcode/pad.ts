import { want } from "../wire/error.js";
import { Reader } from "../wire/reader.js";
import { takeShort } from "./bytes.js";

/** A Pad is what a token asks of a connection beyond the netcode standard (SPEC.md, 2). */
export interface Pad {
  /** Its items as they stand there, which both sides compare. */
  readonly items: Uint8Array;
  /** 1 ChaCha20-Poly1305, 2 AES-256-GCM, 3 HMAC-SHA256. */
  readonly suite: number;
  readonly tagBytes: number;
  readonly forwardSecrecy: boolean;
}

/** How many bytes the items of a pad have at most. */
export const maxItems = 58;

const unknown = "its pad asks for what this client does not know: update it";

/** The fewest and the most tag bytes that a suite may have. */
const tags = [
  [1, 0],
  [16, 16],
  [16, 16],
  [8, 32],
] as const;

/** Whether the room for a pad has one. */
export const hasPad = (room: Uint8Array) => String.fromCharCode(...room.subarray(0, 4)) === "TWPD";

/** Reads the 64 bytes of room for a pad. Throws a WireError if nobody may use its token. */
export function readPad(room: Uint8Array): Pad {
  if (!hasPad(room)) return readItems(new Uint8Array(0));
  const r = new Reader(room.subarray(4));
  want(r.u8() === 1, unknown);
  return readItems(takeShort(r, maxItems));
}

/** Reads the items of a pad; see {@link readPad}. */
export function readItems(items: Uint8Array): Pad {
  const r = new Reader(items);
  let suite = 1;
  let tagBytes = 16;
  let forwardSecrecy = false;
  while (r.left > 0) {
    const kind = r.u8();
    const value = r.take(r.u8());
    const length = kind === 0x81 ? 2 : kind === 0x82 || kind === 0x03 ? 0 : value.length;
    want(value.length === length, unknown);
    if (kind === 0x81) [suite, tagBytes] = value as unknown as [number, number];
    else if (kind === 0x82) forwardSecrecy = true;
    else want(kind < 0x80, unknown);
  }
  const [least, most] = tags[suite] ?? tags[0];
  want(tagBytes >= least && tagBytes <= most, unknown);
  return { items: items.slice(), suite, tagBytes, forwardSecrecy };
}

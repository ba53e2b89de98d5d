import { want } from "../wire/error.js";
import { Reader } from "../wire/reader.js";
import { unknown, type Pad } from "./pad.js";
import { signed } from "./signed.js";

/** The fewest and the most tag bytes that a suite may have. */
const tags = [
  [1, 0],
  [16, 16],
  [16, 16],
  [8, 32],
] as const;

/** What the items of a pad ask for. */
interface Wish {
  suite: number;
  tagBytes: number;
  forwardSecrecy: boolean;
}

/** Reads the items of a pad. Throws a WireError if nobody may use it. */
export function readItems(items: Uint8Array): Wish {
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
  return { suite, tagBytes, forwardSecrecy };
}

/** Has a pad be what its items ask for: AES-256-GCM and X25519 are loaded for those that do. */
export async function protect(pad: Pad): Promise<void> {
  const { suite, tagBytes, forwardSecrecy } = readItems(pad.items);
  if (forwardSecrecy) pad.exchange = (await import("./x25519.js")).x25519;
  if (suite > 1) pad.aead = suite === 3 ? signed : (await import("./aes.js")).aes;
  pad.suite = suite;
  pad.tagBytes = tagBytes;
}

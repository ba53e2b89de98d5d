import assert from "node:assert/strict";
import { test } from "node:test";
import { padOf, protect } from "./pad.js";
import { parseTokens, TokenError } from "./token.js";

test("a pad is used as its items have it, or not at all", async () => {
  for (const [items, suite, tagBytes, secrecy, why] of [
    [[], 1, 16, false, "nothing"],
    [[0x81, 2, 1, 16], 1, 16, false, "what is usual"],
    [[0x81, 2, 2, 16], 2, 16, false, "AES-256-GCM"],
    [[0x81, 2, 3, 8], 3, 8, false, "the shortest signature"],
    [[0x81, 2, 3, 32], 3, 32, false, "the longest"],
    [[0x82, 0], 1, 16, true, "forward secrecy"],
    [[0x03, 0], 1, 16, false, "leave to go unsealed"],
    [[0x11, 2, 1, 2, 0x7f, 0], 1, 16, false, "what is unknown and may be skipped"],
    [[0x81, 2, 2, 16, 0x81, 2, 1, 16], 1, 16, false, "of two the last one"],
  ] as const) {
    const pad = padOf(Uint8Array.from(items));
    await protect(pad);
    assert.deepEqual(
      [pad.suite, pad.tagBytes, pad.exchange !== undefined],
      [suite, tagBytes, secrecy],
      why,
    );
  }
  for (const [items, why] of [
    [[0x81, 2, 0, 16], "no suite"],
    [[0x81, 2, 4, 16], "a suite that is none yet"],
    [[0x81, 2, 1, 15], "another number of tag bytes"],
    [[0x81, 2, 2, 17], "likewise"],
    [[0x81, 2, 3, 7], "too few"],
    [[0x81, 2, 3, 33], "too many"],
    [[0x81, 1, 1], "a value that is too short"],
    [[0x81, 3, 1, 16, 0], "one that is too long"],
    [[0x82, 1, 0], "one where none belongs"],
    [[0x03, 1, 0], "likewise"],
    [[0x80, 0], "an unknown kind that may not be skipped"],
    [[0xff, 0], "likewise"],
    [[0x11, 5, 1], "an item that overruns"],
    [[0x11], "one that is cut"],
  ] as const) {
    await assert.rejects(protect(padOf(Uint8Array.from(items))), { name: "WireError" }, why);
  }
});

/** A token of the standard with so long a life, and what stands in the room for a pad. */
function token(life: number, room: readonly number[]): Uint8Array {
  const b = new Uint8Array(2048);
  b.set(Buffer.from("NETCODE 1.02\0"));
  const view = new DataView(b.buffer);
  view.setBigUint64(21, 1_700_000_000n, true);
  view.setBigUint64(29, BigInt(1_700_000_000 + life), true);
  const addresses = 37 + 24 + 1024 + 4;
  view.setUint32(addresses, 1, true);
  b.set([1, 127, 0, 0, 1, 97, 30], addresses + 4);
  b.set(room, 1984);
  return b;
}

test("what looks like a pad is one, and binds how long a token may be good", () => {
  const year = 365 * 86400;
  const pad = [...Buffer.from("TWPD"), 1, 0];
  assert.equal(parseTokens(token(year, pad))[0]!.life, year);
  assert.throws(() => parseTokens(token(year + 1, pad)), TokenError);
  assert.equal(parseTokens(token(2 * year, [1, 2, 3]))[0]!.life, 2 * year, "of others");
  assert.throws(() => parseTokens(token(-1, [])), TokenError);
  for (const room of [
    [...Buffer.from("TWPD"), 2, 0],
    [...Buffer.from("TWPD"), 1, 59],
  ]) {
    assert.throws(() => parseTokens(token(45, room)), TokenError);
  }
});

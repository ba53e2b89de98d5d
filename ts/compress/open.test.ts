import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./index.js";

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const ascii = (text: string) => new TextEncoder().encode(text);

test("a frame with a checksum opens, and not if a bit of that is another", () => {
  for (const [hex, text] of [
    ["02 28b52ffd 24 01 090000 61 5b6e8ca9", "a"],
    ["02 28b52ffd 24 0e 710000 736576656e20627920736576656e 167c7b9b", "seven by seven"],
    [
      "02 28b52ffd 24 4b b50000 78746865206e6f72746820676174652001540f0427 91 299951b9",
      "the north gate ".repeat(5),
    ],
  ] as const) {
    const b = bytesOf(hex);
    assert.deepEqual(open(b, 1000), ascii(text));
    b[b.length - 1]! ^= 1;
    assert.throws(() => open(b, 1000), { name: "OpenError", reason: "checksum" });
  }
});

/** Each message, and why it is refused. */
const refused: readonly [about: string, hex: string, reason: string][] = [
  ["nothing", "", "short"],
  ["a kind of tomorrow", "03", "kind"],
  ["a block of 4 GB", "01 ffffffff0f 00", "large"],
  ["a frame of 4 GB", "02 28b52ffd a0 ffffffff 010000", "large"],
  ["a frame of 2^63 bytes", "02 28b52ffd e0 0000000000000080 010000", "large"],
  ["a frame with a window", "02 28b52ffd 00 58 010000", "frame"],
  ["a frame with a dictionary's ID", "02 28b52ffd 21 07 00 010000", "frame"],
  ["a type of block that there is not", "02 28b52ffd 20 00 070000", "frame"],
  ["a run that is longer than the message", "02 28b52ffd 20 04 fb0f00 61", "length"],
  ["a run that is shorter than the message", "02 28b52ffd 20 04 1b0000 61", "length"],
  ["a tree from nowhere", "02 28b52ffd 20 04 2d0000 4340000161", "table"],
  ["tables from nowhere", "02 28b52ffd 20 04 250000 0001fc01", "table"],
  ["a frame behind the frame", "02 28b52ffd 20 01 0b0000 61 28b52ffd", "trailing"],
  ["another checksum", "02 28b52ffd 24 01 0b0000 61 00000000", "checksum"],
];

test("each thing that is wrong has its reason", () => {
  for (const [about, hex, reason] of refused) {
    assert.throws(() => open(bytesOf(hex), 1000), { name: "OpenError", reason }, about);
  }
});

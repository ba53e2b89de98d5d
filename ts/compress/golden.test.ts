import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Dictionary, open, OpenError } from "./index.js";

interface Vectors {
  Dictionary: string;
  ID: number;
  Opens: { About: string; Dictionary: boolean; Bytes: string; Opened: string }[];
  Refused: { About: string; Bytes: string }[];
}

// from ts/dist/compress, where this is compiled to
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const text = readFileSync(join(root, "testdata/vectors/compress.json"), "utf8");
const vectors = JSON.parse(text) as Vectors;

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const dictionary = Dictionary.parse(bytesOf(vectors.Dictionary));
const most = 1 << 20;

test("the dictionary has the ID of the golden vectors", () => {
  assert.equal(dictionary.id, vectors.ID);
  assert.equal(new Dictionary(dictionary.content).id, vectors.ID);
});

test("a dictionary that is damaged, too small or none is refused", () => {
  const file = bytesOf(vectors.Dictionary);
  const other = file.slice();
  other[other.length - 1]! ^= 1;
  const wrong = [
    other,
    file.subarray(0, 41),
    file.subarray(0, 20),
    file.subarray(1),
    new Uint8Array(0),
  ];
  for (const b of wrong) {
    assert.throws(() => Dictionary.parse(b), { name: "OpenError", reason: "dictionary" });
  }
  for (const n of [0, 15, 65537]) {
    assert.throws(() => new Dictionary(new Uint8Array(n)), OpenError);
  }
});

test("messages open to the bytes of the golden vectors", () => {
  assert.ok(vectors.Opens.length >= 20);
  for (const v of vectors.Opens) {
    const opened = open(bytesOf(v.Bytes), most, v.Dictionary ? dictionary : undefined);
    assert.deepEqual(opened, bytesOf(v.Opened), `${v.About}, ${v.Bytes}`);
  }
});

test("what must be refused is refused, with the dictionary and without", () => {
  assert.ok(vectors.Refused.length >= 10);
  for (const v of vectors.Refused) {
    for (const d of [dictionary, undefined]) {
      assert.throws(() => open(bytesOf(v.Bytes), most, d), OpenError, `${v.About}, ${v.Bytes}`);
    }
  }
});

test("a message opens to its limit and to no byte more", () => {
  for (const v of vectors.Opens) {
    const d = v.Dictionary ? dictionary : undefined;
    const n = v.Opened.length / 2;
    assert.equal(open(bytesOf(v.Bytes), n, d).length, n);
    for (const less of [n - 1, -1, NaN]) {
      assert.throws(() => open(bytesOf(v.Bytes), less, d), { name: "OpenError", reason: "large" });
    }
  }
});

test("what is damaged opens to as many bytes as it says, or is an OpenError", () => {
  let refused = 0;
  for (const v of vectors.Opens) {
    const d = v.Dictionary ? dictionary : undefined;
    const whole = bytesOf(v.Bytes);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const b = whole.slice();
      b[bit >> 3]! ^= 1 << (bit & 7);
      refused += tryToOpen(b, d) ? 0 : 1;
    }
    for (let n = 0; n < whole.length; n++) tryToOpen(whole.subarray(0, n), d);
    if (whole[0] !== 0) {
      const more = new Uint8Array([...whole, 0]);
      assert.throws(() => open(more, most, d), OpenError, `${v.About}: a byte more`);
    }
  }
  assert.ok(refused > 500, `${refused} refused`);
});

/** Reports whether the bytes open. Throws if something else than an OpenError comes of it. */
function tryToOpen(b: Uint8Array, d: Dictionary | undefined): boolean {
  try {
    return open(b, most, d).length <= most;
  } catch (err) {
    if (err instanceof OpenError) return false;
    throw err;
  }
}

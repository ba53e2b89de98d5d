import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readSignal } from "./signal.js";

// from ts/dist/transport, where this is compiled to
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const vectors = JSON.parse(readFileSync(join(root, "testdata/vectors/signals.json"), "utf8")) as {
  good: { text: string; kind: string }[];
  bad: string[];
};

test("a client reads what a server says, by the golden vectors, and nothing else", () => {
  const read = ["hello", "refused", "offer", "candidate"];
  let known = 0;
  for (const { text, kind } of vectors.good) {
    const signal = readSignal(text);
    assert.equal(Object.keys(signal ?? {})[0], read.includes(kind) ? kind : undefined, text);
    if (signal) known++;
  }
  assert.ok(known > 6);
  for (const text of vectors.bad) assert.equal(readSignal(text), undefined, text);
});

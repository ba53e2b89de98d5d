import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chance } from "../testdata/link.js";
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

test("whatever a server says, a client reads what it can use or nothing, by seed", () => {
  const hostile = [
    '{"__proto__":{}}',
    '{"constructor":{}}',
    '{"toString":{"port":1}}',
    '{"hello":{"__proto__":{"webrtc":true}}}',
    '{"hello":{"webtransport":{"port":1,"path":"/","hashes":[["AAAA"]]}}}',
    '{"hello":{"webtransport":{"port":1,"path":"/","hashes":[1234]}}}',
    '{"hello":{"webtransport":{"port":1e300,"path":"/"}}}',
    '{"offer":{"id":1,"sdp":{"toString":"v=0"}}}',
    "[".repeat(100_000),
    `{"hello":${'{"a":'.repeat(100_000)}`,
  ];
  for (const text of hostile) {
    const { hello } = readSignal(text) ?? {};
    assert.ok(readSignal(text) === undefined || hello, text.slice(0, 80));
    assert.ok(!hello || (hello.webrtc === undefined && !hello.webtransport), text.slice(0, 80));
  }
  let read = 0;
  for (let seed = 0; seed < 20_000; seed++) {
    const random = chance(seed);
    const upTo = (n: number) => Math.floor(random() * n);
    const pieces = [...vectors.good.map((v) => v.text), ...hostile.slice(0, 8)];
    let text = pieces[upTo(pieces.length)]!;
    for (let n = upTo(4); n > 0; n--) {
      const other = pieces[upTo(pieces.length)]!;
      const at = upTo(text.length);
      const from = upTo(other.length);
      text = text.slice(0, at) + other.slice(from, from + upTo(12)) + text.slice(at + upTo(3));
    }
    const signal = readSignal(text);
    if (!signal) continue;
    read++;
    const kinds = Object.keys(signal);
    assert.ok(kinds.length === 1 && Object.hasOwn(signal, kinds[0]!), text);
    for (const hash of signal.hello?.webtransport?.hashes ?? []) {
      assert.equal(typeof hash, "string", text);
    }
    assert.ok(signal.offer === undefined || typeof signal.offer.sdp === "string", text);
  }
  assert.ok(read > 1000, `${read} were read`);
  assert.deepEqual(Object.keys(Object.prototype), []);
});

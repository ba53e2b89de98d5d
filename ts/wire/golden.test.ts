import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { appendFields, readFields, readPacket, says, type Fields } from "./vectors.test.js";
import {
  channelDigest,
  channelRows,
  nearest,
  numberBytes,
  exactOf,
  Reader,
  readControl,
  readRows,
  shortHash,
  WireError,
  Writer,
  type ChannelRow,
} from "./index.js";

// from ts/dist/wire, where this is compiled to
const vectors = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "testdata/vectors");
const read = (name: string) => JSON.parse(readFileSync(join(vectors, name), "utf8")) as never;

interface Named {
  name: string;
  bytes: string;
}
const frames: {
  frames: (Named & { frame: string; fields: Fields; reader_only?: boolean })[];
  packets: (Named & { frames: { frame: string; fields: Fields }[] })[];
  malformed: Named[];
  control: (Named & { kind: string; fields: Fields })[];
  malformed_control: Named[];
} = read("frames.json");
const numbers: {
  uvarints: { value: string; bytes: string }[];
  refused_uvarints: Named[];
  lengths: { next: string; acked_end: string; bytes: string }[];
  rebuilds: { expected: string; low: string; bits: number; number: string }[];
  digests: {
    channel_names: string[];
    rows: { channel: number; delivery: number; largest_message: number; name_hash: number }[];
    bytes: string;
    digest: string;
  }[];
} = read("numbers.json");

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hexOf = (b: Uint8Array) => Buffer.from(b).toString("hex");

test("each frame is read, and what this library writes is written", () => {
  assert.ok(frames.frames.length >= 80);
  for (const v of frames.frames) {
    const { ecn: _, ...fields } = v.fields; // it is passed over
    assert.deepEqual(readPacket(bytesOf(v.bytes)), [{ frame: v.frame, fields }], v.name);
    if (v.reader_only || !says(v.frame, v.fields)) continue;
    const w = new Writer(new Uint8Array(4096));
    appendFields(w, v.frame, v.fields);
    assert.equal(hexOf(w.written()), v.bytes, v.name);
  }
});

test("the frames of a packet are read in their order", () => {
  for (const v of frames.packets) {
    assert.deepEqual(readPacket(bytesOf(v.bytes)), v.frames, v.name);
  }
});

test("malformed packets are refused, whole and cut", () => {
  assert.ok(frames.malformed.length >= 130);
  for (const v of frames.malformed) {
    assert.throws(() => readPacket(bytesOf(v.bytes)), WireError, v.name);
  }
  for (const v of frames.frames) {
    const whole = bytesOf(v.bytes);
    for (let n = 0; n < whole.length; n++) tryToRead(whole.subarray(0, n));
  }
});

test("what is damaged is read or is a WireError", () => {
  let refused = 0;
  for (const v of frames.frames) {
    const whole = bytesOf(v.bytes);
    for (let bit = 0; bit < Math.min(whole.length * 8, 800); bit++) {
      const b = whole.slice();
      b[bit >> 3]! ^= 1 << (bit & 7);
      refused += tryToRead(b) ? 0 : 1;
    }
  }
  assert.ok(refused > 1000, `${refused} refused`);
});

/** Reports whether a packet can be read. Throws if something else than a WireError comes of it. */
function tryToRead(b: Uint8Array): boolean {
  try {
    readPacket(b);
    return true;
  } catch (err) {
    if (err instanceof WireError) return false;
    throw err;
  }
}

test("messages of channel 0", () => {
  for (const v of frames.control) {
    assert.deepEqual(readFields(readControl(bytesOf(v.bytes))), v.fields, v.name);
  }
  for (const v of frames.malformed_control) {
    assert.throws(() => readControl(bytesOf(v.bytes)), WireError, v.name);
  }
});

test("LEB128", () => {
  for (const v of numbers.uvarints) {
    const big = BigInt(v.value);
    const small = big < 2n ** 53n ? Number(big) : big;
    const w = new Writer(new Uint8Array(10));
    w.v(small);
    assert.equal(hexOf(w.written()), v.bytes);
    assert.equal(exactOf(new Reader(bytesOf(v.bytes))), small);
    assert.equal(new Reader(bytesOf(v.bytes)).v(), Number(big));
  }
  for (const v of numbers.refused_uvarints) {
    assert.throws(() => new Reader(bytesOf(v.bytes)).v(), WireError, v.name);
    assert.throws(() => exactOf(new Reader(bytesOf(v.bytes))), WireError, v.name);
  }
});

test("packet numbers are cut, and numbers rebuilt", () => {
  let n = 0;
  for (const v of numbers.lengths) {
    if (Number(v.next) > 2 ** 53) continue;
    assert.equal(numberBytes(Number(v.next), Number(v.acked_end) - 1), v.bytes.length / 2, v.next);
    n++;
  }
  for (const v of numbers.rebuilds) {
    if (Number(v.expected) > 2 ** 52) continue;
    const number = nearest(Number(v.expected), Number(v.low), v.bits);
    assert.equal(number, Number(v.number), `${v.low} near ${v.expected}`);
    n++;
  }
  assert.ok(n > 40, `${n} compared`);
});

test("channel rows and their digest", () => {
  for (const v of numbers.digests) {
    v.rows.forEach((row, i) => assert.equal(shortHash(v.channel_names[i]!), row.name_hash));
    const rows: ChannelRow[] = v.rows.map((row) => ({
      channel: row.channel,
      delivery: row.delivery,
      largestMessage: row.largest_message,
      name: row.name_hash,
      compression: row.channel === 300 ? 1 : 0,
    }));
    const compressed = channelRows(rows);
    assert.deepEqual(readRows(compressed), rows);
    for (const row of rows) row.compression = 0;
    const bytes = channelRows(rows);
    assert.equal(hexOf(bytes), v.bytes);
    assert.equal(channelDigest(bytes), BigInt(v.digest));
    assert.deepEqual(readRows(bytes), rows);
  }
});

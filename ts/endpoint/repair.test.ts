import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chance } from "../testdata/link.js";
import { exactOf, Reader, readRepair, Repair, WireError, Writer } from "../wire/index.js";
import { addTimes, coefficient, divide } from "./galois.js";
import { LossWatch } from "./loss.js";
import { Rebuilders } from "./rebuild.js";
import { Ring } from "./ring.js";
import { Sums, type Strength } from "./sums.js";
import { symbolWriter, writeSymbol, type Symbol } from "./symbol.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hexOf = (b: Uint8Array) => Buffer.from(b).toString("hex");

interface Vector {
  name: string;
  newest: number;
  row: number;
  mask: number;
  messages: { bytes: string; options?: number; key?: string; back?: number }[];
  bytes: string;
}

const { sums } = JSON.parse(readFileSync(join(root, "testdata/vectors/frames.json"), "utf8")) as {
  sums: Vector[];
};

function messageOf(m: Vector["messages"][0]): Symbol {
  const bytes = bytesOf(m.bytes);
  const key = m.key === undefined ? undefined : Number(m.key);
  return { options: m.options ?? 0, key, back: m.back ?? 0, bytes, size: bytes.length };
}

/** The ids of a mask, the newest first. */
function idsOf(newest: number, mask: number): number[] {
  const ids: number[] = [];
  for (let i = 0; i < 32; i++) if ((mask >>> i) & 1) ids.push(newest - i);
  return ids;
}

/** A channel that notes what was rebuilt. */
class Channel {
  got = new Map<number, Symbol>();
  come = new Set<number>();
  readonly readKey = exactOf;
  resolved(id: number): boolean {
    return this.come.has(id);
  }
  rebuilt(id: number, m: Symbol): void {
    this.got.set(id, { ...m, bytes: m.bytes.slice() });
    this.come.add(id);
  }
}

test("sums are those of the golden vectors, and each of their messages comes back", () => {
  assert.ok(sums.length >= 7);
  for (const v of sums) {
    const sum = new Uint8Array(v.bytes.length / 2);
    const w = symbolWriter();
    const ids = idsOf(v.newest, v.mask);
    const messages = v.messages.map(messageOf);
    assert.equal(messages.length, ids.length, v.name);
    messages.forEach((m, i) => {
      writeSymbol(w, m);
      addTimes(sum, 0, w.bytes, w.at, coefficient(v.row, ids[i]!));
    });
    assert.equal(hexOf(sum), v.bytes, v.name);
    ids.forEach((missing, at) => {
      const channel = new Channel();
      const all = new Rebuilders();
      all.begin();
      all.repair(0, 1, channel, v.newest, v.row, v.mask, bytesOf(v.bytes));
      ids.forEach((id, i) => {
        if (id !== missing) all.saw(1, id, messages[i]!);
      });
      all.end();
      const m = channel.got.get(missing);
      assert.ok(m, `${v.name}: ${missing}`);
      assert.deepEqual({ ...m }, messages[at], v.name);
    });
  }
});

test("to divide is the reverse of to multiply, and rows are those of a Cauchy matrix", () => {
  for (let c = 1; c < 256; c++) {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const sum = new Uint8Array(256);
    addTimes(sum, 0, all, 256, c);
    assert.equal(new Set(sum).size, 256);
    divide(sum, 256, c);
    assert.deepEqual(sum, all);
  }
  for (let id = 0; id < 300; id++) assert.equal(coefficient(0, id), 1, "row 0 is the XOR");
});

test("as many sums as are missing solve for all of them, whatever is missing, by seed", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = chance(seed);
    const below = (n: number) => Math.floor(random() * n);
    const newest = 40 + below(1000);
    const messages = new Map<number, Symbol>();
    for (let id = newest - 31; id <= newest; id++) {
      const bytes = Uint8Array.from({ length: below(60) }, () => below(256));
      messages.set(id, { options: 0, key: undefined, back: 0, bytes, size: bytes.length });
    }
    const ids = [...messages.keys()].filter(() => random() < 0.5);
    if (!ids.includes(newest)) ids.push(newest);
    const missing = ids.filter(() => random() < 0.4).slice(0, 16);
    const all = new Rebuilders();
    const channel = new Channel();
    const w = symbolWriter();
    const longest = Math.max(...ids.map((id) => (writeSymbol(w, messages.get(id)!), w.at)));
    const mask = ids.reduce((m, id) => (m | (1 << (newest - id))) >>> 0, 0);
    const first = below(100);
    missing.forEach((_, n) => {
      all.begin();
      const row = first + n;
      const sum = new Uint8Array(longest);
      for (const id of ids) {
        writeSymbol(w, messages.get(id)!);
        addTimes(sum, 0, w.bytes, w.at, coefficient(row, id));
      }
      all.repair(n, 3, channel, newest, row, mask, sum);
      const before = ids.filter((id) => !missing.includes(id) && random() < 0.5);
      for (const id of n === 0 ? before : ids.filter((id) => !missing.includes(id))) {
        all.saw(3, id, messages.get(id)!);
      }
      all.end();
    });
    all.begin();
    for (const id of ids.filter((id) => !missing.includes(id))) all.saw(3, id, messages.get(id)!);
    all.end();
    for (const id of missing) {
      assert.equal(
        hexOf(channel.got.get(id)?.bytes ?? bytesOf("ff")),
        hexOf(messages.get(id)!.bytes),
        `seed ${seed}`,
      );
    }
    assert.equal(channel.got.size, missing.length, `seed ${seed}`);
  }
});

test("what no message can be is refused", () => {
  const broken: [string, number, number, number, string][] = [
    ["a length beyond the sum", 9, 0, 1, "0561"],
    ["bytes behind the message", 9, 0, 1, "016101020304"],
    ["options that there are none of", 9, 0, 1, "016103"],
    ["a droppable", 9, 0, 1, "01610400"],
    ["a group that begins before 0", 9, 0, 1, "0161020a"],
    ["an id below 0", 1, 0, 5, "0161"],
  ];
  for (const [name, newest, row, mask, bytes] of broken) {
    const all = new Rebuilders();
    all.begin();
    assert.throws(
      () => {
        all.repair(0, 1, new Channel(), newest, row, mask, bytesOf(bytes));
        all.end();
      },
      WireError,
      name,
    );
  }
  const all = new Rebuilders();
  const long = new Uint8Array(40);
  all.begin();
  all.repair(0, 1, new Channel(), 9, 0, 1, new Uint8Array(64));
  all.saw(1, 8, { options: 0, key: undefined, back: 0, bytes: long, size: 40 });
  assert.throws(() => all.repair(0, 1, new Channel(), 9, 1, 3, new Uint8Array(10)), WireError);
});

test("who makes up sums gets little for them", () => {
  const random = chance(5);
  const all = new Rebuilders();
  for (let channel = 1; channel <= 40; channel++) {
    all.begin();
    for (let n = 0; n < 200; n++) {
      const bytes = Uint8Array.from({ length: 512 }, () => random() * 256);
      all.repair(channel, channel, new Channel(), 100 + n, n % 128, 0xffffffff, bytes);
    }
  }
  const inner = all as unknown as {
    all: Map<number, { sums: unknown[] }>;
    work: { left: number };
  };
  assert.equal(inner.all.size, 16);
  for (const b of inner.all.values()) assert.ok(b.sums.length <= 16);
  assert.ok(inner.work.left >= 0 && inner.work.left < 1024, `${inner.work.left} bytes are left`);
  assert.equal(all.expire(400_000), 500_000 + 25, "those of the oldest channels made room");
  assert.equal(all.expire(600_000), Infinity);
  assert.equal(inner.all.size, 0);
});

/** A line of messages that loses packets: 60 a second, 50 ms each way; nothing is sent again. */
function game(seed: number, loss: number, strength: Strength, inARow = 1) {
  const random = chance(seed);
  const watch = new LossWatch();
  interface M extends Symbol {
    first: number;
    acked: boolean;
  }
  const open = new Ring<M>();
  const of = {
    id: 3,
    open,
    more: false,
    underway: (m: M) => !m.acked,
    wide: () => false,
  };
  const out = new Sums<M>(of, strength);
  const rtt = { latest: 0, min: 0 };
  const line = { reliable: false, losses: watch, inFlight: 0, windowBytes: 1, rtt };
  const all = new Rebuilders();
  const channel = new Channel();
  const late: number[] = [];
  const read = new Repair();
  let bytes = 0;
  let burst = 0;
  const fates: { at: number; id: number; lost: boolean }[] = [];
  for (let id = 0; id < 6000; id++) {
    const now = id * 16_667;
    for (; fates.length > 0 && fates[0]!.at <= now; fates.shift()) {
      const f = fates[0]!;
      if (f.lost) watch.onLost(f.id);
      else open.at(f.id)!.acked = true;
    }
    const data = Uint8Array.from({ length: 20 + (id % 30) }, (_, i) => (id * 31 + i) % 251);
    open.push({
      options: 0,
      key: undefined,
      back: 0,
      bytes: data,
      size: data.length,
      first: id,
      acked: false,
    });
    if (open.length > 40) open.shift();
    const w = new Writer(new Uint8Array(1200));
    out.write(now, w, line, id);
    watch.onSent();
    bytes += data.length + w.at;
    if (burst === 0 && random() < loss / inARow) burst = inARow;
    const lost = burst > 0;
    if (lost) burst--;
    fates.push({ at: now + 120_000, id, lost });
    if (lost) {
      late.push(id);
      continue;
    }
    all.begin();
    channel.come.add(id);
    all.saw(3, id, { options: 0, key: undefined, back: 0, bytes: data, size: data.length });
    const r = new Reader(w.written());
    while (r.left > 0) {
      assert.equal(r.u8(), 0x07);
      readRepair(r, read);
      const sum = r.take(read.length);
      all.repair(now, 3, channel, read.newest, read.row, read.mask, sum);
    }
    all.end();
    all.expire(now);
  }
  for (const [id, m] of channel.got) {
    assert.ok(late.includes(id), `seed ${seed}: ${id} had come`);
    assert.deepEqual(
      m.bytes,
      Uint8Array.from({ length: 20 + (id % 30) }, (_, i) => (id * 31 + i) % 251),
    );
  }
  return { lost: late.length, back: channel.got.size, bytes, sums: out.sent };
}

test("of what is lost nearly all comes back, for what the losses call for", () => {
  const table: [number, Strength, number, number][] = [
    // loss, strength, the least share that comes back, the most bytes for each of the messages
    [0.01, "auto", 0.99, 2.4],
    [0.01, 0.5, 0.99, 1.8],
    [0.05, "auto", 0.99, 2.6],
    [0.05, 1, 0.99, 2.6],
    [0.2, "auto", 0.97, 4],
  ];
  for (const [loss, strength, least, most] of table) {
    let lost = 0;
    let back = 0;
    let bytes = 0;
    for (let seed = 0; seed < 10; seed++) {
      const g = game(seed, loss, strength);
      lost += g.lost;
      back += g.back;
      bytes += g.bytes;
    }
    const plain = 10 * 6000 * 34.5;
    const got = `${loss} ${strength}: ${back} of ${lost} came back, ${(bytes / plain).toFixed(2)} times the bytes`;
    assert.ok(back >= least * lost, got);
    assert.ok(bytes <= most * plain, got);
  }
});

test("while nothing is lost there are 15 sums a second", () => {
  const g = game(1, 0, "auto");
  assert.ok(g.sums >= 128 + 13 * 98 && g.sums <= 130 + 15 * 98, `${g.sums} sums`);
  assert.equal(game(1, 0, 0).sums, 0);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { narrow, Stream } from "../testdata/stream.js";
import { Ack, Reader, readRanges } from "../wire/index.js";
import { type Stats } from "./event.js";
import { Delivery, learn, type EndpointConfig } from "./index.js";

// What an endpoint does that has learned all, frame by frame.

const loose = Delivery.unreliable + 1;
const looseLatest = Delivery.unreliableLatest + 1;
const latest = Delivery.reliableLatest + 1;
const ordered = Delivery.reliableOrdered + 1;

/** The end of a stream that has learned all. */
function learned(config: Partial<EndpointConfig> = {}): Stream & { stats: Stats } {
  const s = new Stream(config);
  return Object.assign(s, { stats: learn(s.end).stats });
}

const hex = (b: Uint8Array | undefined) => Buffer.from(b ?? []).toString("hex");
/** Numbers as bytes, and as integers of 16 bits. */
const u8 = (...n: number[]) => hex(Uint8Array.from(n));
const u16 = (n: number) => u8(n & 255, n >> 8);

test("what breaks a rule ends the connection, and what nearly does not does not", () => {
  for (const [frames, code, why] of [
    ["0a 00 8180808010 00 01", 1, "a serial that is more than 2^32 higher"],
    ["0a 00 8080808010 00 01", undefined, "one that is not"],
    ["0a 05 8180808010 00 01", undefined, "one of a path that is not there"],
    ["0b 01 e1d403", 1, "a HOLD that is longer than was granted"],
    ["0b 01 e0d403", undefined, "one that is not"],
    ["07 05 0040 00 01 01 aa", 1, "a sum of an id 2^14 above the lowest missing one"],
    ["07 05 ff3f 00 01 01 00", undefined, "one that is not"],
    ["81 05 0040 01 aa", 1, "a message likewise"],
    ["81 05 ff3f 01 aa", undefined, "one that is not"],
    ["03 05 00400000 01 01", 1, "SKIP likewise"],
    ["64 05 0140 04 00 01 01 aa", 1, "a droppable likewise, that names the id behind it"],
    ["64 05 0040 04 00 01 01 aa", undefined, "one that is not"],
    ["64 05 0100 02 02 01 01 aa", 1, "a group that begins below 0"],
    ["64 05 0100 02 01 01 01 aa", undefined, "one that does not"],
    ["05 01 00000000", 1, "BLOCKED of an unreliable channel"],
    ["06 03 01 00000000", 1, "STORED of a channel that has none"],
    ["0f 00 0000 01", 1, "REBUILT of channel 0"],
    ["07 00 0000 00 01 01 aa", 1, "REPAIR likewise"],
    ["51 05 0000 01 01 aa", 1, "a fragment of a reliable message that wants STORED"],
    ["41 05 0000 02 01 aa 41 05 0000 03 01 aa", 1, "a second, different total"],
    ["41 05 0000 02 01 aa 40 05 0000 02 01 aa", 1, "a byte beyond it"],
    ["41 05 0000 02 01 aa 81 05 0000 03 aaaaaa", 1, "a message that is as long as no fragment said"],
    ["41 05 0000 02 01 aa 81 05 0000 02 aaaa", undefined, "one that is as long"],
    ["41 05 0000 02 01 aa 03 05 00000000 01 03", 1, "SKIP likewise"],
    ["2f 0000 00 000000 00000000 00 01 00 00", 1, "an ACK of what was never sent"],
  ] as const) {
    assert.equal(learned().take(frames).code, code, `${frames}: ${why}`);
  }
});

test("a message whose fragments are there is charged once when it comes whole", () => {
  const s = learned({ channels: narrow });
  s.take(`41 05 0000 d804 01 aa  81 05 0000 d804 ${"aa".repeat(600)}`);
  assert.equal(s.code, undefined);
  assert.equal(s.take(`81 05 0100 9003 ${"00".repeat(400)}`).code, 2);
});

test("a sum of a Latest channel has the ids of its messages, however many there were", () => {
  const s = learned().take("61 02 70110100 01 01 aa").take("07 02 7111 00 01 02 01bb");
  const came = [s.end.receive(looseLatest), s.end.receive(looseLatest)];
  assert.equal(hex(came[1] ?? came[0]), "bb");
  assert.equal(s.stats.messagesRebuilt, 1);
});

test("a sum of messages that are all there is not looked at, though it is shorter than one of them", () => {
  const s = learned().take("07 03 0000 00 01 04 03aabbcc").take("07 03 0000 01 01 02 01aa");
  assert.equal(s.code, undefined);
  assert.equal(hex(s.end.receive(3)), "aabbcc");
});

test("a challenge is answered at once, and the last four of more", () => {
  const s = learned();
  s.take(Array.from({ length: 6 }, (_, n) => `08 000000000000000${n}`).join(""));
  const answers = [2, 3, 4, 5].map((n) => `09000000000000000${n}00`).join("");
  assert.ok(hex(s.packet()).endsWith(answers));
});

test("DRAINING is acknowledged at once", () => {
  const s = learned().take("01");
  assert.equal(s.packet(), undefined);
  s.take("0e 01");
  assert.equal(s.ack().largest, 1);
});

test("an ACK names what came late, though ours that has arrived lies above", () => {
  const s = learned();
  for (const n of [0, 1, 3]) s.take("01", n);
  s.end.ping();
  assert.deepEqual(s.ack().ranges.slice(0, 4), [0, 0, 2, 3]);
  s.take("01", 2);
  s.take("20 0000 00 00", 4);
  s.take("01", 5);
  const { largest, ranges, n } = s.ack();
  assert.deepEqual([largest, ranges.slice(0, 2 * n)], [5, [0, 3]]);
});

test("after eight packets of ACK alone a PING goes, once in a round trip, and not for PINGs alone", () => {
  const pings = (frames: string) => {
    const s = learned();
    let n = 0;
    for (let i = 0; i < 40; i++) {
      s.take(frames).take(frames);
      const r = new Reader(s.packet()!);
      readRanges(r, r.u8(), new Ack());
      n += r.left; // a PING, if anything
      while (s.end.receive(loose));
    }
    return n;
  };
  assert.equal(pings("c1 01 01 aa"), 1);
  assert.equal(pings("01"), 0);
});

test("STORED is said of the newest 64", () => {
  const s = learned();
  const fragments = Array.from({ length: 70 }, (_, n) => `51 01 ${u16(n)} 01 01 aa`);
  for (const f of fragments) s.take(f);
  const said = [...hex(s.packet()).matchAll(/060101(..)000000/g)].map(([, id]) => parseInt(id!, 16));
  assert.deepEqual(
    said,
    Array.from({ length: 64 }, (_, n) => n + 6),
  );
});

test("droppables that wait for their turn are 1024 at most, and come in it", () => {
  const s = learned();
  s.take(`64 05 0100 04 00 cc08 ${"00".repeat(1100)}`);
  assert.equal(s.stats.messagesOverflowed, 76);
  s.take("81 05 0000 01 07");
  let n = 0;
  while (s.end.receive(ordered)) n++;
  assert.equal(n, 1025);
});

test("of UnreliableLatest nothing is taken 2^14 ids below the newest, of whatever key", () => {
  const s = learned().take("81 02 0040 01 07");
  s.take("64 02 0000 01 01 05 01 08");
  assert.equal(s.stats.messagesStale, 1);
  s.take("64 02 0100 01 01 06 01 09");
  assert.deepEqual(s.messages(looseLatest), [7, 9]);
});

test("keys that are not seen any more are forgotten", () => {
  const s = learned();
  const key = (n: number) => u8((n & 127) | 128, ((n >> 7) & 127) | 128, n >> 14);
  for (let id = 0; id < 40_000; id++) {
    s.take(`64 04 ${u16(id & 0xffff)} 01 01 ${key(id + 16384)} 01 07`);
    assert.ok(s.end.receive(latest));
    while (s.packet());
  }
  assert.equal(s.code, undefined);
  const { inbox } = s.end as unknown as {
    inbox: { receivers: Map<number, { newest: Map<number, number>; places: Map<number, number> }> };
  };
  const { newest, places } = inbox.receivers.get(latest)!;
  assert.ok(newest.size < 35_000 && places.size < 35_000, `${newest.size}, ${places.size}`);
});

test("of a message that comes in too many pieces no more is stored, but what begins it", () => {
  const s = learned();
  const piece = (at: number) => `40 05 0000 ${u8((at & 127) | 128, at >> 7)} 01 aa`;
  s.take("41 05 0000 d00f 01 aa"); // of 2000 bytes: 64 and 3 ranges
  for (let n = 1; n < 80; n++) s.take(piece(200 + 2 * n));
  assert.equal(s.ack().largest, 67);
  s.take("40 05 0000 01 01 aa", 200).take("01", 201);
  assert.deepEqual(s.ack().ranges.slice(0, 2), [0, 1]);
});

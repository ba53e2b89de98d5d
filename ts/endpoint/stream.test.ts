import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, narrow, start, Stream } from "../testdata/stream.js";
import { Ack, Reader, readRanges } from "../wire/index.js";
import { Delivery, Endpoint } from "./index.js";

// What an endpoint does before it has learned all, over a stream, frame by frame.

const ordered = Delivery.reliableOrdered + 1;
const latest = Delivery.reliableLatest + 1;
const loose = Delivery.unreliable + 1;
const looseLatest = Delivery.unreliableLatest + 1;

test("what breaks a rule ends the connection, whichever it is", () => {
  for (const [frames, code, why] of [
    ["20 0300 00 00", 1, "an ACK of what was never sent"],
    ["20 0200 00 03", 1, "an ACK that reaches below number 0"],
    ["20 0200 00 02  20 0200 00 02  20 0200 00 02", 1, "a third ACK"],
    ["02 00", 1, "HELLO as a frame"],
    ["10", 1, "a type that is unassigned"],
    ["1f", 1, "likewise"],
    ["00 00 01", 1, "PADDING that is not zero"],
    ["04 01 00000100", 1, "WINDOW of an unreliable channel"],
    ["04 07 00000100", 1, "WINDOW of a channel that is not there"],
    ["81 07 0000 01 00", 1, "a RUN of one"],
    ["c1 05 01 00", 1, "a RUN without ids of a reliable channel"],
    ["80 05 0000", 1, "a RUN of nothing"],
    ["81 05 0000 02 00", 1, "a message that is cut"],
    ["81 05 0000 818040", 1, "a message above the largest"],
    ["0c 40 00 00", 1, "CLOSE with a code that is never on the wire"],
    ["0c 00 00 00", 0, "CLOSE"],
  ] as const) {
    assert.equal(new Stream().ping(3).take(frames).code, code, why);
  }
  const small = new Stream({ channels: narrow });
  assert.equal(small.take(`81 05 0000 e007 ${"00".repeat(1024 - 32)}`).code, undefined);
  assert.equal(small.take("81 05 0100 00").code, 2, "more than the credit");
  assert.equal(new Stream().ping(3).take("20 0200 00 02  20 0200 00 02").code, undefined);
});

test("before HELLO nothing but what needs none is taken", () => {
  for (const frames of ["81 05 0000 01 00", "04 05 00000100"]) {
    const end = new Endpoint(start, { channels, random: Math.random, reliable: true });
    end.handlePacket(start, 0, 0, 0, new Uint8Array(Buffer.from(frames.replaceAll(" ", ""), "hex")));
    assert.ok(end.over, frames);
  }
});

test("what only who has learned all can take is asked for, and not acknowledged", () => {
  for (const frames of [
    "41 05 0000 02 01 00", // FRAGMENT
    "60 05 0000 01 01 00", // RUN in its long form
    "81 05 0100 01 00", // an id that something has overtaken
    "81 01 0000 01 00", // a copy
    "03 05 00000000 01 01", // SKIP
    "05 05 00000000", // BLOCKED
    "08 0000000000000000", // PATH_CHALLENGE
    "28 0200 00 00 01 00 00", // an ACK with gaps
    "30 00 0200 00 00", // an ACK that names its path
  ]) {
    const s = new Stream().ping(3).take(frames);
    assert.ok(s.asked > 0, frames);
    assert.equal(s.code, undefined, frames);
    s.now += 1_000_000;
    assert.equal(s.packet(), undefined, frames);
  }
});

test("ACKs free what they name, an older one moves nothing back, and who sees a loss asks for the rest", () => {
  const s = new Stream().ping(3).take("20 0200 00 01");
  assert.deepEqual([s.path.largestAcked, s.path.eliciting, s.path.inFlight > 0], [2, 1, true]);
  assert.equal(s.asked, 0, "that may still be on its way");
  s.take("20 0000 00 00");
  assert.deepEqual([s.path.largestAcked, s.path.eliciting, s.path.inFlight], [2, 0, 0]);
  s.ping(4).take("20 0600 00 00");
  assert.equal(s.path.largestAcked, 6);
  assert.ok(s.asked > 0);
});

test("an ACK goes at once for two, after the hold for one, and names no more than came", () => {
  const s = new Stream().take("01");
  assert.equal(s.packet(), undefined);
  s.now += 20_000;
  const first = s.ack();
  assert.deepEqual([first.largest, first.hold >= 19_900, first.clock], [0, true, 15_625]);
  s.take("01");
  s.now += 20_000;
  assert.equal(s.ack().clock, -1, "the clock went just now");
  s.take("01").take("01");
  assert.equal(s.ack().clock, 15_625 + 625, "of two it is told");
  s.now += 100_000;
  s.take("01", 9);
  const gap = s.ack();
  assert.deepEqual([gap.largest, gap.ranges.slice(0, 2 * gap.n)], [9, [0, 0, 6, 9]]);
  assert.ok(gap.clock >= 0);
  s.take("01", 7).take("01", 8);
  const late = s.ack();
  assert.deepEqual([late.largest, late.ranges.slice(0, 2 * late.n)], [9, [0, 0, 6, 9]]);
  assert.deepEqual(late.ranges, gap.ranges, "what came late is not named, rather than wrongly");
});

test("what an ACK of ours that arrived has said is not said again", () => {
  const s = new Stream().take("01").take("01").take("01");
  s.end.ping();
  assert.deepEqual(s.ack().ranges.slice(0, 2), [0, 2]);
  s.take("01  20 0000 00 00").take("01");
  assert.deepEqual(s.ack().ranges.slice(0, 2), [0, 2], "from the largest on that was said");
});

test("windows that fit no packet go with the next one", () => {
  const many = Array.from({ length: 400 }, (_, i) => ({ id: i + 1, delivery: Delivery.reliableOrdered, windowBytes: 1024 }));
  const s = new Stream({ channels: many });
  const id = (n: number) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);
  for (const { id: n } of many) s.take(Buffer.from([0x81, ...id(n), 0, 0, 0xd8, 4, ...new Uint8Array(600)]).toString("hex"));
  for (const { id: n } of many) assert.ok(s.end.receive(n));
  let windows = 0;
  for (let p; (p = s.packet()); ) {
    assert.ok(p.length <= 1175, `${p.length} bytes`);
    const r = new Reader(p);
    const type = r.u8();
    if (type & 0x20) readRanges(r, type, new Ack());
    else r.at = 0;
    for (; r.left > 0; windows++) {
      assert.equal(r.u8(), 4);
      r.channel();
      assert.equal(r.u32(), 1024 + 632);
    }
  }
  assert.equal(windows, 400);
  assert.equal(s.code, undefined);
});

test("receipts that are open or were not read are bounded", () => {
  const s = new Stream({ maxReceipts: 2 }).take(""); // which reads the event opened
  const send = () => s.end.send(ordered, Uint8Array.of(1), { receipt: true });
  for (let n = 1; n <= 2; n++) assert.equal(send(), n);
  const full = { name: "SendError", reason: "full", field: "maxReceipts", value: 2, limit: 2 };
  assert.throws(() => send(), full);
  assert.equal(s.end.send(ordered, Uint8Array.of(1)), 0, "of others there is no limit");
  assert.ok(s.packet());
  s.take("20 0000 00 00");
  assert.equal(send(), 3);
});

test("a message comes once and in its turn, and WINDOW counts as it is meant", () => {
  const s = new Stream().take("82 05 0000 01 07 01 08").take("82 05 0100 01 08 01 09");
  assert.deepEqual(s.messages(ordered), [7, 8, 9]);
  assert.equal(s.asked, 0);
  const sender = (s.end as unknown as { outbox: { senders: Map<number, { limit: number }> } }).outbox
    .senders;
  const limit = () => sender.get(ordered)!.limit;
  const before = limit();
  s.take("04 05 00000000");
  assert.equal(limit(), before, "an old one is ignored");
  s.take("04 05 ffffff7f").take("04 05 feffffff").take("04 05 00010000");
  assert.equal(limit(), 2 ** 32 + 256, "of two limits the one that is ahead counts");
});

test("of a Latest channel a newer value takes the place of one that waits, on either side", () => {
  for (const channel of [latest, looseLatest]) {
    const s = new Stream();
    s.end.send(ordered, Uint8Array.of(1));
    s.end.send(channel, Uint8Array.of(1), { receipt: true });
    s.end.send(channel, Uint8Array.of(2));
    const frames = Buffer.from(s.packet()!).toString("hex");
    const id = channel.toString(16).padStart(2, "0");
    assert.ok(frames.includes(`81${id}00000102`), frames);
    s.take("");
    const lost = s.events.find((e) => e.kind === "Lost");
    assert.equal(lost?.kind === "Lost" && lost.why, "replaced");
  }
  const s = new Stream({ channels: narrow });
  for (let n = 0; n < 60; n++) {
    s.take(`81 0${latest} ${n.toString(16).padStart(2, "0")}00 01 ${n.toString(16).padStart(2, "0")}`);
    while (s.packet()); // the charge of what was replaced has returned
  }
  assert.equal(s.code, undefined);
  assert.deepEqual(s.messages(latest), [59]);
  assert.deepEqual(s.messages(loose), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Common } from "./common.js";
import { Pair } from "../testdata/pair.js";
import { Delivery, SendError, type ChannelConfig } from "./index.js";

const second = 1_000_000;

/** What arrives of each channel in some seconds, if all have more to send than goes. */
function flood(channels: ChannelConfig[], seconds: number): number[] {
  const link = { delay: 10_000, rate: 200_000, queue: 20_000 };
  const pair = new Pair({ seed: 3, config: { channels }, link });
  pair.meet();
  const got = channels.map(() => 0);
  const b = new Uint8Array(500);
  for (let n = 0; n < seconds * 50; n++) {
    for (const { id } of channels) for (let k = 0; k < 12; k++) pair.a.endpoint.send(id, b);
    pair.run(second / 50);
    channels.forEach(({ id }, i) => {
      for (let m; (m = pair.b.endpoint.receive(id)) !== undefined; ) got[i]! += m.length;
    });
  }
  return got;
}

const delivery = Delivery.reliableOrdered;
const full = "dropOldest";

test("channels of a class share by their weights", () => {
  const [one, three] = flood(
    [
      { id: 1, delivery, full, maxMessageBytes: 10_000, maxQueuedBytes: 50_000 },
      { id: 2, delivery, full, maxMessageBytes: 10_000, maxQueuedBytes: 50_000, weight: 3 },
    ],
    20,
  ) as [number, number];
  assert.ok(one + three > 2_500_000, `${one + three} bytes in 20 s`);
  const ratio = three / one;
  assert.ok(ratio > 2.5 && ratio < 3.5, `three times the weight has ${ratio} times the bytes`);
});

test("a lower class waits for a higher one", () => {
  const [low, high] = flood(
    [
      { id: 1, delivery, full, maxMessageBytes: 10_000, maxQueuedBytes: 50_000 },
      { id: 2, delivery, full, maxMessageBytes: 10_000, maxQueuedBytes: 50_000, priority: 1 },
    ],
    10,
  ) as [number, number];
  assert.ok(high > 1_000_000 && low < high / 50, `${high} and ${low} bytes`);
});

test("a channel keeps to its own rate", () => {
  const [bytes] = flood(
    [{ id: 1, delivery, full, maxMessageBytes: 10_000, maxQueuedBytes: 50_000, bytesPerSecond: 20_000 }],
    10,
  ) as [number];
  assert.ok(bytes > 180_000 && bytes < 210_000, `${bytes} bytes in 10 s`);
});

test("a full queue refuses, and tells when there is room again", () => {
  const one: ChannelConfig = { id: 1, delivery, maxMessageBytes: 1000, maxQueuedBytes: 5000 };
  const pair = new Pair({ seed: 1, config: { channels: [one] }, link: { delay: 10_000 } });
  pair.meet();
  const fill = () => {
    for (let n = 0; ; n++) pair.a.endpoint.send(1, new Uint8Array(400));
  };
  assert.throws(fill, (err) => err instanceof SendError && err.reason === "full");
  pair.run(second);
  assert.ok(pair.a.events.some((e) => e.kind === "Writable" && e.channel === 1));
  let n = 0;
  while (pair.b.endpoint.receive(1)) n++;
  assert.equal(n, 11);
});

test("a newer value takes the place of one of its key that waits, and old ones are dropped where that is asked for", () => {
  const channels: ChannelConfig[] = [
    { id: 1, delivery: Delivery.reliableLatest },
    { id: 2, delivery: Delivery.unreliable, maxMessageBytes: 500, maxQueuedBytes: 1000 },
  ];
  const pair = new Pair({ seed: 1, config: { channels }, link: { delay: 10_000 } });
  pair.meet();
  for (let n = 0; n < 10; n++) {
    pair.a.endpoint.send(1, new Uint8Array([n]), { key: n % 2, receipt: true });
    pair.a.endpoint.send(2, new Uint8Array(300), { receipt: true });
  }
  pair.run(second);
  assert.deepEqual([pair.b.endpoint.receive(1)?.[0], pair.b.endpoint.receive(1)?.[0]], [8, 9]);
  const fates = (channel: number) =>
    pair.a.events
      .flatMap((e) => (e.kind === "Lost" && e.channel === channel ? [e.why] : []))
      .join(" ");
  assert.equal(fates(1), Array(8).fill("replaced").join(" "));
  assert.equal(fates(2), Array(7).fill("dropped").join(" "));
  assert.equal(pair.a.events.filter((e) => e.kind === "Delivered").length, 5);
});

test("large unreliable messages and droppables are told by STORED", () => {
  const channels: ChannelConfig[] = [
    { id: 1, delivery: Delivery.unreliable },
    { id: 2, delivery },
  ];
  const pair = new Pair({ seed: 1, config: { channels }, link: { delay: 10_000 } });
  pair.meet();
  const large = new Uint8Array(5000);
  pair.a.endpoint.send(1, large, { receipt: true });
  pair.a.endpoint.send(2, large, { receipt: true, droppable: true });
  pair.run(second / 2);
  assert.equal(pair.a.events.filter((e) => e.kind === "Delivered").length, 2);
  assert.equal(pair.b.endpoint.receive(1)?.length, 5000);
  assert.equal(pair.b.endpoint.receive(2)?.length, 5000);
});

test("who sends more than the line carries is told what it carries", () => {
  const one: ChannelConfig = { id: 1, delivery: Delivery.unreliable };
  const told = (rate: number) => {
    const link = { delay: 20_000, rate, queue: rate / 10 };
    const pair = new Pair({ seed: 1, config: { channels: [one] }, link });
    pair.meet();
    let [at, last] = [-Infinity, 0];
    for (let n = 0; n < 600; n++) {
      for (let k = 0; k < 8; k++) pair.a.endpoint.send(1, new Uint8Array(1000));
      pair.run(second / 60);
      while (pair.b.endpoint.receive(1));
      const more = pair.a.events.splice(0).flatMap((e) => (e.kind === "RateChanged" ? [e] : []));
      if (more.length === 0) continue;
      assert.ok(more.length === 1 && pair.now - at > second / 4 - second / 60, `told at ${at} and ${pair.now}`);
      at = pair.now;
      last = more[0]!.bytesPerSecond;
    }
    return last;
  };
  const [slow, fast] = [told(50_000), told(300_000)];
  assert.ok(slow > 25_000 && slow < 100_000, `${slow} of 50000 bytes a second`);
  assert.ok(fast > 150_000 && fast < 600_000, `${fast} of 300000 bytes a second`);
});

test("what a window has just got for a large message is not taken back because nothing came for long", () => {
  const pair = new Pair({
    seed: 1,
    config: { channels: [{ id: 1, delivery: Delivery.reliableOrdered }] },
    link: { delay: 20_000 },
  });
  pair.meet();
  pair.run(10_000_000);
  pair.a.endpoint.send(1, new Uint8Array(400_000));
  pair.run(900_000);
  assert.equal(pair.b.endpoint.receive(1)?.length, 400_000);
});

test("windows that have grown and stand still leave what a large message of another channel takes", () => {
  const channels = Array.from({ length: 12 }, (_, i) => ({ id: i + 1, delivery }));
  const pair = new Pair({ seed: 1, config: { channels }, link: { delay: 20_000 } });
  pair.meet();
  const { c } = pair.b.endpoint as unknown as { c: Common };
  c.pool = c.windowPool = 4 << 20;
  const came = (id: number) => {
    let n = 0;
    while (pair.b.endpoint.receive(id)) n++;
    return n;
  };
  const large = new Uint8Array(1 << 20);
  for (let i = 0; i < 10; i++) {
    for (let k = 0; k < 3; k++) pair.a.endpoint.send(1, large);
    for (let n = 0; n < 3; n += came(1)) pair.run(20_000);
  }
  for (let id = 2; id < 12; id += 2) {
    for (const to of [id, id + 1])
      for (let k = 0; k < 3; k++) pair.a.endpoint.send(to, large.subarray(0, 400_000));
    let n = 0;
    for (let s = 0; s < 12; s++) {
      pair.run(second);
      n += came(id) + came(id + 1);
    }
    assert.equal(n, 6, `channels ${id} and ${id + 1}`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pair } from "../testdata/pair.js";
import { clockSamples } from "./clock.js";
import { Delivery, type ChannelConfig } from "./index.js";
import { learn } from "./parts.js";

const channels: ChannelConfig[] = [
  { id: 1, delivery: Delivery.unreliable, name: "noise" },
  { id: 2, delivery: Delivery.unreliableLatest, name: "state" },
  { id: 3, delivery: Delivery.reliableUnordered, name: "events" },
  { id: 4, delivery: Delivery.reliableLatest, name: "score" },
  { id: 5, delivery: Delivery.reliableOrdered, name: "chat" },
];

const text = (s: string) => new TextEncoder().encode(s);
const told = (b: Uint8Array | undefined) => b && new TextDecoder().decode(b);

test("messages of all deliveries arrive, large ones too, and receipts say so", () => {
  const pair = new Pair({ seed: 1, config: { channels }, link: { delay: 20_000 } });
  assert.equal(pair.meet(), undefined);
  const large = "x".repeat(5000);
  const receipts = channels.flatMap(({ id }) => [
    pair.a.endpoint.send(id, text(`hello ${id}`), { receipt: true }),
    ...(id === 2 || id === 4 ? [] : [pair.a.endpoint.send(id, text(large), { receipt: true })]),
  ]);
  pair.run(1_000_000);
  for (const { id } of channels) {
    assert.equal(told(pair.b.endpoint.receive(id)), `hello ${id}`);
    if (id !== 2 && id !== 4) assert.equal(told(pair.b.endpoint.receive(id)), large);
    assert.equal(pair.b.endpoint.receive(id), undefined);
  }
  const delivered = pair.a.events.filter((e) => e.kind === "Delivered").map((e) => e.receipt);
  assert.deepEqual(delivered.sort(), receipts.sort());
});

test("a small message that is lost comes back without a round trip", () => {
  const late = (repair: "auto" | "off") => {
    const one: ChannelConfig[] = [{ id: 1, delivery: Delivery.reliableUnordered, repair }];
    const link = { delay: 50_000, loss: 0.05 };
    const pair = new Pair({ seed: 5, config: { channels: one }, link });
    pair.meet();
    let n = 0;
    for (let i = 0; i < 1200; i++) {
      const sentAt = new Uint8Array(8);
      new DataView(sentAt.buffer).setFloat64(0, pair.now);
      pair.a.endpoint.send(1, sentAt);
      pair.run(16_667);
      for (let m; (m = pair.b.endpoint.receive(1)) !== undefined; ) {
        if (pair.now - new DataView(m.buffer).getFloat64(0) > 140_000) n++;
      }
    }
    return { n, rebuilt: learn(pair.b.endpoint).stats.messagesRebuilt };
  };
  const [on, off] = [late("auto"), late("off")];
  assert.equal(off.rebuilt, 0);
  assert.ok(on.rebuilt > 20, `${on.rebuilt} rebuilt`);
  assert.ok(on.n < off.n / 4, `${on.n} late ones with repair, ${off.n} without`);
});

test("exchanges of clocks tell how long packets take, and how long acks are held", () => {
  const pair = new Pair({ seed: 1, config: { channels }, link: { delay: 30_000, loss: 0.02 } });
  pair.meet();
  const endpoint = learn(pair.a.endpoint);
  assert.equal(clockSamples(endpoint).length, 0);
  let n = 0;
  for (let i = 0; i < 600; i++) {
    endpoint.send(1, text("move"));
    pair.run(16_667);
    for (const s of clockSamples(endpoint)) {
      n++;
      const [there, back] = [s.arrived - s.sent, s.received - s.answered];
      assert.ok(there <= 30_000 && there > 30_000 - 128, `there: ${there} µs`);
      assert.ok(back >= 30_000 && back < 30_000 + 256, `back: ${back} µs`);
    }
  }
  assert.ok(n > 50, `${n} samples in 10 s`);
});

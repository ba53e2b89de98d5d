import assert from "node:assert/strict";
import { test } from "node:test";
import { Pair } from "../testdata/pair.js";
import { Delivery, type ChannelConfig } from "./index.js";

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
  const delivered = pair.a.events.filter((e) => e.kind === "delivered").map((e) => e.receipt);
  assert.deepEqual(delivered.sort(), receipts.sort());
});

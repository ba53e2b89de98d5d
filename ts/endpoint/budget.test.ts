import assert from "node:assert/strict";
import { test } from "node:test";
import { Pair } from "../testdata/pair.js";
import { budget } from "./budget.js";
import { channelCounts, messageCounts } from "./counts.js";
import { Delivery, type ChannelConfig } from "./index.js";
import { learn } from "./parts.js";

const tick = 16_667;
const size = 400;
const cost = size + 2;

/** Who sends in each tick as much as its budget says, beside states; how long states took at most, and how much else came. */
function thrifty(rate: number, seed: number, budgeted: boolean): [worst: number, bytes: number] {
  const channels: ChannelConfig[] = [
    { id: 1, delivery: Delivery.unreliable },
    { id: 2, delivery: Delivery.reliableOrdered, maxMessageBytes: 1 << 14, maxQueuedBytes: 1 << 16 },
  ];
  const link = { delay: 20_000, rate, queue: rate };
  const pair = new Pair({ seed, config: { channels }, link });
  pair.meet();
  const { a, b } = pair;
  let [worst, bytes] = [0, 0];
  for (let n = 0; n < 60 * 10; n++) {
    const state = new Uint8Array(new Float64Array([pair.now]).buffer);
    a.endpoint.send(1, state);
    let left = budgeted ? budget(learn(a.endpoint), pair.now, tick, 2) : 8 * cost;
    for (; left >= cost; left -= cost) {
      if (channelCounts(learn(a.endpoint), 2)!.queuedBytes > 60_000) break;
      a.endpoint.send(2, new Uint8Array(size));
    }
    for (let k = 0; k < 4; k++) {
      pair.run(tick / 4);
      for (let m; (m = b.endpoint.receive(1)); ) {
        const at = new Float64Array(m.slice().buffer)[0]!;
        if (n > 120) worst = Math.max(worst, pair.now - at);
      }
      for (let m; (m = b.endpoint.receive(2)); ) bytes += m.length;
    }
    if (budgeted && n > 120) {
      const { queuedBytes } = channelCounts(learn(a.endpoint), 2)!;
      assert.ok(queuedBytes < 8000, `seed ${seed}: ${queuedBytes} bytes wait in tick ${n}`);
    }
  }
  return [worst, bytes];
}

test("who sends as much as the budget says has nothing that waits, and little less arrives", () => {
  for (let seed = 1; seed <= 2; seed++) {
    const [, most] = thrifty(100_000, seed, false);
    const [, bytes] = thrifty(100_000, seed, true);
    assert.ok(bytes > 0.6 * most, `seed ${seed}: ${bytes} bytes in place of ${most}`);
  }
});

test("the budget of a channel leaves out what waits below it, and is none where there is none", () => {
  const channels: ChannelConfig[] = [
    { id: 1, delivery: Delivery.reliableOrdered },
    { id: 2, delivery: Delivery.unreliable, priority: 1 },
    { id: 3, delivery: Delivery.unreliable, bytesPerSecond: 1000 },
  ];
  const pair = new Pair({ seed: 1, config: { channels }, link: { delay: 20_000 } });
  pair.meet();
  pair.run(1_000_000);
  const end = learn(pair.a.endpoint);
  const idle = budget(end, pair.now, tick);
  assert.ok(idle > 5000, `${idle}`);
  end.send(1, new Uint8Array(1 << 20));
  assert.equal(budget(end, pair.now, tick), 0);
  assert.equal(budget(end, pair.now, tick, 2), idle, "what waits has a lower priority");
  assert.equal(budget(end, pair.now, tick, 1), 0);
  assert.equal(budget(end, pair.now, tick, 9), 0, "there is no such channel");
  pair.run(30_000_000);
  const capped = budget(end, pair.now, 1_000_000, 3);
  assert.ok(capped > 900 && capped < 1200, `${capped} of 1000 bytes a second`);
  end.close(pair.now);
  assert.equal(budget(end, pair.now, tick), 0);
});

test("the counts of channels are those of the messages that went there", () => {
  const channels: ChannelConfig[] = Object.values(Delivery).map((delivery, i) => ({
    id: i + 1,
    delivery,
    maxMessageBytes: 5000,
    maxQueuedBytes: 10_000,
  }));
  const pair = new Pair({ seed: 1, config: { channels }, link: { delay: 20_000, loss: 0.05 } });
  pair.meet();
  const [from, to] = [learn(pair.a.endpoint), learn(pair.b.endpoint)];
  for (let n = 0; n < 300; n++) {
    for (const { id } of channels) from.send(id, new Uint8Array(id * 40));
    pair.run(tick);
    for (const { id } of channels) while (to.receive(id));
  }
  pair.run(2_000_000);
  const all = channels.map(({ id }) => [channelCounts(from, id)!, channelCounts(to, id)!] as const);
  all.forEach(([sent, came], i) => {
    const { delivery } = channels[i]!;
    assert.equal(sent.messagesSent, 300);
    assert.deepEqual([sent.queuedMessages, sent.queuedBytes, came.messagesSent], [0, 0, 0]);
    assert.ok(sent.bytesSent > 300 * 40 * (i + 1) && sent.bytesSent < 500 * (40 * (i + 1) + 10));
    assert.ok(came.bytesReceived > 0.9 * 300 * 40 * (i + 1));
    assert.ok(sent.messagesLost + came.messagesReceived >= 300 - (delivery < 2 ? 3 : 0), `${i}: ${JSON.stringify([sent, came])}`);
    if (delivery === Delivery.reliableOrdered) assert.equal(came.messagesReceived, 300);
  });
  const sum = (what: "messagesSent" | "messagesLost") => all.reduce((n, [c]) => n + c[what], 0);
  const { messagesSent, messagesReceived, messagesLost } = messageCounts(from);
  assert.deepEqual([messagesSent, messagesReceived, messagesLost], [1500, 0, sum("messagesLost")]);
  assert.equal(channelCounts(from, 99), undefined);
});

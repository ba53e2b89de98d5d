import assert from "node:assert/strict";
import { test } from "node:test";
import { Pair, type Loads } from "../testdata/pair.js";
import { FullEndpoint } from "./endpoint_full.js";
import { Delivery, type ChannelConfig, type Event } from "./index.js";
import { learn } from "./parts.js";

const second = 1_000_000;
const channels: ChannelConfig[] = [
  ...Object.values(Delivery).map((delivery) => ({ id: delivery + 1, delivery })),
  { id: 9, delivery: Delivery.reliableOrdered },
];
const never: [number, number] = [Infinity, Infinity];
const stream = (loads?: [number, number]) => {
  const config = { channels, reliable: true };
  const pair = new Pair({ seed: 1, config, link: { delay: 20_000 }, ...(loads && { loads }) });
  assert.equal(pair.meet(), undefined);
  return pair;
};

test("over a stream a game goes on though the rest cannot be loaded, and what waits for it comes once it can", () => {
  const pair = stream(never);
  const ends = [pair.a, pair.b];
  const came = new Map<number, number>();
  const take = () => {
    for (const { endpoint } of ends) {
      for (let id = 1; id <= 5; id++) {
        for (let m; (m = endpoint.receive(id)); ) {
          const key = id * 1000 + m[0]!;
          came.set(key, (came.get(key) ?? 0) + 1);
        }
      }
    }
  };
  const large = new Uint8Array(5000).fill(7);
  for (const { endpoint } of ends) endpoint.send(9, large);
  for (let n = 0; n < 200; n++) {
    for (const { endpoint } of ends) {
      for (let id = 1; id <= 5; id++) endpoint.send(id, Uint8Array.of(n));
    }
    pair.run(second / 20);
    take();
  }
  pair.run(60 * second);
  take();
  assert.equal(came.size, 5 * 200);
  for (const [message, times] of came) assert.equal(times, 2, `message ${message}, by both ends`);
  for (const { endpoint, events } of ends) {
    assert.equal(endpoint.receive(9), undefined);
    assert.ok(endpoint.open, JSON.stringify(events));
  }
  for (const { endpoint } of ends) learn(endpoint);
  pair.run(second);
  for (const { endpoint } of ends) assert.deepEqual(endpoint.receive(9), large);
});

test("nothing of the rest is asked for by small messages over a stream", () => {
  const pair = stream(never);
  for (let n = 0; n < 100; n++) {
    for (const { endpoint } of [pair.a, pair.b]) {
      for (let id = 1; id <= 5; id++) {
        endpoint.send(id, Uint8Array.of(n), { receipt: true });
        while (endpoint.receive(id));
      }
    }
    pair.run(second / 20);
  }
  assert.deepEqual([...pair.wanted], []);
});

test("either end ends the connection without the rest, and both say so", () => {
  for (const closes of ["a", "b"] as const) {
    const pair = stream(never);
    pair.run(second);
    pair[closes].endpoint.close(pair.now, 300, "that was it");
    pair.run(second);
    for (const [end, remote] of [
      [pair.a, closes === "b"],
      [pair.b, closes === "a"],
    ] as const) {
      assert.ok(end.endpoint.done);
      const { code, text, remote: by } = end.events.at(-1) as Extract<Event, { kind: "closed" }>;
      assert.deepEqual([code, text, by], [300, "that was it", remote]);
    }
  }
});

test("a drain ends by itself, though nobody can tell what has come through", () => {
  const pair = stream(never);
  pair.a.endpoint.drain(pair.now, 301, "bye", 5 * second);
  assert.throws(() => pair.a.endpoint.send(1, new Uint8Array(1)), { reason: "closed" });
  pair.run(4 * second);
  assert.ok(!pair.a.endpoint.over);
  pair.run(2 * second);
  assert.ok(pair.a.endpoint.done && pair.b.endpoint.done);
});

test("who only takes has its packets acknowledged now and then, and keeps few of them", () => {
  const pair = stream(never);
  const [path] = pair.a.endpoint.paths.all;
  for (let n = 0; n < 3000; n++) {
    pair.b.endpoint.send(1, Uint8Array.of(1));
    pair.run(second / 60);
    while (pair.a.endpoint.receive(1));
    assert.ok(path!.next - path!.largestAcked < 100, `${path!.next - path!.largestAcked} packets`);
  }
  assert.ok(path!.next > 500);
});

/** A line over datagrams, of which one end has each part only when it asks for it. */
const datagrams = (loss: number, loads: Loads) => {
  const config = { channels, timeout: 10 * second };
  const pair = new Pair({ seed: 1, config, link: { delay: 60_000, loss }, loads: [loads, {}] });
  assert.equal(pair.meet(), undefined);
  return pair;
};

/** Has both ends send small messages on all channels for five seconds; how many of the reliable ones came. */
function chat(pair: Pair): number {
  let came = 0;
  for (let n = 0; n < 150; n++) {
    for (const { endpoint } of [pair.a, pair.b]) {
      for (let id = 1; id <= 5; id++) {
        if (n < 100) endpoint.send(id, Uint8Array.of(n));
        while (endpoint.receive(id)) if (id >= 3) came++;
      }
    }
    pair.run(second / 20);
  }
  return came;
}

test("a line that loses nothing asks for nothing, though the peer repairs before it knows the line", () => {
  const pair = datagrams(0, { kept: 0, repair: 0 });
  const repair = learn(pair.b.endpoint).outbox.senders.get(5)!;
  assert.equal(chat(pair), 100 * 6);
  assert.ok(repair.sums!.sent > 0, "the peer sends sums");
  assert.deepEqual([...pair.wanted], []);
});

for (const [how, takes] of [
  ["a second after", second],
  ["never, though", Infinity],
] as const) {
  test(`what repairs comes ${how} the first loss asks for it, and nothing is lost or doubled`, () => {
    const pair = datagrams(0.1, { kept: 0, repair: takes });
    assert.ok(chat(pair) >= 100 * 4, "all of two channels, and the newest of a third");
    assert.deepEqual([...pair.wanted], ["repair"]);
    assert.equal(pair.a.endpoint instanceof FullEndpoint && pair.a.endpoint.inbox.rebuilders !== undefined, takes < Infinity);
  });
}

test("a peer that announces silence is waited for, though what knows of that comes a second later", () => {
  const pair = datagrams(0, { kept: second });
  pair.run(second);
  assert.ok(learn(pair.b.endpoint).life.keeping!.hold(pair.now, 40 * second));
  pair.run(35 * second);
  assert.ok(pair.wanted.has("kept") && !pair.wanted.has("repair"));
  assert.ok(pair.a.endpoint.open && pair.b.endpoint.open, JSON.stringify(pair.a.events));
});

test("a peer that leaves does so in its time, though what knows of that never comes", () => {
  const pair = datagrams(0, { kept: Infinity });
  pair.run(second);
  pair.b.endpoint.drain(pair.now, 301, "bye", 5 * second);
  pair.run(15 * second);
  assert.ok(pair.wanted.has("kept") && !pair.wanted.has("repair"));
  assert.ok(pair.a.endpoint.done && pair.b.endpoint.done);
});

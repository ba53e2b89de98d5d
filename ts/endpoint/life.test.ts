import assert from "node:assert/strict";
import { test } from "node:test";
import { Pair, type PairConfig } from "../testdata/pair.js";
import { Delivery, SendError, type ChannelConfig } from "./index.js";
import { learn } from "./parts.js";
import { Schemas } from "./schemas.js";

const second = 1_000_000;
const channels: ChannelConfig[] = [
  { id: 1, delivery: Delivery.unreliable },
  { id: 5, delivery: Delivery.reliableOrdered, name: "chat" },
];
const hi = new Uint8Array([104, 105]);

function meet(cfg: Partial<PairConfig> = {}): Pair {
  const pair = new Pair({ seed: 1, config: { channels }, link: { delay: 20_000 }, ...cfg });
  assert.equal(pair.meet(), undefined);
  pair.run(second / 2);
  return pair;
}

const kinds = (events: readonly { kind: string }[]) =>
  events.map((e) => e.kind).filter((kind) => kind !== "PathChanged" && kind !== "RateChanged");

test("ends whose channels, forms or versions differ do not talk", () => {
  const refusal = (other: Partial<PairConfig["config"]>, own: Partial<PairConfig["config"]> = {}) =>
    new Pair({
      seed: 1,
      config: { channels, ...own },
      other: { channels, ...other },
      link: { delay: 1 },
    }).meet();
  const one = new Schemas([{ version: 2, digest: 7 }]);
  const two = new Schemas([
    { version: 3, digest: 1 },
    { version: 2, digest: 7 },
  ]);
  const other = new Schemas([{ version: 2, digest: 8 }]);
  assert.equal(refusal({}), undefined);
  assert.equal(refusal({ schemas: one }), undefined);
  assert.equal(refusal({ schemas: one }, { schemas: two }), undefined);
  const code = (r: unknown) => (r as { code: number }).code;
  assert.equal(code(refusal({ schemas: one }, { schemas: other })), 4);
  assert.equal(code(refusal({ channels: channels.slice(1) })), 4);
  const pair = meet();
  assert.equal(pair.a.endpoint.handleHello(0, new Uint8Array([2, 3]))?.code, 3);
  assert.equal(pair.a.endpoint.handleHello(0, new Uint8Array([1, 1, 5]))?.code, 1);
});

test("both ends use the highest version of typed messages that is the same at both", () => {
  const [three, two] = [
    { version: 3, digest: 1 },
    { version: 2, digest: 7 },
  ];
  const pair = new Pair({
    seed: 1,
    config: { channels, schemas: new Schemas([three, two]) },
    other: { channels, schemas: new Schemas([two]) },
    link: { delay: 1 },
  });
  assert.equal(pair.a.endpoint.schema, 3);
  assert.equal(pair.meet(), undefined);
  assert.deepEqual([pair.a.endpoint.schema, pair.b.endpoint.schema], [2, 2]);
});

test("an idle connection stays alive by a PING now and then, and costs little", () => {
  const pair = meet();
  const before = pair.a.packets;
  pair.run(60 * second);
  assert.ok(pair.a.endpoint.open && pair.b.endpoint.open);
  const packets = pair.a.packets - before;
  assert.ok(packets > 20 && packets < 120, `${packets} packets in a minute`);
});

test("silence for the timeout ends the connection, or makes the peer away and back", () => {
  const dead = meet();
  dead.b.meddle = () => undefined;
  dead.run(12 * second);
  assert.deepEqual(kinds(dead.a.events), ["opened", "closed"]);
  assert.ok(dead.a.endpoint.done);

  const kept = meet();
  learn(kept.a.endpoint).life.keeping!.setKeepFor(60 * second);
  learn(kept.b.endpoint).life.keeping!.setKeepFor(60 * second);
  kept.a.endpoint.send(5, hi, { receipt: true });
  for (const end of [kept.a, kept.b]) end.meddle = () => undefined;
  kept.run(20 * second);
  assert.ok(learn(kept.a.endpoint).life.keeping!.away);
  for (const end of [kept.a, kept.b]) end.meddle = (frames) => frames;
  kept.run(10 * second);
  assert.deepEqual(kinds(kept.a.events), ["opened", "away", "back", "Delivered"]);
  assert.deepEqual(kept.b.endpoint.receive(5), hi);
});

test("a drain lets all come through before it closes, and two drains do not cut each other short", () => {
  for (const both of [false, true]) {
    const pair = meet({ link: { delay: 20_000, loss: 0.2 } });
    for (let i = 0; i < 100; i++) {
      pair.a.endpoint.send(5, new Uint8Array(1000));
      pair.b.endpoint.send(5, new Uint8Array(1000));
    }
    pair.a.endpoint.drain(pair.now, 11, "bye", 30 * second);
    if (both) pair.b.endpoint.drain(pair.now, 11, "bye", 30 * second);
    assert.throws(() => pair.a.endpoint.send(5, hi), SendError);
    let n = 0;
    for (let i = 0; i < 1000; i++) {
      pair.run(second / 50);
      while (pair.b.endpoint.receive(5)) n++;
      while (pair.a.endpoint.receive(5)) n += both ? 1 : 0;
    }
    assert.equal(n, both ? 200 : 100);
    const { code, undelivered } = pair.a.events.at(-1) as { code: number; undelivered: number };
    assert.deepEqual([code, undelivered], [11, 0]);
    assert.ok(pair.a.endpoint.done && pair.b.endpoint.done);
  }
});

test("a hold keeps a silent end alive, and what waits goes when it is over", () => {
  const pair = meet();
  const { a, b } = pair;
  assert.equal(learn(a.endpoint).life.keeping!.hold(pair.now, 61 * second), false);
  assert.equal(learn(a.endpoint).life.keeping!.hold(pair.now, 30 * second), true);
  pair.run(second);
  const long = new Uint8Array(100);
  b.endpoint.send(5, long, { receipt: true });
  for (const end of [a, b]) {
    let data = 0;
    end.meddle = (frames) => {
      if (frames.length > 100) data++;
      return frames;
    };
    pair.run(10 * second);
    assert.equal(data, 0, "data goes while somebody is on hold");
  }
  a.meddle = () => undefined; // nobody drives it
  pair.run(15 * second);
  assert.ok(b.endpoint.open);
  a.meddle = b.meddle = (frames) => frames;
  pair.run(8 * second);
  assert.deepEqual(a.endpoint.receive(5), long);
  assert.deepEqual(kinds(b.events), ["opened", "Delivered"]);
  learn(a.endpoint).life.keeping!.hold(pair.now, 30 * second);
  pair.run(second);
  a.endpoint.send(5, hi);
  pair.run(second);
  assert.deepEqual(b.endpoint.receive(5), hi, "a message ends the hold of its sender");
});

test("an endpoint goes on under new keys: nothing reliable is lost or doubled", () => {
  const pair = meet({ link: { delay: 50_000, loss: 0.1 } });
  const { a, b } = pair;
  let n = 0;
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 50; i++) a.endpoint.send(5, new Uint8Array([n + i]));
    pair.run(60_000);
    for (const end of [a, b]) {
      assert.ok(learn(end.endpoint).life.keeping!.continue(pair.now, 0, false));
      while (end.line.receive(1e15) !== undefined); // nobody reads what the old keys sealed
    }
    pair.run(5 * second);
    for (let m; (m = b.endpoint.receive(5)) !== undefined; n++) assert.equal(m[0], n);
  }
  assert.equal(n, 200);
  assert.ok(learn(a.endpoint).drained);
});

test("CLOSE is repeated until it is answered, and everything before it may be received", () => {
  const pair = meet({ link: { delay: 20_000, loss: 0.4 }, seed: 3 });
  pair.a.endpoint.close(pair.now, 64, "x".repeat(300));
  pair.run(6 * second);
  assert.ok(pair.a.endpoint.done && pair.b.endpoint.done);
  const last = pair.b.events.at(-1) as { code: number; text: string };
  assert.deepEqual([last.code, last.text], [0, "x".repeat(200)]);
});

test("CLOSE begins on the path that loses nothing, else on the one that messages take, and is repeated on the others", () => {
  for (const [first, further, sure, order] of [
    ["reserve", "share", false, [1, 0, 1]],
    ["reserve", "share", true, [0, 1, 0]],
    ["share", "reserve", false, [0, 1, 0]],
  ] as const) {
    const pair = meet({ config: { channels, maxPaths: 2 } });
    const ends = [pair.a, pair.b].map((end) => learn(end.endpoint));
    for (const { paths } of ends) {
      paths.set(0, first);
      paths.all[0]!.reliable = sure;
      assert.equal(paths.open(pair.now, 0, false, further), 1);
    }
    pair.run(second);
    for (const { paths } of ends) assert.deepEqual(paths.all.map((p) => p.claims.state), ["active", "active"]);
    const went: number[] = [];
    pair.a.meddle = () => void went.push(pair.a.out.path);
    pair.a.endpoint.close(pair.now, 64, "enough");
    pair.run(4 * second);
    assert.deepEqual(went.slice(0, 3), order);
    assert.ok(pair.a.endpoint.done);
  }
});

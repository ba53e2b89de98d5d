import assert from "node:assert/strict";
import { test } from "node:test";
import { Game } from "../testdata/game.js";
import { chance } from "../testdata/link.js";
import { Pair, type PairConfig } from "../testdata/pair.js";
import { FullEndpoint } from "./endpoint_full.js";
import { Delivery, type ChannelConfig, type Endpoint } from "./index.js";

/** How many worlds of each kind: SEEDS=1000 plays in so many, SEED=7 in that of one seed alone. */
const seeds = Number(process.env["SEEDS"] ?? 100);
const tick = 16_667;
const ticks = 120;

type World = PairConfig & { channels: ChannelConfig[] };

/** A line as bad as the seed has it, and channels of all deliveries. */
function world(seed: number, stream = false): World {
  const random = chance(seed + 7919);
  const upTo = (n: number) => Math.floor(random() * n);
  const channels: ChannelConfig[] = Object.values(Delivery).map((delivery) => ({
    id: delivery === Delivery.reliableLatest ? 200 : delivery + 1,
    delivery,
    priority: upTo(2),
    weight: 1 + upTo(3),
    windowBytes: delivery >= Delivery.reliableUnordered ? 8192 << upTo(5) : 1 << 20,
    ...(upTo(4) === 0 ? { bytesPerSecond: 20_000 + upTo(100_000) } : {}),
  }));
  /** How long a part takes to come that no message has to have; one in three never comes. */
  const late = () => (upTo(3) === 0 ? Infinity : upTo(2_500_000));
  const outage = 1_000_000 + upTo(3_000_000);
  const maxDatagramBytes = upTo(4) === 0 ? 576 : 1200;
  const delay = 1000 + upTo(80_000);
  if (upTo(6) === 0 || stream) {
    // as a WebSocket is one: nothing is lost, nothing overtakes, and the ends load parts when they need them
    const config = { channels, maxDatagramBytes, reliable: true };
    const loads = () => ({ ways: upTo(2_500_000), kept: late(), repair: late() });
    return { seed, channels, config, link: { delay, rate: 300_000 }, loads: [loads(), loads()] };
  }
  return {
    seed,
    channels,
    config: { channels, timeout: 30_000_000, maxDatagramBytes },
    link: {
      delay,
      jitter: upTo(3) === 0 ? 0 : upTo(40_000),
      loss: upTo(4) === 0 ? 0 : random() * 0.25,
      rate: upTo(3) === 0 ? 150_000 : Infinity,
      queue: 60_000,
    },
    twice: upTo(2) === 0 ? 0 : 0.1,
    outages: upTo(3) === 0 ? [[outage, outage + upTo(2_000_000)]] : [],
    loads: upTo(2) === 0 ? [{}, {}] : [{ kept: late(), repair: late() }, { repair: late() }],
  };
}

/** Whether each message has its fate; an end that has not learned cannot tell. */
const drained = (e: Endpoint) => e instanceof FullEndpoint && e.drained;

/** Plays both ways over the line, lets all come through, and ends the connection. */
function soak(cfg: World): void {
  const pair = new Pair(cfg);
  assert.equal(pair.meet(), undefined);
  const { a, b } = pair;
  const games = [
    new Game(a, b, cfg.channels, pair.random),
    new Game(b, a, cfg.channels, pair.random),
  ];
  for (let n = 0; n < ticks; n++) {
    for (const g of games) {
      g.play();
      g.take(0.5);
    }
    pair.run(tick);
  }
  for (let n = 0; n < 6000 && !(drained(a.endpoint) && drained(b.endpoint)); n++) {
    pair.run(tick);
    for (const g of games) g.take();
  }
  assert.ok(drained(a.endpoint) && drained(b.endpoint), "messages are still under way");
  pair.run(100_000);
  for (const g of games) {
    g.take();
    g.finish();
  }
  a.endpoint.close(pair.now, 300, "that was it");
  pair.run(10_000_000);
  assert.ok(a.endpoint.done && b.endpoint.done);
  const end = (remote: boolean) => ({
    kind: "closed",
    code: 300,
    text: "that was it",
    remote,
    undelivered: 0,
    unreliable: 0,
  });
  assert.deepEqual([a.events.at(-1), b.events.at(-1)], [end(false), end(true)]);
}

/** Plays in the worlds of all seeds, or of one alone. */
function soakAll(stream: boolean): void {
  const only = Number(process.env["SEED"] ?? 0);
  for (let seed = only || 1; seed <= (only || seeds); seed++) {
    try {
      soak(world(seed, stream));
    } catch (err) {
      const how = `SEED=${seed} node --test dist/endpoint/soak.test.js`;
      throw new Error(`${how}: ${String(err)}`, { cause: err });
    }
  }
}

test(`nothing reliable is lost or doubled, and receipts are true, over ${seeds} bad lines`, () => {
  soakAll(false);
});

test(`likewise over ${seeds} streams, however long the ends take to load what they need`, () => {
  soakAll(true);
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Game } from "../testdata/game.js";
import { chance } from "../testdata/link.js";
import { Pair } from "../testdata/pair.js";
import { Delivery, type ChannelConfig } from "./index.js";

const seeds = 200;
const tick = 16_667;

const channels: ChannelConfig[] = Object.values(Delivery).map((delivery) => ({
  id: delivery + 1,
  delivery,
}));

// from ts/dist/endpoint, where this is compiled to
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const text = readFileSync(join(root, "testdata/vectors/frames.json"), "utf8");
const vectors = JSON.parse(text) as {
  frames: { name: string; frame: string; bytes: string }[];
  malformed: { name: string; bytes: string }[];
};
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

function meet(seed: number): Pair {
  const pair = new Pair({ seed, config: { channels }, link: { delay: 10_000, jitter: 5000 } });
  assert.equal(pair.meet(), undefined);
  return pair;
}

test("malformed packets close the connection with PROTOCOL", () => {
  for (const v of vectors.malformed) {
    const pair = meet(1);
    pair.a.endpoint.handlePacket(pair.now, 0, 0, 0, bytesOf(v.bytes));
    pair.run(1_000_000);
    const closed = pair.a.events.find((e) => e.kind === "closed");
    assert.equal(closed?.code, 1, v.name);
    assert.equal(pair.b.events.at(-1)?.kind, "closed", v.name);
  }
});

test("any frame at any time is taken or closes the connection", () => {
  const random = chance(1);
  for (let seed = 1; seed <= 50; seed++) {
    const pair = meet(seed);
    for (let number = 0; number < 20 && !pair.a.endpoint.over; number++) {
      const v = vectors.frames[Math.floor(random() * vectors.frames.length)]!;
      pair.a.endpoint.handlePacket(pair.now, 0, 0, 10_000 + number, bytesOf(v.bytes));
      pair.run(10_000);
    }
    pair.run(10_000_000);
  }
});

/** Changes, cuts or lengthens a packet. */
function damage(frames: Uint8Array, random: () => number): Uint8Array {
  const upTo = (n: number) => Math.floor(random() * n);
  const b = new Uint8Array(frames.length + (upTo(4) === 0 ? upTo(20) : 0));
  b.set(frames);
  for (let n = 1 + upTo(4); n > 0; n--) b[upTo(b.length)] = upTo(256);
  return upTo(4) === 0 ? b.subarray(0, upTo(b.length)) : b;
}

/** Plays with one packet in twenty damaged: authentic, and wrong. */
function fuzz(seed: number): number {
  const pair = meet(seed);
  const random = chance(seed + 4711);
  const share = 0.002 * (1 + (seed % 10));
  for (const end of [pair.a, pair.b]) {
    end.meddle = (frames) => (random() < share ? damage(frames, random) : frames);
  }
  const game = new Game(pair.a, pair.b, channels, pair.random);
  for (let n = 0; n < 60; n++) {
    if (!pair.a.endpoint.over) game.play();
    for (const { id } of channels) while (pair.b.endpoint.receive(id) !== undefined);
    pair.run(tick);
  }
  pair.run(20_000_000);
  return pair.a.endpoint.over ? 1 : 0;
}

test("damaged packets throw nothing out of an endpoint", () => {
  const only = Number(process.env["SEED"] ?? 0);
  let closed = 0;
  for (let seed = only || 1; seed <= (only || seeds); seed++) {
    try {
      closed += fuzz(seed);
    } catch (err) {
      const how = `SEED=${seed} node --test dist/endpoint/fuzz.test.js`;
      throw new Error(`${how}: ${String(err)}`, { cause: err });
    }
  }
  if (!only) assert.ok(closed > seeds / 2, `${closed} of ${seeds} connections were closed`);
});

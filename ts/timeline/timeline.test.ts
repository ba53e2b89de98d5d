import assert from "node:assert/strict";
import { test } from "node:test";
import { chance } from "../testdata/link.js";
import { Buffer, Clock, ConfigError, Lead, Ticks, type Sample } from "./index.js";

const second = 1_000_000;

/** A network between two clocks: exchanges with a delay each way. */
class Wire {
  ahead = 0; // the peer's clock at zero of ours
  drift = 0;
  out = 0; // shortest ways
  back = 0;
  jitter = 0; // mean of an exponential delay on top
  private random: () => number;

  constructor(seed: number) {
    this.random = chance(seed);
  }

  peer(at: number): number {
    return at + this.ahead + this.drift * at;
  }

  private wait(least: number): number {
    return least - Math.log(1 - this.random()) * this.jitter;
  }

  /** A sample of a packet sent at a time of the own clock, in the units of the wire. */
  exchange(sent: number): Sample {
    const arrives = sent + this.wait(this.out);
    const hold = Math.floor(this.random() * 20) * 1000;
    const arrived = Math.floor(this.peer(arrives) / 64) * 64;
    const answered = arrived + Math.floor(hold / 128) * 128;
    return { sent, arrived, answered, received: arrives + hold + this.wait(this.back) };
  }
}

test("a clock follows offset and drift", () => {
  for (let seed = 0; seed < 20; seed++) {
    const w = new Wire(seed);
    w.ahead = 17 * 60 * second;
    w.drift = 200e-6;
    w.out = w.back = 30_000;
    w.jitter = 5000;
    const c = new Clock();
    for (let at = 0; at < 60 * second; at += 100_000) {
      const s = w.exchange(at);
      c.add(s);
      const off = Math.abs(c.at(s.received) - w.peer(s.received));
      assert.ok(at < 20 * second || off < 1000, `seed ${seed}: off by ${off} µs`);
    }
    assert.ok(Math.abs(c.drift - 200e-6) < 20e-6, `seed ${seed}: ${c.drift}`);
    assert.ok(c.delay >= 60_000 && c.delay < 63_000, `seed ${seed}: ${c.delay}`);
    const later = 120 * second; // with 200 ppm a minute is 12 ms: the drift makes it good
    assert.ok(Math.abs(c.at(later) - w.peer(later)) < 2000);
  }
});

test("a clock takes nothing that cannot be", () => {
  const c = new Clock();
  assert.ok(!c.add({ sent: 0, arrived: 0, answered: 0, received: 0 }));
  assert.ok(!c.add({ sent: 10, arrived: 20, answered: 19, received: 30 }));
  assert.ok(!c.add({ sent: 10, arrived: 20, answered: 1000, received: 30 }));
  assert.ok(!c.add({ sent: 10, arrived: NaN, answered: 20, received: 30 }));
  assert.ok(!c.synced);
  const random = chance(9);
  for (let i = 0; i < 3000; i++) {
    const any = () => (random() - 0.5) * 2 ** (random() * 60);
    c.add({ sent: any(), arrived: any(), answered: any(), received: any() });
    assert.ok(Math.abs(c.drift) <= 500e-6 && Number.isFinite(c.offset(0)) && c.uncertainty >= 200);
  }
});

test("over a network with drift, jitter and a step of its delay each tick comes once, in order", () => {
  for (let seed = 0; seed < 10; seed++) {
    const w = new Wire(seed);
    w.ahead = 3600 * second;
    w.drift = 200e-6;
    w.out = 20_000;
    w.back = 30_000;
    w.jitter = 5000;
    const c = new Clock();
    const ticks = new Ticks(c);
    ticks.anchor(1000, w.ahead);
    assert.equal(ticks.due(), 0, "nothing is due before the clock is synced");
    let counted = 0;
    for (let now = 60_000; now < 60 * second; now += 7000) {
      if (((now - 60_000) / 7000) % 14 === 0) c.add(w.exchange(now - 60_000));
      if (Math.abs(now - 30 * second) < 3500) w.out = 120_000;
      const tick = ticks.advance(now);
      const due = ticks.due();
      counted = counted === 0 ? tick : counted + due;
      assert.equal(tick, counted, `seed ${seed}, at ${now}`);
      assert.ok(due >= 0 && ticks.over >= 0 && ticks.over < 1);
      const truth = 1000 + ((w.peer(now) - w.ahead) / second) * 60;
      const off = Math.abs(tick + ticks.over - truth);
      assert.ok(now < 10 * second || off < 0.5, `seed ${seed}, at ${now}: ${off}`);
    }
    assert.equal(ticks.jumps, 0);
  }
});

test("a buffer shows each moment once, in order, and starves seldom", () => {
  for (let seed = 0; seed < 10; seed++) {
    const random = chance(seed);
    const b = new Buffer<number>();
    const flying: { at: number; value: number }[] = [];
    let made = 0;
    let last = -Infinity;
    let shown = 0;
    for (let now = 0; now < 60 * second; now += 4000) {
      for (; made <= now; made += 33_333) {
        if (random() > 0.02) flying.push({ at: made + 40_000 + random() * 30_000, value: made });
      }
      for (const f of flying.filter((f) => f.at <= now)) b.push(now, f.value, f.value);
      flying.splice(0, flying.length, ...flying.filter((f) => f.at > now));
      const v = b.show(now);
      if (v === undefined) continue;
      assert.ok(v.at >= last && v.fraction >= 0 && v.fraction <= 1, `seed ${seed}`);
      const value = v.from + (v.to - v.from) * v.fraction;
      assert.ok(v.starved || Math.abs(value - v.at) < 1, "it is a straight line");
      last = v.at;
      shown++;
    }
    assert.ok(shown > 14_000 && b.stats.starved < 0.05 * shown, `seed ${seed}: ${b.stats.starved}`);
    assert.ok(b.delay > 60_000 && b.delay < 180_000, `seed ${seed}: ${b.delay}`);
  }
});

test("a buffer is bounded, and events are handed out once, in order", () => {
  const b = new Buffer<string>(undefined, { entries: 4, minDelay: 100_000, maxDelay: 100_000 });
  assert.deepEqual([...b.take(0)], []);
  assert.ok(b.push(1000, 900, "b"));
  assert.ok(b.push(1000, 800, "a"));
  assert.ok(!b.push(1000, 800, "a again"));
  assert.ok(b.push(1000, 950, "c") && b.push(1000, 960, "d"));
  assert.ok(!b.push(1000, 700, "too old") && b.push(1000, 970, "e"));
  assert.deepEqual([b.stats.pushed, b.stats.repeated, b.stats.taken], [2, 1, 5]);
  assert.deepEqual(
    [...b.take(101_000)].map(([, value]) => value),
    ["b", "c", "d", "e"],
  );
  assert.ok(!b.push(101_000, 900, "late"));
  assert.equal(b.stats.late, 1);
  const unsynced = new Buffer<string>(new Clock());
  assert.ok(!unsynced.push(0, 0, "a") && unsynced.show(0) === undefined);
  assert.equal(unsynced.stats.unsynced, 1);
});

test("a lead is enough for nearly all inputs, and shrinks after a calm", () => {
  for (let seed = 0; seed < 10; seed++) {
    const random = chance(seed);
    const ticks = new Ticks();
    const lead = new Lead(ticks);
    let way = 80_000;
    for (let i = 1; i < 3600; i++) {
      const now = i * 16_667;
      if (i === 1800) way = 20_000;
      const tick = ticks.advance(now, lead.ahead);
      lead.sent(tick, now);
      if (i % 3 === 0) lead.arrived(tick, now + way + random() * 10_000);
      if (i === 1799) assert.ok(lead.ahead > 85_000 && lead.ahead < 125_000, `${lead.ahead}`);
    }
    assert.ok(lead.ahead > 25_000 && lead.ahead < 65_000, `seed ${seed}: ${lead.ahead}`);
    assert.ok(lead.late < 0.06 * lead.told, `seed ${seed}: ${lead.late} of ${lead.told}`);
    lead.arrived(1, 5);
    assert.equal(lead.unknown, 1);
  }
});

test("what cannot be configured is named", () => {
  const wrong: [string, () => unknown][] = [
    ["ticksPerSecond", () => new Ticks(undefined, { ticksPerSecond: 0 })],
    ["slew", () => new Ticks(undefined, { slew: 1 })],
    ["jump", () => new Buffer(undefined, { jump: -1 })],
    ["late", () => new Buffer(undefined, { late: 1 })],
    ["maxDelay", () => new Buffer(undefined, { maxDelay: 0 })],
    ["minDelay", () => new Buffer(undefined, { minDelay: 600_000 })],
    ["entries", () => new Buffer(undefined, { entries: 1 })],
    ["calm", () => new Lead(new Ticks(), { calm: 0 })],
    ["minAhead", () => new Lead(new Ticks(), { minAhead: -1 })],
  ];
  for (const [field, make] of wrong) {
    assert.throws(make, (e: unknown) => e instanceof ConfigError && e.field === field, field);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Acker } from "../testdata/acker.js";
import { chance, Link, type LinkConfig } from "../testdata/link.js";
import { Path, Sent, type AckFrame, type Fate } from "./path.js";

/** An end that sends packets, one that acknowledges them, and a line between them, in virtual time. */
class World {
  now = 1_000_000;
  path: Path<Sent>;
  fates: { number: number; fate: Fate }[] = [];
  arrived: number[] = [];
  hold = 20_000;
  there: Link<number>;
  back: Link<AckFrame>;
  private acker = new Acker(this.hold);

  constructor(seed: number, to: LinkConfig, back: LinkConfig = to, reliable = false) {
    const random = chance(seed);
    this.there = new Link(random, to);
    this.back = new Link(random, { ...back, rate: Infinity });
    this.path = new Path<Sent>(
      {
        id: 0,
        reliable,
        ackHold: this.hold,
        random,
        make: () => new Sent(),
        settled: (s, fate) => this.fates.push({ number: s.number, fate }),
      },
      this.now,
    );
  }

  send(bytes: number, limited = false): void {
    const s = this.path.fresh();
    s.bytes = bytes;
    s.eliciting = true;
    s.limited = limited;
    s.aside = false;
    this.there.send(this.now, bytes, this.path.next);
    this.path.onSent(this.now, s);
  }

  /** Lets the time go on until something happens, at most until end. */
  step(end: number): void {
    const { path } = this;
    const at = Math.min(
      this.there.deadline(),
      this.back.deadline(),
      this.acker.at,
      path.deadline(),
    );
    this.now = Math.max(this.now, Math.min(Math.ceil(at), end));
    for (let n; (n = this.there.receive(this.now)) !== undefined;) {
      this.arrived.push(n);
      this.acker.came(this.now, n, true);
    }
    if (this.acker.at <= this.now) {
      this.back.send(this.now, 40, this.acker.ack(this.now, Math.max(path.largestAcked, 0)));
    }
    for (let a; (a = this.back.receive(this.now)) !== undefined;) {
      assert.ok(path.onAck(this.now, a), "an honest ACK is taken");
    }
    path.onTimeout(this.now);
  }

  /** Sends so many bytes each interval. */
  talk(until: number, bytes: number, interval: number): void {
    for (let next = this.now; this.now < until;) {
      if (this.now >= next) {
        this.send(bytes, true);
        next += interval;
      }
      while (this.path.probes > 0) this.send(40, true);
      this.step(Math.min(next, until));
    }
  }

  /** Sends as much as the path takes. */
  flood(until: number): void {
    const bytes = 1200;
    while (this.now < until) {
      while (this.path.canSend(this.now, bytes)) this.send(bytes);
      this.step(Math.min(until, Math.max(this.path.nextSend(bytes), this.now + 1)));
    }
  }

  lost(): number[] {
    return this.fates.filter((f) => f.fate === "lost").map((f) => f.number);
  }
}

test("every packet has one fate, and what is lost is what did not come", () => {
  for (let seed = 0; seed < 30; seed++) {
    const w = new World(seed, { delay: 30_000, loss: 0.05 });
    w.talk(20_000_000, 100, 16_667);
    w.there.config.loss = w.back.config.loss = 0;
    w.talk(24_000_000, 100, 16_667);
    const fates = new Map<number, Fate>();
    for (const { number, fate } of w.fates) {
      if (fate === "repeat") continue;
      assert.ok(!fates.has(number) || fate === "late", `seed ${seed}: ${number} is ${fate}`);
      fates.set(number, fate);
    }
    const came = new Set(w.arrived);
    for (const [number, fate] of fates) {
      if (fate !== "lost") assert.ok(came.has(number), `seed ${seed}: ${number} is ${fate}`);
      else assert.ok(!came.has(number), `seed ${seed}: ${number} came and is ${fate}`);
    }
    assert.ok(fates.size > 1200 && w.lost().length > 20, `seed ${seed}: ${fates.size} fates`);
    assert.ok(Math.abs(w.path.rtt.smooth - 60_000) < 6000, `seed ${seed}: ${w.path.rtt.smooth}`);
  }
});

test("numbers are left out now and then, and who acknowledges one is found out", () => {
  for (let seed = 0; seed < 20; seed++) {
    const w = new World(seed, { delay: 10_000 });
    w.talk(6_000_000 * 60, 100, 16_667);
    const gaps = w.arrived.map((n, i) => n - (w.arrived[i - 1] ?? -1) - 1).filter((n) => n > 0);
    assert.ok(gaps.length >= 4 && gaps.length < 84, `seed ${seed}: ${gaps.length} gaps`);
    assert.ok(gaps.every((n) => n <= 2));
    assert.deepEqual(w.lost(), []);
    const before = w.path.next;
    while (w.path.next - before < 8192) {
      const was = w.path.next;
      w.send(100);
      if (w.path.next > was + 1) break;
    }
    const ack = { largest: (w.path.next - 1) & 0xffff, wide: false, hold: 0, ranges: [0, 0], n: 1 };
    assert.equal(w.path.onAck(w.now, ack), false);
  }
});

test("an ACK of what was never sent is refused", () => {
  const w = new World(1, { delay: 10_000 });
  w.talk(2_000_000, 100, 16_667);
  const { next } = w.path;
  const ack = (largest: number, ...ranges: number[]): AckFrame => {
    return { largest, wide: false, hold: 0, ranges, n: ranges.length / 2 };
  };
  assert.equal(w.path.onAck(w.now, ack(next, 0, 0)), false);
  assert.equal(w.path.onAck(w.now, ack(next - 1, 0, next)), false, "below 0");
  assert.equal(w.path.onAck(w.now, ack(next - 1, 0, 3)), true);
});

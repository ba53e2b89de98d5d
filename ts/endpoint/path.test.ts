import assert from "node:assert/strict";
import { test } from "node:test";
import { Acker } from "../testdata/acker.js";
import { chance, Link, type LinkConfig } from "../testdata/link.js";
import { FullPath } from "./path_full.js";
import { Path, Sent, type AckFrame, type Fate } from "./path.js";

/** An end that sends packets, one that acknowledges them, and a line between them, in virtual time. */
class World {
  now = 1_000_000;
  path: FullPath<Sent>;
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
    this.path = FullPath.of(new Path<Sent>({
        id: 0,
        reliable,
        ackHold: this.hold,
        random,
        make: () => new Sent(),
        settled: (s, fate) => this.fates.push({ number: s.number, fate }),
      }),
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

test("packets that overtake each other are taken for lost only until that is known", () => {
  for (let seed = 0; seed < 20; seed++) {
    const w = new World(seed, { delay: 30_000, jitter: 30_000 });
    w.talk(11_000_000, 100, 4000);
    const late = w.fates.filter((f) => f.fate === "late").length;
    assert.equal(w.path.packetsSpurious, late, `seed ${seed}`);
    assert.equal(late, w.lost().length, `seed ${seed}: nothing is lost here`);
    assert.ok(late > 0 && late < 25, `seed ${seed}: ${late} of 2500 were taken for lost`);
    assert.ok(w.path.losses.rate < 0.01, `seed ${seed}: ${w.path.losses.rate}`);
  }
});

test("on a reliable path nothing is lost for being late, and a probe says nothing again", () => {
  const w = new World(1, { delay: 30_000 }, { delay: 30_000 }, true);
  w.talk(3_000_000, 100, 16_667);
  w.back.config = { delay: 900_000 };
  w.talk(6_000_000, 100, 16_667);
  assert.deepEqual(
    w.fates.filter((f) => f.fate !== "acked"),
    [],
  );
  assert.ok(w.path.packetsSent > 250);
  while (w.path.eliciting > 0) w.step(w.now + 100_000);
  const { next } = w.path;
  for (let i = 0; i < 5; i++) w.send(100, true);
  const ack = (n: number, ...ranges: number[]): AckFrame => {
    return { largest: n % 65536, wide: false, hold: 0, ranges, n: ranges.length / 2 };
  };
  assert.ok(w.path.onAck(w.now, ack(next + 2, 0, 1))); // next + 1 and next + 2 came, next did not get in
  assert.deepEqual(w.lost(), [], "it may still be on its way");
  assert.ok(w.path.onAck(w.now, ack(next + 3, 0, 2)));
  assert.ok(w.lost().includes(next), "three numbers later it is not");
  assert.ok(w.path.windowBytes >= 10 * 1200, "which says nothing about congestion");
});

test("a probe asks after a timeout, twice as late each time, and repeats what is oldest", () => {
  const w = new World(1, { delay: 30_000 });
  w.talk(2_000_000, 100, 16_667);
  w.step(w.now + 200_000);
  while (w.path.eliciting > 0) w.step(w.now + 200_000);
  w.there.config.loss = 1;
  w.send(100, true);
  const { number } = { number: w.path.next - 1 };
  const times: number[] = [];
  for (let before = w.now; times.length < 6;) {
    w.now = Math.ceil(w.path.deadline());
    w.path.onTimeout(w.now);
    times.push(w.now - before);
    assert.equal(w.path.probes, Math.min(times.length, 2));
    before = w.now;
    while (w.path.probes > 0) w.send(40, true);
  }
  const first = w.path.pto();
  assert.ok(Math.abs(times[0]! - first) < 2, `${times[0]}, want ${first}`);
  times.forEach((t, i) =>
    assert.ok(Math.abs(t - Math.min(first * 2 ** i, 2_000_000)) < 2 ** i + 2),
  );
  const repeated = w.fates.filter((f) => f.fate === "repeat" && f.number === number);
  assert.equal(repeated.length, 6, "it is in flight all the time");
  w.path.quiet = true;
  assert.equal(w.path.deadline(), Infinity, "who is on hold is not asked");
});

test("what is lost for long leaves the smallest window; one loss seven tenths", () => {
  const w = new World(1, { delay: 30_000, rate: 1_250_000, queue: 30_000 });
  w.flood(5_000_000);
  const before = w.path.windowBytes;
  assert.ok(before > 20_000, `${before}`);
  w.there.config.loss = 1;
  w.flood(8_000_000);
  assert.ok(w.path.probes > 0 || w.path.timeouts > 3);
  w.there.config.loss = 0;
  for (const until = w.now + 3_000_000; w.now < until && w.path.timeouts > 0;) {
    while (w.path.probes > 0) w.send(40, true);
    w.step(until);
  }
  assert.equal(w.path.windowBytes, 4 * 1200);
});

test("losses with arrivals between them are no persistent loss, and a probe repeats no more than a packet's worth", () => {
  const w = new World(3, { delay: 30_000, rate: 1_250_000, queue: 30_000 });
  w.flood(5_000_000);
  const window = w.path.windowBytes;
  const first = w.path.next;
  for (let i = 0; i < 40; i++) {
    w.send(100);
    w.now += 50_000; // two seconds, in which no ACK gets through
  }
  const { next } = w.path;
  const repeated = () => w.fates.filter((f) => f.fate === "repeat").length;
  const before = repeated();
  w.path.onTimeout(w.path.deadline());
  assert.ok(repeated() > before && repeated() - before <= 13, `${repeated() - before} repeated`);
  const ranges: number[] = [];
  for (let n = next - 1; n >= first; n -= 4) ranges.push(next - 1 - n, next - 1 - n);
  const ack = { largest: (next - 1) & 0xffff, wide: false, hold: 0, ranges, n: ranges.length / 2 };
  assert.ok(w.path.onAck(w.now, ack));
  assert.ok(w.path.windowBytes > 0.6 * window, `${w.path.windowBytes} of ${window}`);
});

/** The peer acknowledges the packet sent last, after so many microseconds. */
function ackOfLast({ path }: World, hold: number): AckFrame {
  return { largest: (path.next - 1) & 0xffff, wide: false, hold, ranges: [0, 0], n: 1 };
}

test("what was sent before a sleep, or another way, measures nothing", () => {
  const w = new World(1, { delay: 30_000 });
  w.talk(3_000_000, 100, 16_667);
  const { smooth } = w.path.rtt;
  w.send(100, true);
  const ack = ackOfLast(w, 0);
  w.path.forgive(w.now);
  w.now += 1_500_000;
  assert.ok(w.path.onAck(w.now, ack));
  assert.equal(w.path.measuredAt, -1);
  assert.equal(w.path.rtt.smooth, smooth);
  assert.ok(w.path.news);
  w.send(100, true);
  w.path.afresh(w.now);
  assert.ok(!w.path.rtt.sampled && w.path.inFlight === 0 && w.path.windowBytes === 12_000);
  w.path.lostAll(w.now);
  assert.equal(w.path.eliciting, 0);
  assert.equal(w.path.windowBytes, 12_000, "what is given up says nothing about congestion");
});

test("a path that failed is measured though the ACK of what asked was held for long, as another one was lost", () => {
  const w = new World(1, { delay: 30_000 });
  w.talk(3_000_000, 100, 16_667);
  w.path.lostAll(w.now - 1);
  w.send(100, true);
  const ack = ackOfLast(w, 1_740_000);
  assert.ok(w.path.onAck(w.now + 1_800_000, ack));
  assert.equal(w.path.rtt.smooth, 60_000);
});

test("a peer that acknowledges nothing has a bounded number of packets kept", () => {
  const w = new World(1, { delay: 30_000, loss: 1 });
  let records = 0;
  for (let n = 0; n < 50_000; n++) {
    const s = w.path.fresh();
    if (s.number === 0) records++;
    s.bytes = 40;
    s.eliciting = s.limited = s.aside = false;
    w.path.onSent(w.now, s);
  }
  assert.ok(records <= 2 ** 15 + 1, `${records} records`);
  assert.ok(!w.path.canSend(w.now, 100), "nothing new is sent");
  const lost = w.lost().length; // all that is not kept, but for numbers that were left out
  assert.ok(lost > 17_200 && lost <= 50_000 - 2 ** 15 + 40, `${lost} are given up`);
});

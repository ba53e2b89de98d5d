import assert from "node:assert/strict";
import { test } from "node:test";
import { chance } from "../../../ts/testdata/link.js";
import type { Input, Move, State } from "./arena.js";
import { fresh, Moves } from "./moves.js";
import { Pace } from "./pace.js";
import { Prediction } from "./prediction.js";
import { rules, walk, type Place } from "./walk.js";

const tickLength = 1_000_000 / rules.ticksPerSecond;
const second = 1_000_000;

interface Link {
  delay: number; // one way
  jitter: number;
  loss: number;
}

/** A Wire carries what is put on it, or loses it; in virtual time. */
class Wire<T> {
  private flying: { at: number; what: T }[] = [];
  private latest = 0;

  constructor(
    public link: Link,
    private readonly random: () => number,
  ) {}

  put(now: number, what: T): void {
    if (this.random() < this.link.loss) return;
    const at = now + this.link.delay + this.random() * this.link.jitter;
    this.latest = Math.max(this.latest, at); // it overtakes nothing, as over simnet
    this.flying.push({ at: this.latest, what });
  }

  take(now: number): { at: number; what: T }[] {
    const come = this.flying.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    this.flying = this.flying.filter(({ at }) => at > now);
    return come;
  }
}

/** A Server moves one player by the moves of the ticks, as arena.schedule does: the last one goes on. */
class Server {
  at: Place = { x: 2000, y: 2000 };
  tick = 100;
  heard = 0;
  missed = 0;
  private newest = 0;
  private used = 0;
  private move: Move = { dx: 0, dy: 0, aim: 0, fire: false };
  private readonly moves = new Map<number, Move>();

  take({ tick, moves }: Input): void {
    if (tick <= this.newest) return; // UnreliableLatest
    for (let i = moves.length - 1; i >= 0; i--) {
      const t = tick - i;
      if (t <= this.used || this.moves.has(t)) continue;
      this.moves.set(t, moves[i]!);
      if (this.heard === 0 && t > this.newest) this.heard = t;
    }
    this.newest = tick;
  }

  step(): State {
    this.tick++;
    const due = [...this.moves.keys()].filter((t) => t <= this.tick).sort((a, b) => b - a);
    if (due[0] !== this.tick && this.newest > 0) this.missed++;
    if (due.length > 0) {
      this.used = due[0]!;
      this.move = this.moves.get(this.used)!;
      due.forEach((t) => this.moves.delete(t));
    }
    this.at = walk(this.at, this.move);
    const avatars = [{ id: 1, ...this.at, aim: 0, health: 5 }];
    const state: State = { tick: this.tick, you: 1, heard: this.heard, late: Math.min(this.tick - this.used, 255), avatars, shots: [] };
    this.heard = 0;
    return state;
  }
}

/** What else happens in a play. */
interface Twist {
  /** Hitches of the page in a second. */
  hitch?: number;
  /** Another link, from the fifth second on. */
  then?: Link;
}

/** Plays for so many seconds over a link; what is told is of the time behind the first five. */
function play(seed: number, link: Link, seconds: number, { hitch = 0, then = link }: Twist = {}) {
  const random = chance(seed);
  const [up, down] = [new Wire<Input>(link, random), new Wire<State>(link, random)];
  const server = new Server();
  const pace = new Pace();
  const prediction = new Prediction();
  const zero = 777_000_000; // the server's clock, when ours begins
  pace.moor({ tick: server.tick, microseconds: zero });
  let move: Move = { dx: 0, dy: 0, aim: 0, fire: false };
  const moves = new Moves();
  let newest = 0; // of the states
  let corrected = 0;
  let corrections = 0;
  let widest = 0; // between two frames
  let restless = 0; // the last correction, in seconds from the fifth on
  let drawn: Place | undefined;
  for (let now = 0, nextTick = tickLength, nextFrame = 3000; now < seconds * second; now += 1000) {
    if (now === 5 * second) up.link = down.link = link = then;
    if (now % 100_000 === 0) {
      const delay = link.delay + random() * link.jitter;
      const answer = zero + now - delay;
      pace.clock.add({ sent: now - 2 * delay, arrived: answer, answered: answer, received: now });
    }
    for (const { what } of up.take(now)) server.take(what);
    for (; nextTick <= now; nextTick += tickLength) down.put(now, server.step());
    for (const { what } of down.take(now)) {
      if (what.tick <= newest) continue;
      newest = what.tick;
      pace.take(now, what);
      const off = prediction.correct(what.tick, what.avatars[0]!, what.late);
      if (now < 5 * second) continue;
      corrected += off;
      if (off > 0) corrections++;
      if (off > 0) restless = now / second - 5;
    }
    if (now < nextFrame) continue;
    nextFrame += tickLength;
    if (random() < hitch / rules.ticksPerSecond) nextFrame += 50_000 + random() * 200_000;
    if (random() < 0.05) {
      const way = () => Math.floor(random() * 3) - 1;
      move = { dx: way(), dy: way(), aim: 0, fire: false };
    }
    prediction.settle(tickLength / 1000);
    const [from, to] = pace.advance(now);
    moves.begin(from, to, move, (tick, does) => {
      prediction.step(tick, does, pace.serverTick(now));
      if (tick >= fresh(from, to)) pace.lead.sent(tick, now);
    });
    if (from <= to) up.put(now, { tick: to, moves: [...moves.last] });
    const before = drawn;
    drawn = prediction.standing ? prediction.drawn(move, pace.ticks.over) : undefined;
    if (before && drawn && now > 5 * second)
      widest = Math.max(widest, Math.hypot(drawn.x - before.x, drawn.y - before.y));
  }
  return { corrected, corrections, widest, restless, server, prediction, seconds: seconds - 5, pace };
}

test("where nothing is late nothing is put right", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { corrected, server } = play(seed, { delay: 40_000, jitter: 0, loss: 0 }, 20);
    assert.equal(corrected, 0, `seed ${seed}: ${server.missed} ticks without their move`);
  }
});

test("at 150 ms and 5 % loss next to nothing is put right", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { corrected, seconds, pace } = play(seed, { delay: 65_000, jitter: 20_000, loss: 0.05 }, 60);
    // Half a pixel to a unit: below three pixels a second.
    assert.ok(corrected / seconds < 6, `seed ${seed}: ${corrected / seconds} units a second`);
    assert.ok(pace.lead.ahead < 160_000, `seed ${seed}: ${pace.lead.ahead} µs ahead`);
  }
});

const far: Link = { delay: 280_000, jitter: 15_000, loss: 0.005 };
const bad: Link = { delay: 15_000, jitter: 30_000, loss: 0.03 };
const near: Link = { delay: 150, jitter: 100, loss: 0 };

/** What is put right after another link, in the mean: units, and the seconds until nothing more is. */
function change(from: Link, to: Link): [units: number, calm: number] {
  const seeds = 20;
  let [units, calm] = [0, 0];
  for (let seed = 1; seed <= seeds; seed++) {
    const { corrected, restless } = play(seed, from, 12, { then: to });
    units += corrected / seeds;
    calm += restless / seeds;
  }
  return [units, calm];
}

test("over another link nothing is put right any more as soon as the server can have said that it is one", () => {
  for (const [what, from, to, mostUnits, roundTrip] of [
    ["far away", near, far, 260, 0.58],
    ["from bad to far away", bad, far, 260, 0.58],
    ["bad", near, bad, 40, 0.06],
    ["near", far, near, 10, 0.01],
  ] as const) {
    const [units, calm] = change(from, to);
    assert.ok(units <= mostUnits, `${what}: ${units} units`);
    assert.ok(calm <= roundTrip + 0.4, `${what}: for ${calm} seconds`);
  }
});

test("a page that stands still for a moment every second is right when it goes on", () => {
  let all = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const { corrected, seconds } = play(seed, { delay: 65_000, jitter: 10_000, loss: 0.01 }, 60, { hitch: 1 });
    all += corrected / seconds / 10;
  }
  assert.ok(all < 0.5, `${all} units a second`);
});

test("on a link that loses two packets of three the prediction comes to the place of the server, and never leaps", () => {
  let all = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const { corrections, widest, server, prediction } = play(
      seed,
      { delay: 100_000, jitter: 80_000, loss: 0.67 },
      40,
    );
    all += corrections;
    // Two ticks of walking in a frame, and what comes of an error.
    assert.ok(widest < 60, `seed ${seed}: what is drawn went ${widest} units in a frame`);
    const stand: Move = { dx: 0, dy: 0, aim: 0, fire: false };
    for (let i = 1; i <= 200; i++) prediction.step(prediction.tick + 1, stand);
    server.take({ tick: prediction.tick, moves: [stand] });
    let last: State = server.step();
    while (server.tick < prediction.tick + 1) last = server.step();
    prediction.correct(prediction.tick, last.avatars[0]!);
    for (let i = 0; i < 100; i++) prediction.settle(16);
    assert.deepEqual(prediction.drawn(stand, 0.5), server.at, `seed ${seed}`);
  }
  assert.ok(all > 10, `such a link must show: ${all}`);
});

test("who comes back elsewhere is there at once, with the moves that he made meanwhile", () => {
  const p = new Prediction();
  const east: Move = { dx: 1, dy: 0, aim: 0, fire: false };
  p.correct(10, { x: 100, y: 100 });
  for (let t = 11; t <= 20; t++) p.step(t, east);
  assert.deepEqual(p.at, { x: 240, y: 100 });
  p.forget();
  for (let t = 21; t <= 30; t++) p.step(t, east);
  p.correct(25, { x: 3000, y: 3000 });
  assert.deepEqual(p.at, { x: 3000 + 5 * rules.walkSpeed, y: 3000 });
  assert.deepEqual(p.error, { x: 0, y: 0 });
  assert.equal(p.corrections, 0);
});

test("after a minute in the background one stands where the server has one", () => {
  const p = new Prediction();
  const stand: Move = { dx: 0, dy: 0, aim: 0, fire: false };
  p.correct(100, { x: 500, y: 500 });
  p.step(101, stand);
  for (let t = 102; t < 3700; t++) p.correct(t, { x: 500, y: 500 }, Math.min(255, t - 101)); // states come, and no frames
  for (let t = 3710 - 239; t <= 3710; t++) p.step(t, stand);
  assert.ok(p.standing);
  assert.deepEqual([p.at, p.tick, p.corrections], [{ x: 500, y: 500 }, 3710, 0]);
});

test("ticks that were left out go on with the last move, and a server that counts anew is followed", () => {
  const p = new Prediction();
  const south: Move = { dx: 0, dy: 1, aim: 0, fire: false };
  p.correct(100, { x: 50, y: 50 });
  p.step(101, south);
  p.step(105, south);
  assert.deepEqual(p.at, { x: 50, y: 50 + 5 * rules.walkSpeed });
  p.step(5000, south);
  p.step(3, south);
  assert.ok(!p.standing);
  p.correct(2, { x: 9, y: 9 });
  assert.deepEqual(p.at, { x: 9, y: 9 + rules.walkSpeed });
});

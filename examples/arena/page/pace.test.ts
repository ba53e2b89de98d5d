import assert from "node:assert/strict";
import { test } from "node:test";
import type { State } from "./arena.js";
import { Pace } from "./pace.js";

const tick = 1_000_000 / 60;

/** Draws the others over a link that takes so long one way, and from the tenth second on as long as another; how much of their time passes in a frame, at least and at most. */
function draw(before: number, after: number): { slowest: number; fastest: number; starved: number } {
  const pace = new Pace();
  pace.moor({ tick: 1, microseconds: 0 });
  const seen = { slowest: Infinity, fastest: 0, starved: 0 };
  const flying: { at: number; number: number }[] = [];
  let last: number | undefined;
  for (let n = 1; n < 60 * 25; n++) {
    const now = n * tick;
    const way = n < 600 ? before : after;
    if (n % 6 === 0) pace.clock.add({ sent: now - 2 * way, arrived: now - way, answered: now - way, received: now });
    flying.push({ at: Math.max(now + way, flying.at(-1)?.at ?? 0), number: n });
    pace.awake.beat(now);
    while (flying.length > 0 && flying[0]!.at <= now) {
      const state: State = { tick: flying.shift()!.number, you: 1, heard: 0, late: 0, avatars: [], shots: [] };
      pace.take(now, state);
    }
    const view = pace.show(now);
    if (!view) continue;
    if (last !== undefined && n > 300) {
      seen.slowest = Math.min(seen.slowest, (view.at - last) / tick);
      seen.fastest = Math.max(seen.fastest, (view.at - last) / tick);
      if (view.starved) seen.starved++;
    }
    last = view.at;
  }
  return seen;
}

test("over another link the others walk a little slower or faster for a while, and neither stand still nor leap", () => {
  for (const [before, after] of [
    [1_000, 280_000],
    [280_000, 1_000],
    [10_000, 40_000],
  ] as const) {
    const { slowest, fastest } = draw(before, after);
    assert.ok(slowest > 0.85 && fastest < 1.15, `from ${before} to ${after} µs: ${slowest} to ${fastest} of their time`);
  }
  assert.equal(draw(30_000, 30_000).starved, 0);
});

/**
 * Acts so much ahead of the server, and from the fifth second on as much as that, when the server's clock is found to be
 * some microseconds behind; the ticks that begin in each frame of the ten seconds after it.
 */
function act(before: number, after: number, behind = 0): number[] {
  const pace = new Pace();
  pace.moor({ tick: 1, microseconds: 0 });
  let [ahead, last] = [before, 0];
  Object.defineProperty(pace.lead, "ahead", { get: () => ahead });
  const begun: number[] = [];
  for (let n = 1; n < 60 * 15; n++) {
    const now = n * tick;
    const middle = n < 300 ? now - 1000 : now - 1000 - behind;
    pace.clock.add({ sent: now - 2000, arrived: middle, answered: middle, received: now });
    if (n === 300) ahead = after;
    const [, to] = pace.advance(now);
    if (n >= 300) begun.push(to - last);
    last = to;
  }
  return begun;
}

test("who needs more time has it at once, and who has too much gives it back without standing still", () => {
  const more = act(20_000, 300_000);
  assert.ok(more[0]! >= 17, `${more[0]} ticks began when 17 more were needed`);
  assert.ok(more.slice(1).every((n) => n >= 0 && n <= 2));
  const less = act(300_000, 20_000);
  assert.ok(less.every((n, i) => n >= 0 && n <= 2 && n + less[i - 1]! !== 0), "two frames without a tick");
  const back = act(50_000, 50_000, 80_000);
  assert.ok(back.every((n, i) => n >= 0 && n <= 2 && n + back[i - 1]! !== 0), "two frames without a tick");
  assert.ok(less.reduce((sum, n) => sum + n) < 600 - 9, "nothing is given back");
});

test("who predicts nothing acts in the server's present, and ahead of it again as soon as he does", () => {
  const pace = new Pace();
  const way = 280_000;
  pace.moor({ tick: 1, microseconds: 0 });
  const flying: { at: number; number: number }[] = [];
  const play = (from: number, frames: number) => {
    for (let n = from; n < from + frames; n++) {
      const now = n * tick;
      if (n % 6 === 0) pace.clock.add({ sent: now - 2 * way, arrived: now - way, answered: now - way, received: now });
      const [first, last] = pace.advance(now);
      for (let t = first; t <= last; t++) {
        pace.lead.sent(t, now);
        flying.push({ at: now + way, number: t });
      }
      while (flying.length > 0 && flying[0]!.at <= now) pace.lead.arrived(flying.shift()!.number, now - way);
    }
    return pace.ticks.tick - pace.serverTick((from + frames - 1) * tick);
  };
  const ahead = play(1, 600);
  assert.ok(ahead > 10, `${ahead} ticks ahead`);
  pace.predicts = false;
  const present = play(601, 30);
  assert.ok(Math.abs(present) <= 3, `${present} ticks ahead, without prediction`);
  pace.predicts = true;
  const again = play(631, 120);
  assert.ok(again > 10, `${again} ticks ahead again`);
});

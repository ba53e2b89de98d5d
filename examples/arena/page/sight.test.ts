import assert from "node:assert/strict";
import { test } from "node:test";
import type { Avatar, State } from "./arena.js";
import { Shots } from "./shots.js";
import { figures, meeting, nearest, streaks } from "./sight.js";
import { flight, rules } from "./walk.js";

const avatar = (id: number, x: number, y: number, more: Partial<Avatar> = {}): Avatar => ({
  ...{ id, x, y, aim: 0, health: 5 },
  ...more,
});

const view = (from: Partial<State>, to: Partial<State>, fraction: number) => {
  const empty: State = { tick: 0, you: 1, heard: 0, late: 0, avatars: [], shots: [] };
  return { at: 0, from: { ...empty, ...from }, to: { ...empty, ...to }, fraction, starved: false };
};

test("the others are drawn between two states, and oneself is not among them", () => {
  const from = { tick: 10, avatars: [avatar(1, 0, 0), avatar(2, 100, 200, { aim: 250 }), avatar(3, 5, 5)] };
  const to = { tick: 12, avatars: [avatar(1, 9, 9), avatar(2, 128, 200, { aim: 6 })] };
  const [two, three, ...more] = figures(view(from, to, 0.25));
  assert.deepEqual(two, { id: 2, x: 107, y: 200, aim: 253, health: 5, vx: 14, vy: 0 });
  assert.deepEqual([three?.x, three?.vx], [5, 0], "who is not in the next state stays where he was");
  assert.equal(more.length, 0);
});

test("who comes back elsewhere does not fly there", () => {
  const [two] = figures(view({ avatars: [avatar(2, 0, 0)] }, { tick: 1, avatars: [avatar(2, 3000, 0)] }, 0.9));
  assert.deepEqual([two?.x, two?.vx], [0, 0]);
});

test("while the next state is late the others walk on for a moment, and their shots fly on", () => {
  const shots = [{ by: 2, x: 100, y: 100, aim: 0 }];
  const avatars = [avatar(2, 500, 500), avatar(3, 90, 90, { health: 0 }), avatar(4, 4090, 7)];
  const starved = { ...view({ tick: 10, avatars, shots }, { tick: 10, avatars, shots }, 0), starved: true };
  const walks = { x: 0, y: 0, aim: 0, health: 5, vx: 14, vy: 0 };
  const before = [2, 3, 4].map((id) => ({ ...walks, id }));
  const places = (beyond: number) => figures(starved, before, beyond).map(({ x, y }) => [x, y]);
  assert.deepEqual(places(2), [[528, 500], [90, 90], [4095, 7]]);
  assert.deepEqual(places(100), [[584, 500], [90, 90], [4095, 7]]);
  assert.deepEqual(streaks(starved, 2), [{ x: 100 + 2 * rules.shotSpeed, y: 100, aim: 0 }]);
  assert.equal(figures(starved)[0]!.x, 500, "of whom nothing is known it is known where he was");
});

test("shots of the others fly on between two states, and one's own are drawn elsewhere", () => {
  const shots = [
    { by: 1, x: 5, y: 5, aim: 0 },
    { by: 2, x: 100, y: 100, aim: 64 },
  ];
  assert.deepEqual(streaks(view({ tick: 4, shots }, { tick: 8 }, 0.5)), [{ x: 100, y: 100 + 2 * rules.shotSpeed, aim: 64 }]);
});

test("a shot at somebody who walks meets him", () => {
  const me = { x: 1000, y: 1000 };
  for (const gap of [0, 5, 15]) {
    const target = { id: 2, x: 1600, y: 900, aim: 0, health: 5, vx: 10, vy: 10 };
    assert.equal(nearest(me, [{ ...target, x: 1200, health: 0 }, target]), target);
    const at = meeting(me, target, gap);
    const ticks = gap + Math.hypot(at.x - me.x, at.y - me.y) / rules.shotSpeed;
    const there = { x: target.x + ticks * target.vx, y: target.y + ticks * target.vy };
    assert.ok(Math.hypot(at.x - there.x, at.y - there.y) < rules.hitRadius / 2, `${gap} ticks ago`);
  }
});

test("one's own shots leave when the gun is loaded, fly as in the world, and end", () => {
  const shots = new Shots();
  const fire = { dx: 0, dy: 0, aim: 32, fire: true };
  const fired: number[] = [];
  for (let tick = 100; tick < 160; tick++)
    if (shots.step(tick, fire, { x: 10, y: 10 })) fired.push(tick - 100);
  assert.deepEqual(fired, [0, 15, 30, 45]);
  const { x, y } = flight(32);
  assert.deepEqual([shots.flying.at(-1)?.x, shots.flying.at(-1)?.y], [10 + 15 * x, 10 + 15 * y]);
  shots.land(shots.flying[0]!);
  assert.equal(shots.flying.length, 2, "the first is out of the world's patience, and another one hit somebody");
  for (let tick = 160; tick < 400; tick++) shots.step(tick, { ...fire, fire: false }, { x: 10, y: 10 });
  assert.equal(shots.flying.length, 0);
});

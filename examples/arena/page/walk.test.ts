import assert from "node:assert/strict";
import { test } from "node:test";
import vectors from "./testdata/rules.json" with { type: "json" };
import { aimAt, flight, rules, walk } from "./walk.js";

test("the page has the rules of the world", () => {
  assert.deepEqual({ ...rules }, vectors.rules);
});

test("a shot flies as it does in the world", () => {
  assert.equal(vectors.flights.length, 256);
  vectors.flights.forEach(([x, y], aim) => {
    const f = flight(aim);
    assert.deepEqual([f.x + 0, f.y + 0], [x, y], `aim ${aim}`);
  });
});

test("a walk leads where it does in the world", () => {
  assert.ok(vectors.walks.length >= 8);
  for (const { from, moves, at } of vectors.walks) {
    let place = { x: from[0]!, y: from[1]! };
    moves.forEach(([dx, dy], i) => {
      place = walk(place, { dx: dx!, dy: dy! });
      assert.deepEqual([place.x, place.y], at[i], `move ${i} from ${from}`);
    });
  }
});

test("who is aimed at is in the way of the shot", () => {
  for (let aim = 0; aim < 256; aim++) {
    const { x, y } = flight(aim);
    assert.equal(aimAt({ x: 100, y: 100 }, { x: 100 + 20 * x, y: 100 + 20 * y }), aim);
  }
});

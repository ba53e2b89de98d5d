import assert from "node:assert/strict";
import { test } from "node:test";
import { Reaction, Settled } from "./meter.js";

test("a reaction is from the press to the first step that is drawn", () => {
  const r = new Reaction();
  const [here, there] = [{ x: 1, y: 1 }, { x: 2, y: 1 }];
  r.press(1000, here);
  r.drawn(1010, here);
  r.drawn(1026, there);
  assert.deepEqual([r.presses, r.last, r.lastMilliseconds, r.worst], [1, 2, 26, 2]);
  r.press(2000, there);
  r.drawn(2010, undefined);
  r.drawn(2020, here);
  assert.equal(r.presses, 1, "who fell has pressed in vain");
  r.press(3000, here);
  r.forget();
  r.drawn(3016, there);
  assert.deepEqual([r.presses, r.last, r.lastMilliseconds, r.worstMilliseconds], [1, 0, 0, 26]);
});

test("what is so for a moment only is not told", () => {
  const s = new Settled<string>(1000);
  assert.equal(s.take(0, undefined), undefined);
  assert.equal(s.take(100, "a"), "a", "the first one at once");
  assert.equal(s.take(200, "b"), "a");
  assert.equal(s.take(1199, "b"), "a");
  assert.equal(s.take(1200, "a"), "a");
  assert.equal(s.take(1300, "b"), "a");
  assert.equal(s.take(2300, "b"), "b");
  assert.equal(s.take(2400, undefined), "b");
  assert.equal(s.take(3400, undefined), undefined);
});

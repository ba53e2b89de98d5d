import assert from "node:assert/strict";
import { test } from "node:test";
import { Settled } from "./meter.js";

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

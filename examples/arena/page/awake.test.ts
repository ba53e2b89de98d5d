import assert from "node:assert/strict";
import { test } from "node:test";
import { Awake } from "./awake.js";

test("what came while the page stood still was there before", () => {
  const awake = new Awake();
  for (let now = 0; now <= 1000_000; now += 16_000) awake.beat(now);
  assert.equal(awake.came(1_010_000, 990_000), 1_010_000, "while it runs, things come when they come");
  awake.beat(1_200_000);
  assert.equal(awake.came(1_200_000, 1_100_000), 1_100_000, "as early as it can have come");
  assert.equal(awake.came(1_201_000, 900_000), 992_000, "but not before the hitch");
  assert.equal(awake.came(1_202_000, 1_201_000), 1_202_000, "it was sent after the hitch");
  assert.equal(awake.came(1_350_000, 1_100_000), 1_350_000, "that was late by itself");
});

test("a slow screen is no hitch", () => {
  const awake = new Awake();
  for (let now = 5_000_000; now < 6_000_000; now += 33_400) {
    awake.beat(now);
    assert.equal(awake.came(now, now - 33_000), now);
  }
});

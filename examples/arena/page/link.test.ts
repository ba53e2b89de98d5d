import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords } from "./link.js";

test("a link in words", () => {
  const none = { name: "none", rtt_ms: 0, jitter_ms: 0, loss_percent: 0, up_kbit_per_s: 0, down_kbit_per_s: 0 };
  const words = (more: object) => inWords({ ...none, ...more }).join(" / ");
  assert.equal(words({}), "round trip 0 ms / nothing lost");
  assert.equal(
    words({ rtt_ms: 30, jitter_ms: 12, loss_percent: 3, up_kbit_per_s: 3000, down_kbit_per_s: 8000 }),
    "round trip 30 ms, jitter 12 ms each way / 3 % lost each way, 8 Mbit/s down, 3 Mbit/s up",
  );
  assert.equal(words({ up_kbit_per_s: 256, down_kbit_per_s: 1e6 }), "round trip 0 ms / nothing lost, 1 Gbit/s down, 256 kbit/s up");
  assert.equal(
    words({ rtt_ms: 54, jitter_ms: 8, capacity_varies: true }),
    "round trip 54 ms, jitter 8 ms each way / nothing lost, rates that change",
  );
});

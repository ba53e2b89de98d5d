import assert from "node:assert/strict";
import { test } from "node:test";
import type { Address } from "../wire/address.js";
import { mayLead, Trail } from "./trail.js";

function address(text: string, port = 7777): Address {
  if (!text.includes(":")) return { ip: Uint8Array.from(text.split("."), Number), port };
  const [head, tail] = text.split("::").map((s) => (s === "" ? [] : s.split(":")));
  const zeros = Array<string>(8 - head!.length - (tail?.length ?? 0)).fill("0");
  const groups = [...head!, ...zeros, ...(tail ?? [])].map((g) => parseInt(g, 16));
  return { ip: Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 255])), port };
}

test("a server leads nobody to addresses that are not its own kind", () => {
  const places = {
    nowhere: [
      "0.0.0.0",
      "224.0.0.1",
      "239.1.2.3",
      "255.255.255.255",
      "::",
      "ff02::1",
      "::ffff:0:0",
    ],
    loopback: ["127.0.0.1", "127.9.9.9", "::1", "::ffff:7f00:1"],
    near: [
      "10.1.2.3",
      "172.16.0.1",
      "172.31.9.9",
      "192.168.1.1",
      "169.254.1.1",
      "fd00::1",
      "fe80::1",
    ],
    far: ["8.8.8.8", "172.32.0.1", "172.15.0.1", "192.169.0.1", "2001:db8::1", "::ffff:808:808"],
  };
  const order = ["nowhere", "loopback", "near", "far"] as const;
  for (const [i, from] of order.entries()) {
    for (const [j, to] of order.entries()) {
      if (i === 0) continue;
      for (const a of places[from])
        for (const b of places[to])
          assert.equal(mayLead(address(a), address(b)), j > 0 && j >= i, `${a} to ${b}`);
    }
  }
  assert.equal(mayLead(address("8.8.8.8"), address("8.8.4.4", 0)), false);
});

test("a client is led around for a minute, of which a second comes back in ten", () => {
  const trail = new Trail(0);
  let steps = 0;
  while (trail.step(0) > 0) steps++;
  assert.equal(steps, 59);
  assert.equal(trail.step(9_000_000), 0);
  assert.ok(trail.step(11_000_000) > 0);
  assert.equal(trail.step(11_000_000), 0);
  const other = new Trail(0);
  assert.equal(other.step(0), 59_000_000);
  other.spent(58_500_000, 0);
  assert.ok(other.step(58_500_000) > 0);
  assert.equal(other.step(58_500_000), 0);
});

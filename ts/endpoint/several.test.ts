import assert from "node:assert/strict";
import { test } from "node:test";
import { World, type Noted } from "../testdata/climb.js";
import { chance, type LinkConfig } from "../testdata/link.js";
import { abandon } from "./constants.js";
import { Paths } from "./paths.js";
import { SeveralPaths } from "./several.js";

const stream: LinkConfig = { delay: 40_000 };
const line: LinkConfig = { delay: 25_000, jitter: 3000, loss: 0.02 };

test("paths alone are one, and learn to be several", () => {
  const w = new World(1, true, stream);
  let told = 0;
  const plain = new Paths<Noted>(
    w.now,
    {
      make: () => w.paths.all[0]!,
      told: () => told++,
    },
    5,
    true,
  );
  const p = plain.all[0]!;
  assert.equal(plain.arrived(w.now, 0, 6, true), undefined);
  assert.equal(plain.arrived(w.now, 0, 5, true), p);
  assert.equal(plain.arrived(w.now, 1, 5, true), undefined);
  assert.equal(plain.lead, p);
  plain.died(w.now, 5);
  assert.equal(told, 1);
  const learnt = SeveralPaths.of(plain, w.now, { token: () => 1n, limit: 4, timeout: 10_000_000 });
  assert.ok(learnt.all[0] === p && learnt.turn(w.now, 0) === undefined);
  learnt.restart(w.now, 7, true);
  assert.ok(learnt.turn(w.now, 0) && learnt.lead === learnt.all[0]);
});

test("a better way is opened, proven and taken; the first one stays in reserve", () => {
  let strays = 0; // messages that went over the reserve while an answer was late
  for (let seed = 0; seed < 20; seed++) {
    const w = new World(seed, true, stream);
    w.run(2_000_000);
    const route = w.way(false, line);
    w.ladder.up(w.now, route, 1, false);
    w.run(4_000_000);
    assert.equal(w.state(1), "active", `seed ${seed}`);
    assert.deepEqual(
      [w.paths.all[0]!.claims.use, w.paths.all[1]!.claims.use],
      ["reserve", "share"],
    );
    const before = w.carried.get(0)!;
    w.run(8_000_000);
    strays += w.carried.get(0)! - before;
    w.complete(7_000_000);
  }
  assert.ok(strays < 0.03 * 20 * 240, `${strays} of ${20 * 240}`);
});

test("UDP is cut in mid-game: messages go over the WebSocket within a second", () => {
  for (let seed = 0; seed < 20; seed++) {
    const w = new World(seed, true, stream);
    w.ladder.up(w.now, w.way(false, line), 1, false);
    w.run(4_000_000);
    assert.equal(w.state(1), "active", `seed ${seed}`);
    w.cut(1);
    w.run(8_000_000);
    assert.equal(w.state(1), "failed", `seed ${seed}`);
    w.complete(7_500_000);
    const worst = Math.max(...w.came.values());
    assert.ok(worst < 700_000, `seed ${seed}: ${worst} µs`);
    w.cut(1, 0);
    w.run(16_000_000);
    assert.equal(w.state(1), "active", `seed ${seed}`);
    assert.equal(w.paths.all[1]!.claims.use, "share");
  }
});

test("bursts of losses seldom end a path beside a reserve", () => {
  let failures = 0;
  for (let seed = 0; seed < 10; seed++) {
    const dice = chance(seed + 500);
    const w = new World(seed, true, stream);
    w.ladder.up(w.now, w.way(false, { delay: 15_000, loss: 0.03 }), 1, false);
    w.run(4_000_000);
    while (w.now < 60_000_000) {
      w.run(w.now + 500_000 + Math.floor(dice() * 1_500_000));
      w.cut(1);
      w.run(w.now + 60_000 + Math.floor(dice() * 30_000));
      w.cut(1, 0.03);
    }
    failures += w.told.filter((t) => t.id === 1 && t.state === "failed").length;
    w.run(w.now + 2_000_000);
    w.complete(60_000_000);
  }
  assert.ok(failures < 40, `${failures} failures in 10 minutes`);
});

test("where one packet in twenty is lost by itself, nobody sees another way than the one he plays by", () => {
  let changes = 0;
  let strays = 0;
  for (let seed = 0; seed < 4; seed++) {
    const w = new World(seed, true, { delay: 50_000 });
    w.ladder.up(w.now, w.way(false, { delay: 50_000, loss: 0.05 }), 1, false);
    w.run(4_000_000);
    const before = w.carried.get(0)!;
    let lead = w.paths.lead.id;
    assert.equal(lead, 1, `seed ${seed}`);
    while (w.now < 34_000_000) {
      w.run(w.now + 4000);
      if (w.paths.lead.id !== lead) changes++;
      lead = w.paths.lead.id;
    }
    strays += w.carried.get(0)! - before;
  }
  assert.ok(changes < 12, `${changes} changes in two minutes`);
  assert.ok(strays < 20, `${strays} of 7200 went over the reserve`);
});

test("the WebSocket ends while the better way lives: nobody notices, and it is opened again", () => {
  for (let seed = 0; seed < 20; seed++) {
    const w = new World(seed, true, stream);
    w.ladder.up(w.now, w.way(false, line), 1, false);
    w.run(4_000_000);
    w.end(0);
    w.run(6_000_000);
    assert.equal(w.state(0), "closed", `seed ${seed}`);
    assert.ok(
      w.statuses.some((s) => s[0] === 0 && s[2] === 2),
      `seed ${seed}: the peer is told`,
    );
    w.ladder.up(w.now, w.way(true, stream), 9, true);
    w.run(9_000_000);
    assert.equal(w.state(0), "active", `seed ${seed}: its number is used again`);
    assert.equal(w.paths.all[0]!.claims.use, "reserve");
    w.complete(8_000_000);
  }
});

test("a hundred climbs by seed, with ways that end, are cut, and come again: each message comes", () => {
  for (let seed = 0; seed < 100; seed++) {
    const dice = chance(seed + 1000);
    const w = new World(seed, true, stream);
    let stands = [0];
    for (let i = 0; i < 12; i++) {
      w.run(w.now + 200_000 + Math.floor(dice() * 1_500_000));
      const best = 1 + Math.floor(dice() * 2);
      if (dice() < 0.5 && stands.length < 3) {
        const reliable = dice() < 0.3;
        const route = w.way(reliable, reliable ? stream : line);
        stands.push(route);
        w.ladder.up(w.now, route, reliable ? 9 : best, reliable);
      } else if (stands.length > 1) {
        const route = stands[Math.floor(dice() * stands.length)]!;
        if (dice() < 0.5) {
          w.end(route);
          stands = stands.filter((r) => r !== route);
        } else {
          w.cut(route);
          w.run(w.now + 200_000 + Math.floor(dice() * 2_000_000));
          w.cut(route, w.ways[route]!.reliable ? 0 : 0.02);
        }
      }
    }
    const end = w.now;
    w.run(end + 15_000_000);
    w.complete(end);
  }
});

test("after a comeback, with path 0 over the way that answered, the other ways are opened anew", () => {
  const w = new World(2, true, stream);
  const route = w.way(false, line);
  w.ladder.up(w.now, route, 1, false);
  w.run(4_000_000);
  assert.equal(w.state(1), "active");
  w.restart(route);
  assert.equal(w.paths.all.length, 1);
  w.ladder.changed(w.now);
  w.run(9_000_000);
  assert.deepEqual(
    w.paths.all.map((p) => [p.claims.route, p.claims.state, p.claims.use]),
    [
      [route, "active", "share"],
      [0, "active", "reserve"],
    ],
  );
  w.complete(8_000_000);
});

test("a way on which nobody answers is given up, and tried again later", () => {
  const w = new World(1, true, stream);
  const route = w.way(false, { delay: 25_000, loss: 1 });
  w.ladder.up(w.now, route, 1, false);
  w.run(2_500_000);
  assert.equal(w.state(1), "opening");
  w.run(3_000_000);
  assert.equal(w.state(1), "closed");
  w.cut(route, 0);
  w.run(6_000_000);
  assert.equal(w.state(1), "active");
  w.complete(5_500_000);
});

test("of two that say something at the same time both follow the same", () => {
  const w = new World(1, true, stream);
  w.ladder.up(w.now, w.way(false, line), 1, false);
  w.run(3_000_000);
  const { paths } = w;
  const { claims } = paths.all[1]!;
  const { serial } = claims;
  assert.equal(paths.status(w.now, 1, serial, 1, 1), true);
  assert.equal(claims.use, "reserve", "the higher state counts");
  paths.status(w.now, 1, serial, 0, 9);
  assert.equal(claims.use, "reserve");
  paths.status(w.now, 1, serial, 1, 7);
  assert.equal(claims.weight, 7, "then the higher weight");
  paths.status(w.now, 1, serial - 1, 2, 1);
  assert.equal(claims.stage, "well", "what is old changes nothing");
  assert.equal(
    paths.status(w.now, 1, serial + 2 ** 32 + 1, 2, 1),
    false,
    "a leap breaks the rules",
  );
  assert.equal(paths.status(w.now, 7, 1, 2, 1), true, "there is no path 7");
  paths.status(w.now, 1, serial, 2, 1);
  assert.equal(claims.stage, "closed");
  assert.equal(paths.owesStatus(), undefined, "both know it");
  paths.status(w.now, 1, serial + 5, 0, 1);
  assert.equal(claims.stage, "closed");
  assert.equal(paths.owesStatus(), paths.all[1], "the peer has not heard that it is closed");
  const said: number[] = [];
  const u8 = (v: number) => said.push(v);
  paths.writeStatus(paths.all[1]!, { u8, v: u8, u64: () => assert.fail() });
  assert.deepEqual(said, [0x0a, 1, serial + 5, 2, 1], "abandon, with its serial");
  paths.status(w.now, 0, 1 + paths.all[0]!.claims.serial, 2, 1);
  assert.equal(paths.all[0]!.claims.stage, "failed", "the last one is kept");
});

test("a silent path is told of, not more than four challenges are owed, and strangers are dropped", () => {
  const w = new World(3, false, line);
  w.run(2_000_000);
  const p = w.paths.all[0]!;
  for (let t = 0n; t < 6n; t++) w.paths.challenge(p, t);
  assert.deepEqual(p.claims.replies, [2n, 3n, 4n, 5n]);
  assert.equal(w.paths.arrived(w.now, 5, 0, true), undefined);
  assert.equal(w.paths.arrived(w.now, 0, 1, true), undefined, "from elsewhere");
  w.cut(0);
  w.run(5_000_000);
  assert.equal(w.state(0), "silent");
  w.cut(0, 0);
  w.run(8_000_000);
  assert.equal(w.state(0), "active");
  w.paths.held = true;
  w.cut(0);
  w.run(20_000_000);
  assert.equal(w.state(0), "active", "nobody has to answer while somebody is on hold");
});

test("a path that failed is asked at once when the last one that was well falls silent", () => {
  for (let seed = 0; seed < 20; seed++) {
    const w = new World(seed, false, line);
    w.run(1_000_000);
    const route = w.way(false, line);
    w.ladder.up(w.now, route, 1, false);
    w.run(4_000_000);
    w.cut(route);
    w.run(40_000_000 + seed * 250_000); // it is asked every five seconds by now
    assert.equal(w.state(1), "failed", `seed ${seed}`);
    w.cut(route, 0);
    w.cut(0);
    const before = w.carried.get(route)!;
    w.run(w.now + 1_700_000);
    assert.ok(w.carried.get(route)! > before, `seed ${seed}: nothing goes over the other path`);
  }
});

test("a path that is taken back is told of: who goes on by another one says that it is given up, and it is opened again", () => {
  const w = new World(1, true, stream);
  w.run(1_000_000);
  const route = w.way(false, line);
  w.ladder.up(w.now, route, 1, false);
  w.run(3_000_000);
  const { paths } = w;
  const c = paths.all[1]!.claims;
  paths.close(w.now, 1);
  while (paths.owesStatus()) w.run(w.now + 5000);
  const { serial } = c;
  paths.all[0]!.claims.become("suspect");
  assert.ok(paths.arrived(w.now, 1, route, true), "one that went long ago");
  assert.deepEqual([c.stage, c.serial, paths.owesStatus()?.id], ["failed", serial + 1, 1]);
  paths.all[0]!.claims.become("well");
  assert.ok(paths.status(w.now, 1, serial + 1, abandon, 1));
  assert.equal(c.stage, "closed");
});

test("a path that failed a moment ago is asked at once when the one that it was left for is as silent", () => {
  for (let seed = 0; seed < 20; seed++) {
    const w = new World(seed, false, line);
    w.run(1_000_000);
    const route = w.way(false, line);
    w.ladder.up(w.now, route, 1, false);
    w.run(4_000_000);
    w.cut(route);
    while (w.state(1) !== "failed") w.run(w.now + 5000);
    w.cut(route, 0);
    w.cut(0);
    const from = w.now;
    while (w.state(1) !== "active") w.run(w.now + 5000);
    assert.ok(w.now - from < 500_000, `seed ${seed}: it took ${w.now - from} µs`);
    assert.ok(w.paths.all[1]!.rtt.sampled, `seed ${seed}: its answer is measured`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pair } from "../testdata/pair.js";
import { Credit } from "./credit.js";
import { FullCredit } from "./credit_full.js";
import { Common } from "./common.js";
import { resolve } from "./config.js";
import { Delivery, type ChannelConfig } from "./index.js";
import { learn } from "./parts.js";

const channels: ChannelConfig[] = [
  { id: 1, delivery: Delivery.unreliableLatest },
  { id: 2, delivery: Delivery.reliableUnordered },
  { id: 3, delivery: Delivery.reliableOrdered },
];

test("ids go on beyond what they are cut to", () => {
  const pair = new Pair({ seed: 9, config: { channels }, link: { delay: 2000, loss: 0.02 } });
  pair.meet();
  const many = 70_000;
  const got = [0, 0, 0, 0];
  const b = new Uint8Array(3);
  for (let n = 0; n < many || got[2]! + got[3]! < 2 * many; ) {
    for (let k = 0; k < 200 && n < many; k++, n++) {
      b.set([n, n >> 8, n >> 16]);
      for (const { id } of channels) pair.a.endpoint.send(id, b);
    }
    pair.run(10_000);
    for (const { id } of channels) {
      for (let m; (m = pair.b.endpoint.receive(id)) !== undefined; got[id]!++) {
        const i = m[0]! | (m[1]! << 8) | (m[2]! << 16);
        if (id === 3) assert.equal(i, got[3], "in order");
      }
    }
    assert.ok(pair.now < 200_000_000, `${got} have arrived`);
  }
  assert.deepEqual(got.slice(2), [many, many]);
  assert.ok(got[1]! > 300, `${got[1]} of the newest values`);
});

test("numbers of packets go on beyond what they are cut to", () => {
  const pair = new Pair({ seed: 2, config: { channels }, link: { delay: 2000, loss: 0.01 } });
  pair.meet();
  const b = new Uint8Array(1);
  for (let n = 0; n < 70_000; n++) {
    pair.a.endpoint.send(1, b);
    if (n % 100 === 0) pair.a.endpoint.send(3, b);
    pair.run(1000);
    for (const { id } of channels) while (pair.b.endpoint.receive(id) !== undefined);
  }
  pair.run(1_000_000);
  assert.ok(pair.a.endpoint.paths.all[0]!.next > 66_000);
  assert.ok(learn(pair.a.endpoint).drained && pair.a.endpoint.open && pair.b.endpoint.open);
});

test("sums of credit go on beyond 2^32", () => {
  const c = new Common(resolve({ channels, random: Math.random }), 0);
  Object.assign(c, { pool: 64 << 20, windowPool: 64 << 20, trip: 0 });
  const credit = FullCredit.of(new Credit(c, c.cfg.channels[2]!));
  const step = 30_000;
  let limit = 64 << 10;
  let sum = 0;
  for (; sum < 2 ** 33; sum += step) {
    assert.ok(sum + step <= limit, "the limit keeps up");
    credit.start(step);
    credit.giveBack(step);
    const said = credit.announce(sum) % 2 ** 32;
    limit += (said - (limit % 2 ** 32)) | 0;
  }
  credit.blocked(sum, (sum + 100_000) % 2 ** 32, 0, 0);
  assert.ok(credit.announce(sum) >= sum + 100_000, "BLOCKED is understood");
  assert.throws(() => credit.start(2 ** 31), { code: 2 });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Bench,
  FakeServer,
  plainPad,
  protocolId,
  randomOf,
  ticketOf,
  tokenOf,
} from "../testdata/handshake.js";
import { Code } from "../wire/error.js";
import { same } from "./bytes.js";
import { secretsOf } from "./keys.js";
import { Epoch } from "./epoch.js";
import { refusal } from "./packet.js";
import { padOf } from "./pad.js";

test("request and OFFER go again each 100 ms, until ACCEPT", () => {
  const token = tokenOf(1);
  const server = new FakeServer(token);
  const bench = new Bench([token]);
  const requests = bench.pass(250);
  assert.deepEqual(
    requests.map((s) => s.at),
    [0, 100, 200],
  );
  assert.ok(requests.every((s) => same(s.b, token.request)));
  bench.receive(server.challenge());
  assert.equal(bench.state, "offering");
  const offers = bench.pass(250);
  assert.deepEqual(
    offers.map((s) => s.at),
    [250, 350, 450],
  );
  assert.ok(offers.every((s) => server.reads(s.b)));
  bench.receive(server.accept());
  const { session } = bench.shake;
  assert.equal(bench.state, "connected");
  assert.equal(bench.shake.deadline(), Infinity);
  assert.deepEqual(bench.pass(60_000), []);

  // both sides have the same keys
  const secrets = secretsOf(
    server.keys,
    server.theirs!,
    server.share,
    new Uint8Array(0),
    protocolId,
    plainPad,
    server.id,
  );
  const packet = session!.sealer.seal(bench.now, 0, 0, 2, Uint8Array.of(1)).slice();
  const epoch = new Epoch(plainPad, secrets.toServer);
  const frames = epoch.aead.open(epoch.nonce(0, 0), packet, 1 + server.id.length + 2);
  assert.deepEqual(frames, Uint8Array.of(1));
  assert.deepEqual(session!.resumption, secrets.resumption);
});

test("what the share was made of is forgotten as soon as there are keys, or none will be", () => {
  for (const lets of [true, false]) {
    const token = tokenOf(1);
    const server = new FakeServer(token);
    const drawn: Uint8Array[] = [];
    const random = (n: number) => {
      const b = randomOf(drawn.length)(n);
      drawn.push(b);
      return b;
    };
    const bench = new Bench([token], { random });
    bench.pass(1);
    bench.receive(server.challenge());
    assert.ok(server.reads(bench.pass(1)[0]!.b));
    const secret = drawn.find((b) => b.length === 32)!;
    assert.ok(secret.some((v) => v > 0));
    bench.receive(lets ? server.accept() : server.reason(6, server.theirs!.subarray(0, 8)));
    assert.equal(bench.state, lets ? "connected" : "failed");
    assert.ok(secret.every((v) => v === 0));
  }
});

test("over what loses nothing a packet goes again each second", () => {
  const bench = new Bench([tokenOf(1, -1)], { reliable: true });
  assert.deepEqual(
    bench.pass(3500).map((s) => s.at),
    [0, 1000, 2000, 3000],
  );
});

test("a refusal of a request stands for 100 ms, unless a challenge disproves it", () => {
  const token = tokenOf(1);
  const server = new FakeServer(token);
  const zeros = new Uint8Array(8);
  for (const denial of [server.reason(5, zeros), server.standard(1, new Uint8Array(0))]) {
    const bench = new Bench([token]);
    bench.pass(50);
    bench.receive(denial);
    bench.pass(60);
    bench.receive(denial); // counted from the first
    bench.pass(39);
    assert.equal(bench.state, "requesting");
    bench.pass(2);
    assert.equal(bench.state, "failed");
    assert.equal(bench.shake.refusal!.code, Code.full);

    const lucky = new Bench([token]);
    lucky.pass(50);
    lucky.receive(denial);
    lucky.pass(60);
    lucky.receive(server.challenge());
    lucky.pass(500);
    assert.equal(lucky.state, "offering");
  }
});

test("of a REASON and of Denied, which says less, the REASON is told, whichever comes first", () => {
  const tokens = [tokenOf(1), tokenOf(2)];
  const reason = (by: number, code: number) =>
    new FakeServer(tokens[by]!).reason(code, new Uint8Array(8), "rude");
  const denied = (by: number) => new FakeServer(tokens[by]!).standard(1, new Uint8Array(0));
  for (const [first, second] of [
    [reason(0, 6), denied(0)],
    [denied(0), reason(0, 6)],
  ] as const) {
    const bench = new Bench(tokens.slice(0, 1));
    bench.pass(1);
    assert.ok(bench.receive(first) && bench.receive(second));
    bench.pass(101);
    const { code, text } = bench.shake.refusal!;
    assert.deepEqual([code, text], [6, "rude"]);
  }
  // what one server said says nothing of the next
  const bench = new Bench(tokens);
  bench.pass(1);
  assert.ok(bench.receive(reason(0, 6)));
  bench.pass(101);
  assert.ok(bench.receive(denied(1)));
  bench.pass(101);
  assert.equal(bench.shake.refusal!.code, Code.full);
});

test("a REASON that echoes the share ends the attempt, any other is dropped", () => {
  const token = tokenOf(1);
  const server = new FakeServer(token);
  const bench = new Bench([token]);
  bench.pass(10);
  bench.receive(server.challenge());
  assert.ok(server.reads(bench.pass(1)[0]!.b));
  assert.ok(!bench.receive(server.reason(5, new Uint8Array(8))));
  assert.ok(!bench.receive(server.reason(5, server.share.subarray(0, 8))));
  assert.ok(!bench.receive(server.reason(70, server.theirs!.subarray(0, 8))));
  assert.equal(bench.state, "offering");
  bench.receive(server.reason(6, server.theirs!.subarray(0, 8), "rude"));
  assert.equal(bench.state, "failed");
  const { code, text, retryAfter } = bench.shake.refusal!;
  assert.deepEqual([code, text, retryAfter], [6, "rude", 3]);
});

test("each try has a share of its own, and two seconds while there is a next one", () => {
  const tokens = [tokenOf(1), tokenOf(2), tokenOf(3, 7)];
  const bench = new Bench(tokens);
  bench.pass(500);
  bench.receive(new FakeServer(tokens[0]!).challenge());
  const first = bench.pass(1000)[0]!;
  const sent = bench.pass(10_000);
  assert.deepEqual(
    [1, 2].map((by) => sent.find((s) => s.by === by)!.at),
    [2500, 4500],
  );
  const second = new FakeServer(tokens[0]!);
  assert.ok(second.reads(first.b));
  assert.equal(bench.state, "failed");
  assert.equal(bench.shake.refusal!.code, Code.timeout);
  assert.ok(sent[sent.length - 1]!.at < 11_500); // the last one has the token's timeout
  assert.ok(sent[sent.length - 1]!.at > 11_300);
});

test("what the pad or the HELLO of ACCEPT says may refuse a server", () => {
  const token = tokenOf(1, 10, padOf(Uint8Array.of(0x11, 1, 9)));
  for (const [judge, items, code] of [
    [() => refusal(Code.mismatch), token.pad.items, Code.mismatch],
    [() => undefined, Uint8Array.of(0x11, 1, 8), Code.pad],
    [() => undefined, new Uint8Array(0), Code.pad],
  ] as const) {
    const server = new FakeServer(token);
    server.items = items;
    const bench = new Bench([token, token], { judge });
    bench.pass(1);
    bench.receive(server.challenge());
    assert.ok(server.reads(bench.pass(1)[0]!.b));
    bench.receive(server.accept());
    assert.equal(bench.state, "requesting");
    assert.equal(bench.at, 1);
    bench.pass(11_000);
    assert.equal(bench.shake.refusal!.code, code, "silence tells less");
  }
});

test("flags of ACCEPT that nobody asked for are malformed", () => {
  const token = tokenOf(1);
  const server = new FakeServer(token);
  const bench = new Bench([token]);
  bench.pass(1);
  bench.receive(server.challenge());
  assert.ok(server.reads(bench.pass(1)[0]!.b));
  for (const flags of [1, 2, 4, 128]) assert.ok(!bench.receive(server.accept(flags)));
  assert.equal(bench.state, "offering");
});

test("of challenges that wait each is answered with the same chance, and none twice", () => {
  const token = tokenOf(1);
  const answers = [0, 0, 0, 0];
  for (let seed = 0; seed < 800; seed++) {
    const server = new FakeServer(token);
    const bench = new Bench([token], { random: randomOf(seed * 7919) });
    bench.pass(1);
    for (let i = 0; i < 4; i++) bench.receive(server.challenge());
    const [offer, ...more] = bench.pass(1);
    assert.equal(more.length, 0);
    assert.ok(server.reads(offer!.b));
    answers[server.answered]!++;
    bench.receive(server.challenge(2));
    assert.deepEqual(bench.pass(1), [], "that counter came before");
    bench.receive(server.challenge(9));
    assert.ok(server.reads(bench.pass(1)[0]!.b));
    assert.equal(server.answered, 9);
  }
  for (const n of answers) assert.ok(n > 150 && n < 250, `${answers}`);
});

test("a token is over when its life is, by the client's own clock", () => {
  const token = tokenOf(1, -1);
  const bench = new Bench([token, token, tokenOf(2, -1)]);
  bench.pass(1);
  const server = new FakeServer(token);
  for (let i = 0; i < 30; i++) {
    bench.receive(server.challenge());
    bench.pass(100);
  }
  const short = new Bench([
    { ...token, life: 1 },
    { ...token, life: 45 },
  ]);
  short.pass(999);
  assert.equal(short.at, 0);
  short.pass(2);
  assert.equal(short.at, 1);
  short.pass(45_000);
  assert.equal(short.state, "failed");
  assert.match(short.shake.refusal!.text, /token expired .* did not answer/);
});

test("a ticket is shown, again with the cookie, and then let in", () => {
  const ticket = ticketOf();
  const server = new FakeServer(ticket);
  const bench = new Bench([ticket], { continues: 12n });
  const shown = bench.pass(150);
  assert.equal(ticket.attempt, 1_700_000_000n << 24n);
  assert.deepEqual(
    shown.map((s) => [s.at, s.b.length, server.readsResume(s.b)]),
    [
      [0, 426, true],
      [100, 426, true],
    ],
  );
  assert.equal(server.cookie.length, 0);
  bench.receive(server.retry(1_782_579_200 * 2 ** 20, randomOf(7)(16)));
  assert.equal(bench.state, "offering");
  assert.ok(server.readsResume(bench.pass(1)[0]!.b));
  assert.deepEqual(server.cookie, randomOf(7)(16));
  bench.receive(server.accept(2));
  assert.equal(bench.state, "connected");
  assert.equal(bench.shake.session!.accept.continues, true);
});

test("a REASON that echoes the share ends a resumption in either state", () => {
  const ticket = ticketOf();
  const server = new FakeServer(ticket);
  const bench = new Bench([ticket, ticket]);
  assert.ok(server.readsResume(bench.pass(1)[0]!.b));
  bench.receive(server.reason(Code.used, server.theirs!.subarray(0, 8)));
  assert.equal(bench.at, 1);
  assert.equal(ticket.attempt, (1_700_000_000n << 24n) + 1n);
  bench.pass(1);
  bench.pass(2000);
  assert.equal(bench.state, "failed");
  assert.equal(bench.shake.refusal!.code, Code.used, "silence tells less");
});

test("nothing that is damaged changes anything", () => {
  const token = tokenOf(1);
  const random = randomOf(42);
  for (let round = 0; round < 300; round++) {
    const server = new FakeServer(token);
    const bench = new Bench([token]);
    bench.pass(1);
    const damage = (b: Uint8Array) => {
      const copy = b.slice(0, random(1)[0]! < 40 ? random(1)[0]! : undefined);
      if (copy.length === b.length) copy[(random(1)[0]! * 256 + random(1)[0]!) % b.length]! ^= 4;
      assert.ok(!bench.receive(copy));
    };
    damage(server.challenge());
    damage(server.standard(1, new Uint8Array(0)));
    damage(server.reason(5, new Uint8Array(8)));
    bench.receive(new Uint8Array(0));
    assert.equal(bench.state, "requesting");
    bench.receive(server.challenge());
    assert.ok(server.reads(bench.pass(1)[0]!.b));
    damage(server.accept());
    damage(server.reason(5, server.theirs!.subarray(0, 8)));
    assert.equal(bench.state, "offering");
    bench.receive(server.accept());
    assert.equal(bench.state, "connected");
  }
});

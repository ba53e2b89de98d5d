import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { GoServer, patience } from "../testdata/server.js";
import { udp } from "../transport/udp.js";
import type { Way } from "../transport/way.js";
import { helloBody } from "../wire/hello.js";
import { shortHash } from "../wire/number.js";
import { channelDigest, channelRows } from "../wire/row.js";
import { Handshake, type Try } from "./handshake.js";
import { showToken } from "./offer.js";
import { protect } from "./pad.js";
import { parseTokens, type Token } from "./token.js";

const microseconds = () => Math.floor(performance.now() * 1000);

const deliveries = [
  "Unreliable",
  "UnreliableLatest",
  "ReliableUnordered",
  "ReliableLatest",
  "ReliableOrdered",
];

/** A body of HELLO for the channels of the server. */
function hello(largestMessage = 1 << 16): Uint8Array {
  const rows = deliveries.map((name, i) => ({
    channel: i + 1,
    delivery: i,
    largestMessage,
    name: shortHash(name),
    compression: 0,
  }));
  return helloBody({
    minVersion: 1,
    maxVersion: 1,
    digest: channelDigest(channelRows(rows)),
    instance: 1n,
    capabilities: 1 + 8 + 16,
    clock: 0n,
    largestDatagram: 1200,
    ackHold: 20,
    silence: 60,
    defaultWindow: 1 << 16,
    windows: [],
    items: [],
  });
}

/** A Going is a try with its way. */
interface Going extends Try {
  readonly credential: Token;
  readonly way: Way;
}

/** A Player is a handshake over UDP, and the ways that it opened. */
class Player {
  readonly shake: Handshake<Going>;
  private readonly tries: Going[] = [];
  /** Frames of the packets that came once it was connected. */
  readonly came: Uint8Array[] = [];

  constructor(
    tokens: readonly Token[],
    body: Uint8Array,
    private readonly now = microseconds,
  ) {
    for (const credential of tokens) {
      for (const { open } of udp().ways(credential.addresses)) {
        const way = open();
        const by = { credential, way };
        way.onDatagram = (b) => this.receive(by, b);
        this.tries.push(by);
      }
    }
    this.shake = new Handshake(now(), {
      tries: this.tries,
      reliable: false,
      show: ({ credential }) => showToken(credential),
      hello: () => body,
      judge: () => undefined,
      random: (n) => randomBytes(n),
    });
  }

  private receive(by: Going, b: Uint8Array): void {
    const { session } = this.shake;
    if (!session && by === this.shake.by) this.shake.receive(this.now(), b);
    const frames = session?.opener.open(this.now(), b.slice(), 0);
    if (frames) this.came.push(frames);
  }

  /** Whether it is still at its first try. */
  get first(): boolean {
    return this.shake.by === this.tries[0];
  }

  /** Does what is due. */
  step(): void {
    this.shake.handleTimeout(this.now());
    const b = this.shake.next();
    if (b) this.shake.by.way.send(b);
  }

  /** Drives the handshake to its end. */
  async enter(): Promise<this> {
    for (const end = performance.now() + patience; performance.now() < end; await pause(5)) {
      this.step();
      if (this.shake.over) return this;
    }
    throw new Error("still not in");
  }

  /** Sends a packet with frames. */
  say(number: number, ...frames: number[]): void {
    const { sealer, by } = this.shake.session!;
    const sealed = sealer.seal(this.now(), 0, number, 2, Uint8Array.from(frames));
    assert.ok((by as Going).way.send(sealed));
  }

  leave(): void {
    for (const { way } of this.tries) way.close();
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(done: () => boolean): Promise<void> {
  for (const end = performance.now() + patience; !done(); await pause(2))
    if (performance.now() > end) throw new Error(`it did not happen: ${done}`);
}

const protections = {
  "ChaCha20-Poly1305": {},
  "AES-256-GCM": { suite: 2 },
  "signed only": { suite: 3, tagBytes: 8 },
  "forward secrecy": { forwardSecrecy: true },
  "a token without a pad": { plain: true },
};

for (const [name, settings] of Object.entries(protections)) {
  test(`a Go server lets us in, and answers: ${name}`, async () => {
    const server = await GoServer.start(settings);
    const tokens = await server.token(7);
    const read = parseTokens(tokens);
    for (const { pad } of read) await protect(pad);
    const player = await new Player(read, hello()).enter();
    try {
      assert.ok(player.shake.session, JSON.stringify(player.shake.refusal));
      player.say(0, 1); // PING
      await server.event("Connected", 7);
      await until(() => player.came.some((frames) => (frames[0]! & 0xe0) === 0x20)); // ACK
      player.say(1, 0x0c, 0x80, 0x02, 2, 0x68, 0x69, 0); // CLOSE 256 "hi"
      const { code, text } = await server.event("Disconnected", 7);
      assert.deepEqual([code, text], [256, "hi"]);
    } finally {
      player.leave();
      await server.stop();
    }
  });
}

/** Says why a server with some settings does not let a player in. */
async function refused(settings: object, body = hello(), players = [7]) {
  const server = await GoServer.start({ ...settings });
  const all: Player[] = [];
  try {
    for (const id of players) {
      const player = await new Player(parseTokens(await server.token(id)), body).enter();
      all.push(player);
      if (player.shake.session) player.say(0, 1);
      if (player.shake.session) await server.event("Connected", id);
    }
    return all[all.length - 1]!.shake.refusal;
  } finally {
    for (const player of all) player.leave();
    await server.stop();
  }
}

test("a Go server says why it does not let us in", async () => {
  const banned = { Code: 6, Text: "you were rude", RetryAfter: 3e9 };
  assert.deepEqual(await refused({ refuse: banned }), {
    code: 6,
    text: "you were rude",
    retryAfter: 3,
    rows: new Uint8Array(0),
  });
  assert.equal((await refused({ maxClients: 1 }, hello(), [7, 8]))!.code, 5);
  const mismatch = (await refused({}, hello(1000)))!;
  assert.equal(mismatch.code, 4);
  assert.equal(mismatch.rows.length, 12 * deliveries.length);
  assert.equal((await refused({}, new Uint8Array(3)))!.code, 1);
});

test("of a token list the second server is tried when nobody answers for the first", async () => {
  const [gone, here] = [await GoServer.start(), await GoServer.start({ key: 1 })];
  const lists = [await gone.token(7), await here.token(7)];
  await gone.kill();
  const tokens = lists.flatMap((list) => [...list.subarray(list.length - 2048)]);
  const list = Uint8Array.from([...Buffer.from("TWTK\x01\x02"), ...tokens]);
  let [now, began] = [1_000_000, Infinity]; // of the first, time is told; of the second, which may be slow, it goes by itself
  const player = new Player(parseTokens(list), hello(), () => now + Math.max(microseconds() - began, 0));
  try {
    for (; player.first; await pause(1)) {
      assert.ok(now < 3_000_000, "the first is given up after two seconds");
      now += 100_000;
      player.step();
    }
    assert.equal(now, 3_000_000);
    began = microseconds();
    await player.enter();
    assert.ok(player.shake.session);
  } finally {
    player.leave();
    await here.stop();
  }
});

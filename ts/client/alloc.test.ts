import assert from "node:assert/strict";
import { test } from "node:test";
import { Endpoint, Outgoing } from "../endpoint/index.js";
import { Epoch } from "../netcode/epoch.js";
import { secretsOf } from "../netcode/keys.js";
import { Sealer } from "../netcode/sealer.js";
import { garbageOf, garbageOfMessage, leastLeft, type Left } from "../testdata/garbage.js";
import { FakeServer, plainPad, protocolId, randomOf, tokenOf } from "../testdata/handshake.js";
import { chance } from "../testdata/link.js";
import { nearest } from "../wire/number.js";
import { Client, Delivery, RawChannel, web, type Conn } from "./index.js";

const bytes = new Uint8Array(40);
const most = 9;
const tick = 16_667;
const nobody = new Uint8Array(0);

/** A Socket is a WebSocket of which the test is the other end. */
class Socket {
  static last: Socket;
  readyState = 1;
  bufferedAmount = 0;
  onopen = () => {};
  onmessage: (message: { data: ArrayBuffer }) => void = () => {};
  readonly sent: Uint8Array<ArrayBuffer>[] = [];

  constructor() {
    Socket.last = this;
  }

  send(b: Uint8Array<ArrayBuffer>): void {
    this.sent.push(b.slice());
  }

  close(): void {}
}

/** A Game is a Client that plays with a server of ours over a WebSocket, in virtual time, all in one process. */
class Game {
  packets = 0;
  received = 0;
  ran = false; // for long
  readonly conn: Conn;
  private now = 1_000_000;
  private readonly channel: RawChannel;
  private readonly client: Client;
  private readonly socket: Socket;
  private readonly server: Endpoint;
  private readonly opener: Epoch;
  private readonly sealer: Sealer;
  private readonly out = new Outgoing(2048);
  private newest = -1;

  constructor(
    delivery: Delivery,
    readonly messages: number,
  ) {
    this.channel = new RawChannel({ id: 1, delivery });
    Object.assign(globalThis, { WebSocket: Socket });
    this.client = new Client({
      channels: [this.channel],
      transport: web("ws://game.example/tickwire"),
      random: randomOf(7),
      clock: { now: () => this.now, unix: () => 1_700_000_000, after: () => 0, cancel() {} },
    });
    const token = tokenOf(1);
    this.conn = this.client.follow([token]);
    this.socket = Socket.last;
    this.socket.onopen();
    const fake = new FakeServer(token);
    const channels = [this.channel.config];
    this.server = new Endpoint(this.now, { channels, random: chance(2) });
    this.client.flush();
    this.answer(fake.challenge());
    const offer = this.socket.sent.find((b) => fake.reads(b));
    assert.ok(offer, "the client offers");
    assert.equal(this.server.handleHello(this.now, fake.hello), undefined);
    this.answer(fake.accept(0, this.server.hello(this.now)));
    const { keys, share, theirs, id } = fake;
    const secrets = secretsOf(keys, theirs!, share, nobody, protocolId, plainPad, id);
    this.opener = new Epoch(plainPad, secrets.toServer);
    this.sealer = new Sealer(plainPad, secrets.toClient, nobody);
    this.run(10);
    assert.ok(this.conn.open && this.received > 0, "it plays");
  }

  private answer(b: Uint8Array): void {
    this.socket.onmessage({ data: b.slice().buffer });
    this.client.flush();
  }

  /** Opens a packet of the client, which begins with an id. */
  private take(b: Uint8Array): void {
    const numberBytes = (b[0]! & 3) + 1;
    let low = 0;
    for (let i = numberBytes; i > 0; i--) low = low * 256 + b[4 + i]!;
    const number = nearest(this.newest + 1, low, 8 * numberBytes);
    const frames = this.opener.aead.open(this.opener.nonce(0, number), b, 5 + numberBytes);
    if (!frames) return; // of the handshake
    this.newest = number;
    this.packets++;
    this.server.handlePacket(this.now, 0, 0, number, frames);
  }

  run(ticks: number): void {
    const { client, server, socket, channel, conn, out } = this;
    for (; ticks > 0; ticks--) {
      for (let i = 0; i < this.messages; i++) {
        if (conn.open) channel.send(conn, bytes);
        server.send(1, bytes);
      }
      client.flush();
      for (const b of socket.sent.splice(0)) this.take(b);
      while (server.receive(1)) this.received++;
      if (server.deadline() <= this.now) server.timeout(this.now);
      while (server.nextPacket(this.now, out)) {
        const { path, number, numberBytes, frames } = out;
        const b = this.sealer.seal(this.now, path, number, numberBytes, frames.written());
        socket.onmessage({ data: b.slice().buffer });
        this.packets++;
      }
      while (conn.next(1)) this.received++;
      while (client.next()) {}
      this.now += tick;
    }
  }
}
const ticks = 1000;
const ours = /\/dist\/(client|netcode|transport)\/[a-z0-9_]+\.js$/; // no test

/** How much garbage a packet is, in bytes, beside that of its endpoint, and what of it. */
async function garbage(game: Game): Promise<Left> {
  if (!game.ran) game.run(ticks); // so that it is compiled
  game.ran = true;
  game.packets = game.received = 0;
  const { bytes, by } = await garbageOf(ours, () => game.run(ticks));
  const { packets, received, messages } = game;
  assert.ok(received > 0.98 * 2 * ticks * messages, `${received} messages came`);
  assert.ok(by.length > 0 && packets >= 2 * ticks, `${packets} packets, ${by.length} functions`);
  const worst = by.slice(0, 12).map(([name, n]) => [name, Math.round(n / packets)]);
  return [bytes / packets, JSON.stringify(worst)];
}

// a packet: a view of what came, one of what goes, and the microtask that sends it; 100 to 185 bytes were measured
const mostOfPacket = 230;

for (const name of ["unreliable", "reliableOrdered"] as const)
  for (const all of [false, true])
    test(`${name}: a message is no garbage and a packet hardly any, in a client ${all ? "that shows stats" : "as it is at once"}`, async () => {
      const games = [new Game(Delivery[name], 1), new Game(Delivery[name], most)] as const;
      for (const game of games)
        while (all && !game.conn.stats()) await new Promise((resolve) => setImmediate(resolve));
      const each = (one: number, many: number) => (many - one) / (most - 1);
      const [[one, what], [many, whatMany]] = await leastLeft(
        () => garbage(games[0]),
        () => garbage(games[1]),
        (one, many) => one < mostOfPacket && each(one, many) < garbageOfMessage,
      );
      assert.ok(one < mostOfPacket, `${one} bytes a packet: ${what}`);
      assert.ok(
        each(one, many) < garbageOfMessage,
        `${each(one, many)} bytes a message: ${whatMany}, with one: ${what}`,
      );
    });

import assert from "node:assert/strict";
import { Client, RawChannel, type Conn, type Delivery } from "../client/index.js";
import { Endpoint, Outgoing } from "../endpoint/index.js";
import { allParts, learn } from "../endpoint/parts.js";
import { Epoch } from "../netcode/epoch.js";
import { secretsOf } from "../netcode/keys.js";
import { Sealer } from "../netcode/sealer.js";
import { nearest } from "../wire/number.js";
import type { Cable } from "./cable.js";
import { FakeServer, plainPad, protocolId, randomOf, tokenOf } from "./handshake.js";
import { chance } from "./link.js";

const bytes = new Uint8Array(40);
const tick = 16_667;
const nobody = new Uint8Array(0);
const address = { ip: Uint8Array.of(127, 0, 0, 1), port: 7777 };

/** Lets everything be done that hangs on promises. */
export const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** A Duel is a Client that plays with a server of ours over a {@link Cable}, in virtual time, all in one process. */
export class Duel {
  packets = 0;
  received = 0;
  ran = false; // for long
  readonly conn: Conn;
  readonly client: Client;
  private now = 1_000_000;
  private readonly channel: RawChannel;
  private readonly server: Endpoint;
  private readonly token = { ...tokenOf(1), addresses: [address] };
  private opener!: Epoch;
  private sealer!: Sealer;
  private readonly out = new Outgoing(2048);
  private newest = -1;

  private constructor(
    private readonly cable: Cable,
    delivery: Delivery,
    readonly messages: number,
  ) {
    this.channel = new RawChannel({ id: 1, delivery });
    this.client = new Client({
      channels: [this.channel],
      transport: cable.transport,
      random: randomOf(7),
      clock: { now: () => this.now, unix: () => 1_700_000_000, after: () => 0, cancel() {} },
    });
    this.conn = this.client.follow([this.token]);
    this.server = new Endpoint(this.now, { channels: [this.channel.config], random: chance(2) });
    if (!cable.transport.reliable) for (const part of allParts) learn(this.server, part);
  }

  /** Begins one, in which both ends send so many messages a tick. */
  static async begin(cable: Cable, delivery: Delivery, messages: number): Promise<Duel> {
    const duel = new Duel(cable, delivery, messages);
    await duel.meet();
    await duel.run(10);
    assert.ok(duel.conn.open && duel.received > 0, "it plays");
    return duel;
  }

  private async meet(): Promise<void> {
    const { cable, token, server, client } = this;
    while (cable.made === 0) await settle(); // what it takes is loaded
    cable.open();
    await settle();
    const fake = new FakeServer(token);
    client.flush();
    await this.answer(fake.challenge());
    const offer = cable.sent.find((b) => fake.reads(b));
    assert.ok(offer, "the client offers");
    assert.equal(server.handleHello(this.now, fake.hello), undefined);
    await this.answer(fake.accept(0, server.hello(this.now)));
    const { keys, share, theirs, id } = fake;
    const secrets = secretsOf(keys, theirs!, share, nobody, protocolId, plainPad, id);
    this.opener = new Epoch(plainPad, secrets.toServer);
    this.sealer = new Sealer(plainPad, secrets.toClient, nobody);
  }

  private async answer(b: Uint8Array): Promise<void> {
    this.cable.came(b);
    await settle();
    this.client.flush();
    await settle();
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

  /** Lets time pass. */
  async run(ticks: number): Promise<void> {
    const { client, server, cable, channel, conn } = this;
    for (; ticks > 0; ticks--) {
      for (let i = 0; i < this.messages; i++) {
        if (conn.open) channel.send(conn, bytes);
        server.send(1, bytes);
      }
      client.flush();
      for (const b of cable.sent.splice(0)) this.take(b);
      while (server.receive(1)) this.received++;
      if (server.deadline() <= this.now) server.timeout(this.now);
      this.speak();
      await settle(); // a stream tells by promises what came
      while (conn.next(1)) this.received++;
      while (client.next()) {}
      this.now += tick;
    }
  }

  /** Sends what the server has to send. */
  private speak(): void {
    const { server, out } = this;
    while (server.nextPacket(this.now, out)) {
      const { path, number, numberBytes, frames } = out;
      this.cable.came(this.sealer.seal(this.now, path, number, numberBytes, frames.written()));
      this.packets++;
    }
  }
}

import assert from "node:assert/strict";
import { Ack, Reader, readRanges } from "../wire/index.js";
import { Delivery, Endpoint, Outgoing, type EndpointConfig, type Event } from "../endpoint/index.js";

/** When a {@link Stream} begins, in microseconds. */
export const start = 1_000_000;

/** A channel of each delivery; its id is one more than the delivery. */
export const channels = Object.values(Delivery).map((delivery) => ({ id: delivery + 1, delivery }));

/** The same, the reliable ones with the smallest window that there is: 1024 bytes. */
export const narrow = channels.map((c) =>
  c.delivery >= Delivery.reliableUnordered ? { ...c, windowBytes: 1024 } : c,
);

/** A Stream is one end as it is at once, over a way that loses nothing; packets of its peer are bytes. */
export class Stream {
  readonly end: Endpoint;
  readonly events: Event[] = [];
  now = start;
  asked = 0;
  private next = 0;
  private readonly out = new Outgoing(2048);

  constructor(config: Partial<EndpointConfig> = {}) {
    const common = { channels, random: Math.random, reliable: true, ...config };
    const peer = new Endpoint(start, common);
    this.end = new Endpoint(start, { ...common, needs: () => void this.asked++ });
    assert.equal(this.end.handleHello(start, peer.hello(start)), undefined);
  }

  /** Takes a packet of some frames, in hex with spaces. */
  take(frames: string, number = this.next++): this {
    const bytes = new Uint8Array(Buffer.from(frames.replaceAll(" ", ""), "hex"));
    this.end.handlePacket(this.now, 0, 0, number, bytes);
    for (let e; (e = this.end.nextEvent()); ) this.events.push(e);
    return this;
  }

  /** The next packet that goes, undefined if none does now. */
  packet(): Uint8Array | undefined {
    const { out } = this;
    return this.end.nextPacket(this.now, out) ? out.frames.written().slice() : undefined;
  }

  /** Has packets go, as many as these. */
  ping(packets: number): this {
    for (; packets > 0; packets--) {
      this.end.ping();
      assert.ok(this.packet());
    }
    return this;
  }

  /** The ACK that a packet begins with. */
  ack(): Ack {
    const r = new Reader(this.packet()!);
    const ack = new Ack();
    const type = r.u8();
    assert.equal(type & 0xe0, 0x20);
    readRanges(r, type, ack);
    return ack;
  }

  /** The code with which it was ended, undefined as long as it is open. */
  get code(): number | undefined {
    const e = this.events.at(-1);
    return e?.kind === "closed" ? e.code : undefined;
  }

  get path() {
    return this.end.paths.all[0]!;
  }

  /** The first bytes of the messages that came. */
  messages(channel: number): number[] {
    const all = [];
    for (let m; (m = this.end.receive(channel)); ) all.push(m[0]!);
    return all;
  }
}

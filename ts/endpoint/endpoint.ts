import { Code } from "../wire/first.js";
import { Arrival } from "./arrival.js";
import { Common } from "./common.js";
import { resolve, type EndpointConfig } from "./config.js";
import { Departure, type Outgoing } from "./departure.js";
import { SendError, type Event } from "./event.js";
import { Inbox } from "./inbox.js";
import { Life } from "./life.js";
import { introduce, match, type Refusal } from "./meeting.js";
import { Outbox } from "./outbox.js";
import type { Packet } from "./packet.js";
import { Paths } from "./paths.js";
import type { SendOptions } from "./sender.js";
import { makeWay, type Way } from "./way.js";

/**
 * An Endpoint is one end of a conversation. It owns no socket and no clock: time is a parameter, in
 * microseconds. What goes in: {@link send}, {@link handlePacket}, and {@link timeout}, not later than
 * {@link deadline}; what comes out: {@link nextPacket}, {@link receive} and {@link nextEvent}. It trusts that
 * packets are authentic; HELLO travels with the handshake.
 *
 * As it is made it speaks over one way that loses nothing and keeps the order. All else it learns: {@link learn}.
 */
export class Endpoint {
  /** The random number by which it tells its lives apart. */
  readonly instance: bigint;
  readonly paths: Paths<Packet, Way>;
  /** The version of typed messages that both ends use; before the peer's HELLO the newest of ours. */
  schema: number;
  /** What all parts share. */
  readonly c: Common;
  protected readonly inbox: Inbox;
  protected readonly outbox: Outbox;
  protected readonly life: Life;
  protected readonly arrival: Arrival;
  protected readonly departure: Departure;

  /** @param route the number by which the caller knows the way of path 0 */
  constructor(now: number, config: EndpointConfig, route = 0) {
    const c = (this.c = new Common(resolve(config), now));
    this.schema = c.cfg.schemas?.newest ?? 0;
    this.instance = config.instance ?? this.token();
    const inbox = (this.inbox = new Inbox(c));
    const outbox = (this.outbox = new Outbox(c));
    const paths = (this.paths = new Paths<Packet, Way>(
      now,
      {
        make: (id) => makeWay(c, id),
        told: (path, pathState) => c.events.push({ kind: "PathChanged", path, pathState }),
      },
      route,
      c.cfg.reliable,
    ));
    const life = (this.life = new Life(c, inbox, outbox, paths));
    this.arrival = new Arrival(c, inbox, outbox, paths, life);
    this.departure = new Departure(c, inbox, outbox, paths, life);
  }

  protected token(): bigint {
    const word = () => BigInt(Math.floor(this.c.cfg.random() * 2 ** 32));
    return (word() << 32n) | word();
  }

  /** Notes what time it is. */
  at(now: number): void {
    if (now > this.c.now) this.c.now = now;
  }

  /** The body of HELLO, for the handshake to carry. */
  hello(now: number): Uint8Array {
    return introduce(this.c.cfg, this.instance, now);
  }

  /** Takes the peer's HELLO: messages may flow, or why they cannot. */
  handleHello(now: number, body: Uint8Array): Refusal | undefined {
    this.at(now);
    const h = match(this.c.cfg, body);
    if (!("schema" in h)) return h;
    if (this.life.state !== "meeting") return undefined;
    this.schema = h.schema;
    this.outbox.opened(now, h);
    this.life.opened(now, h);
    return undefined;
  }

  /** Takes a packet that opened: of a path, from a route, with its whole number. Nothing is thrown. */
  handlePacket(now: number, path: number, route: number, number: number, frames: Uint8Array): void {
    this.at(now);
    this.arrival.packet(now, path, route, number, frames);
  }

  /** Makes the next packet that is to be sent now; false if there is none. */
  nextPacket(now: number, out: Outgoing): boolean {
    this.at(now);
    return this.departure.next(now, out);
  }

  /** When {@link timeout} and {@link nextPacket} have something to do, at the latest; Infinity: never. */
  deadline(): number {
    const at = Math.min(this.life.deadline(), this.departure.at(this.c.now));
    return Math.max(Math.ceil(at), this.c.now);
  }

  /** Does what is due. */
  timeout(now: number): void {
    this.at(now);
    this.life.timeout(now);
  }

  /**
   * Puts a message on a channel, and returns its receipt, 0 if none is wanted. The bytes are copied. What
   * cannot be taken is a {@link SendError}.
   */
  send(channel: number, bytes: Uint8Array, options: SendOptions = none): number {
    if (!this.life.accepts) throw new SendError(channel, "closed");
    return this.outbox.send(channel, bytes, options);
  }

  /** Takes the next message of a channel. */
  receive(channel: number): Uint8Array | undefined {
    return channel > 0 ? this.take(channel) : undefined;
  }

  /** Takes one of any channel. */
  take(channel: number): Uint8Array | undefined {
    return this.inbox.receivers.get(channel)?.take();
  }

  /** Whether a message waits on a channel, or an event. */
  waits(channel: number): boolean {
    return (this.inbox.receivers.get(channel)?.ready.length ?? 0) > 0;
  }

  nextEvent(): Event | undefined {
    return this.c.events.shift();
  }

  /** Has a PING go at once, whatever else goes. */
  ping(): void {
    this.paths.lead.probes = 1;
  }

  /** Ends the connection: the peer is told. The endpoint is driven on until it is {@link done}. */
  close(now: number, code: number = Code.none, text = ""): void {
    this.at(now);
    this.life.close(now, code, text);
  }

  /** Ends the connection when what was sent is through, or the time is over. */
  drain(now: number, code: number, text: string, within: number): void {
    const { life } = this;
    if (life.ended) return;
    this.at(now);
    life.parting ??= { until: Infinity, code, text };
    life.parting.until = Math.min(life.parting.until, now + within);
    this.c.cfg.needs("kept");
  }

  /** Messages flow, or wait for a peer that is away. */
  get open(): boolean {
    return this.life.lives && !this.life.parting;
  }

  /** The connection has ended, be it that the goodbye is still said. */
  get over(): boolean {
    return this.life.ended;
  }

  /** It needs no more calls. */
  get done(): boolean {
    return this.life.state === "dead";
  }
}

const none: SendOptions = {};

import {
  READS_PATHS,
  Code,
  difference,
  readControl,
  readRows,
  WireError,
  type ControlMessage,
} from "../wire/index.js";
import { never } from "./constants.js";
import { Arrival } from "./arrival.js";
import type { ClockSample } from "./clock.js";
import { Common } from "./common.js";
import { resolve, rowsOf, type EndpointConfig } from "./config.js";
import { Departure, type Outgoing } from "./departure.js";
import { SendError, type Event } from "./event.js";
import { Inbox } from "./inbox.js";
import { Life } from "./life.js";
import { introduce, match, type Refusal } from "./meeting.js";
import { Outbox } from "./outbox.js";
import type { Packet } from "./packet.js";
import { Paths } from "./paths.js";
import type { Repair } from "./repair.js";
import type { SendOptions } from "./sender.js";
import { Way } from "./way.js";

/** What package netcode puts around the frames of a packet to a server, at most. */
const sealed = 25;

/**
 * An Endpoint is one end of a conversation. It owns no socket and no clock: time is a parameter, in
 * microseconds. What goes in: {@link send}, {@link handlePacket}, and {@link timeout}, not later than
 * {@link deadline}; what comes out: {@link nextPacket}, {@link receive} and {@link nextEvent}. It trusts that
 * packets are authentic; HELLO travels with the handshake.
 */
export class Endpoint {
  /** The random number by which it tells its lives apart. */
  readonly instance: bigint;
  readonly paths: Paths<Packet, Way>;
  /** The version of typed messages that both ends use; before the peer's HELLO the newest of ours. */
  schema: number;
  private readonly c: Common;
  private readonly inbox: Inbox;
  private readonly outbox: Outbox;
  private readonly life: Life;
  private readonly arrival: Arrival;
  private readonly departure: Departure;
  private peerAckHold = 0;

  /** @param route the number by which the caller knows the way of path 0 */
  constructor(now: number, config: EndpointConfig, route = 0) {
    const c = (this.c = new Common(resolve(config), now));
    this.schema = c.cfg.schemas[0]?.version ?? 0;
    this.instance = config.instance ?? this.token();
    this.inbox = new Inbox(c);
    this.outbox = new Outbox(c);
    this.paths = new Paths<Packet, Way>(
      now,
      {
        make: (id, at) => new Way(c, id, at, this.peerAckHold),
        token: () => this.token(),
        limit: Math.max(c.cfg.maxPaths, 1),
        timeout: c.cfg.timeout,
        told: (path, state) => c.events.push({ kind: "path", path, state }),
      },
      route,
      c.cfg.reliable,
    );
    this.life = new Life(c, this.inbox, this.outbox, this.paths);
    this.arrival = new Arrival(c, this.inbox, this.outbox, this.paths, this.life);
    const { inbox, outbox, paths, life } = this;
    this.departure = new Departure(c, inbox, outbox, paths, life, (p) => this.room(p));
  }

  private token(): bigint {
    const word = () => BigInt(Math.floor(this.c.cfg.random() * 2 ** 32));
    return (word() << 32n) | word();
  }

  /** How many bytes of frames a packet of a path has at most. */
  private room(p: Way): number {
    const peer = this.life.peer?.largestDatagram ?? never;
    return Math.min(p.datagramBytes, this.c.cfg.maxDatagramBytes, peer) - sealed;
  }

  private at(now: number): void {
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
    this.peerAckHold = Math.min(h.ackHold, 250) * 1000;
    for (const p of this.paths.all) p.ackHold = this.peerAckHold;
    this.c.clocks.begin(now, h.clock);
    this.outbox.opened(now, h);
    this.life.opened(now, h);
    this.paths.known = this.c.cfg.maxPaths > 0 && this.life.peerReads(READS_PATHS);
    return undefined;
  }

  /** What the rows of a refusal differ in from the channels here, for people. */
  difference(rows: Uint8Array): string {
    return difference(rowsOf(this.c.cfg.channels), readRows(rows));
  }

  /** The peer's instance; 0 before its HELLO. */
  get peerInstance(): bigint {
    return this.life.peer?.instance ?? 0n;
  }

  /** Takes a packet that opened: of a path, from a route, with its whole number. Nothing is thrown. */
  handlePacket(now: number, path: number, route: number, number: number, frames: Uint8Array): void {
    this.at(now);
    this.arrival.packet(now, path, route, number, frames);
  }

  /** Whether the number of a packet is new on its path: a seal need not be opened for what is not. */
  fresh(path: number, number: number): boolean {
    return this.paths.all[path]?.acks.fresh(number) ?? false;
  }

  /** Makes the next packet that is to be sent now; false if there is none. */
  nextPacket(now: number, out: Outgoing): boolean {
    this.at(now);
    return this.departure.next(now, out);
  }

  /** When {@link timeout} and {@link nextPacket} have something to do, at the latest; Infinity: never. */
  deadline(): number {
    const { life } = this;
    const at = Math.min(life.deadline(), this.departure.at(this.c.now));
    const paths = life.lives ? this.paths.deadline() : never;
    return Math.max(Math.ceil(Math.min(at, paths)), this.c.now);
  }

  /** Does what is due. */
  timeout(now: number): void {
    this.at(now);
    this.life.timeout(now);
    if (this.life.lives) this.paths.onTimeout(now);
  }

  /**
   * Puts a message on a channel, and returns its receipt, 0 if none is wanted. The bytes are copied. What
   * cannot be taken is a {@link SendError}.
   */
  send(channel: number, bytes: Uint8Array, options: SendOptions = none): number {
    if (!this.life.accepts) throw new SendError(channel, "closed");
    const receipt = this.outbox.send(channel, bytes, options);
    if (this.life.own.on) this.life.own.woken = true;
    return receipt;
  }

  /** Takes the next message of a channel. */
  receive(channel: number): Uint8Array | undefined {
    return channel > 0 ? this.take(channel, asItIs) : undefined;
  }

  /** Takes the next message of channel 0, the library's own. */
  receiveControl(): ControlMessage | undefined {
    return this.take(0, readControl);
  }

  /** One that breaks a rule ends the connection. */
  private take<T>(channel: number, read: (message: Uint8Array) => T): T | undefined {
    try {
      const message = this.inbox.receivers.get(channel)?.take();
      return message && read(message);
    } catch (err) {
      if (!(err instanceof WireError)) throw err;
      this.life.close(this.c.now, err.code, err.rule);
      return undefined;
    }
  }

  /** Whether a message waits on a channel, or an event. */
  waits(channel: number): boolean {
    return (this.inbox.receivers.get(channel)?.ready.length ?? 0) > 0;
  }

  /** Exchanges of clocks since the last call, for a timeline; they are kept from the first call on. */
  clockSamples(): readonly ClockSample[] {
    return this.c.clocks.take();
  }

  nextEvent(): Event | undefined {
    return this.c.events.length > 0 ? this.c.events.shift() : undefined;
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

  /** Ends the connection when what was sent is through, or the time is over; both: and what the peer sends, too. */
  drain(now: number, code: number, text: string, within: number, both = false): void {
    if (this.life.ended) return;
    this.at(now);
    if (!this.life.drain.on) this.life.endHold(now);
    this.life.drain.begin(now + within, code, text, both);
    this.life.timeout(now);
  }

  /** Announces silence, in microseconds; 0 ends it. False: the peer does not grant it, or there is no connection. */
  hold(now: number, time: number): boolean {
    const { life } = this;
    this.at(now);
    if (life.state !== "open" || (time > 0 && (life.drain.on || time > life.grantedHold))) return false;
    if (time > 0) life.hold(now, time);
    else life.endHold(now);
    return true;
  }

  /** Goes on under new keys: path 0 begins anew, all else goes on. False: there is nothing to go on with. */
  continue(now: number, route: number, reliable: boolean): boolean {
    const { life } = this;
    this.at(now);
    if (!life.lives) return false;
    this.paths.restart(now, route, reliable);
    life.continued(now);
    this.paths.all[0]!.probes = 1;
    return true;
  }

  /** The largest datagram that the carrier of a path takes. */
  setDatagramBytes(path: number, bytes: number): void {
    const p = this.paths.all[path];
    if (p) p.datagramBytes = bytes;
  }

  /** Has lost messages come back without a round trip: module endpoint/repair has what that takes. */
  repairBy(parts: Repair): void {
    this.inbox.rebuilders = parts.rebuilders();
    this.outbox.repairBy(parts);
  }

  /** For how long the connection is kept after the timeout. */
  setKeepFor(time: number): void {
    this.life.keepFor = Math.max(time, 0);
  }

  /** Messages flow, or wait for a peer that is away. */
  get open(): boolean {
    return this.life.lives && !this.life.drain.on;
  }

  get away(): boolean {
    return this.life.state === "away";
  }

  /** The connection has ended, be it that the goodbye is still said. */
  get over(): boolean {
    return this.life.ended;
  }

  /** It needs no more calls. */
  get done(): boolean {
    return this.life.state === "dead";
  }

  /** Whether every message has its fate. */
  get drained(): boolean {
    return this.outbox.drained;
  }

  /** The path whose measurements stand for the connection. */
  get lead(): Way {
    return this.paths.lead;
  }

  get stats() {
    return this.c.stats;
  }
}

const none: SendOptions = {};
const asItIs = (message: Uint8Array) => message;

import { resolve } from "../endpoint/config.js";
import { Outgoing } from "../endpoint/departure.js";
import { Ring } from "../endpoint/ring.js";
import { parseTicket, type Ticket } from "../netcode/ticket.js";
import { parseTokens, protocolIdOf, TokenError, type Token } from "../netcode/token.js";
import { systemClock, systemRandom, type Clock } from "./clock.js";
import { endpointConfig, type ClientConfig } from "./config.js";
import { Conn } from "./conn.js";
import type { Event } from "./event.js";
import type { Led } from "./host.js";

const largestPacket = 1500;
const usualEvents = 4096;
const longest = 1e9; // milliseconds: with more than 2^31 - 1 setTimeout would call at once

/** Events that give way when nobody takes them. */
const givesWay: readonly string[] = ["Delivered", "Lost", "PathChanged", "RateChanged"];

/**
 * A Client connects to servers and exchanges messages with them. It drives itself: what comes is read when it
 * comes, what is sent leaves at the end of the task in which it was, and what is due happens in between. A
 * game takes what there is in its frames:
 *
 *     for (const event of client.events()) …
 *     for (const move of moves.receive(conn)) …
 */
export class Client {
  /** Is called when there is something to take: events, or messages. */
  onNews: () => void = () => {};
  /** Events that gave way since nobody took them. */
  droppedEvents = 0;
  private readonly all = new Set<Conn>();
  /** @internal As the Host of its Conns. */
  readonly cfg: ClientConfig;
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly random: (n: number) => Uint8Array;
  /** @internal */
  readonly out = new Outgoing(largestPacket);
  private readonly queue = new Ring<Event>();
  private lastId = 0;
  private timer: unknown;
  private soon = false;
  private driving = false;
  private news = false;
  private closed = false;

  /** Throws a {@link ConfigError}, which names what cannot be. */
  constructor(cfg: ClientConfig) {
    this.cfg = cfg;
    this.clock = cfg.clock ?? systemClock;
    this.random = cfg.random ?? systemRandom;
    resolve(endpointConfig(cfg, this.random, () => {})); // so that what is wrong is known at once
  }

  /**
   * Begins to connect with connect tokens, as the backend handed them out: one token or several, which are
   * tried in turn. Events tell the progress: Connecting, then Connected, or Disconnected with the reason.
   * Throws a TokenError, and a SyntaxError for a URL that is none.
   */
  connect(tokens: Uint8Array | ArrayBuffer): Conn {
    return this.begin(parseTokens(new Uint8Array(tokens)));
  }

  /** Comes back to a server with what Conn.ticket returned in an earlier process. Throws a TokenError. */
  resume(ticket: Uint8Array | ArrayBuffer): Conn {
    return this.begin([parseTicket(new Uint8Array(ticket))]);
  }

  private begin(credentials: readonly (Token | Ticket)[]): Conn {
    if (this.closed) throw new Error("tickwire: the Client is closed: make another one");
    const { protocolId } = this.cfg;
    for (const theirs of credentials.map(protocolIdOf)) {
      if (protocolId && protocolId !== theirs)
        throw new TokenError(`it is for protocolId ${theirs}, the Client for ${protocolId}`);
    }
    return this.follow(credentials);
  }

  /** @internal */
  follow(credentials: readonly (Token | Ticket)[], led?: Led): Conn {
    const conn = new Conn(this, ++this.lastId, credentials, led);
    this.all.add(conn);
    this.wake();
    return conn;
  }

  /** The connections that have not ended, in the order in which they began. */
  conns(): IterableIterator<Conn> {
    return this.all.values();
  }

  /** Takes what happened since the last call. */
  *events(): Generator<Event> {
    for (let event = this.next(); event; event = this.next()) yield event;
  }

  /** Takes the next event; undefined if there is none. */
  next(): Event | undefined {
    return this.queue.shift();
  }

  /** @internal */
  report(event: Event): void {
    const most = this.cfg.maxEvents || usualEvents;
    if (this.queue.length >= most && givesWay.includes(event.kind)) {
      this.droppedEvents++;
      return;
    }
    const { from } = event.conn;
    this.queue.push(from ? ({ ...event, from } as Event) : event);
    this.news = true;
  }

  /** @internal Has everything done that is due, at the end of the task that runs. */
  wake(): void {
    this.news = true;
    if (this.soon || this.driving || this.closed) return;
    this.soon = true;
    queueMicrotask(this.flush);
  }

  /**
   * Sends what was sent, and does what is due, now instead of at the end of the task; a game with a clock of
   * its own calls it in each frame.
   */
  readonly flush = (): void => {
    this.soon = false;
    if (this.driving || this.closed) return;
    this.driving = true;
    const now = this.clock.now();
    let at = Infinity;
    try {
      for (const conn of this.all) {
        const { peer } = conn;
        peer.drive(now);
        if (peer.over) this.all.delete(conn);
        else at = Math.min(at, peer.deadline());
      }
    } finally {
      this.driving = false; // whatever a transport throws
    }
    this.clock.cancel(this.timer);
    if (at < Infinity) {
      this.timer = this.clock.after(Math.min(Math.ceil((at - now) / 1000), longest), this.flush);
    }
    if (this.news) {
      this.news = false;
      this.onNews();
    }
  };

  /** Ends every connection at once; each server is told once. */
  close(): void {
    for (const conn of this.all) conn.close();
    try {
      this.flush();
    } finally {
      this.closed = true; // whatever the game throws that hears of it
      this.clock.cancel(this.timer);
      for (const { peer } of this.all) peer.drop();
      this.all.clear();
    }
  }
}

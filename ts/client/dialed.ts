import { Endpoint } from "../endpoint/endpoint.js";
import type { FullEndpoint } from "../endpoint/endpoint_full.js";
import type { Event as EndpointEvent } from "../endpoint/event.js";
import type { Session, Try } from "../netcode/handshake.js";
import { refusal, type Refusal } from "../netcode/packet.js";
import type { Ticket } from "../netcode/ticket.js";
import type { Token } from "../netcode/token.js";
import type { Way } from "../transport/way.js";
import { Code } from "../wire/error.js";
import { Attempt } from "./attempt.js";
import type { Climb } from "./climb.js";
import { endpointConfig } from "./config.js";
import type { Conn } from "./conn.js";
import type { Event, State } from "./event.js";
import type { Host, Led } from "./host.js";
import { Line } from "./line.js";
import { load, loaded, type Part } from "./loading.js";
import { Reason, reasonOf } from "./reason.js";
import type { Seat } from "./seat.js";

const loadAgain = 5000; // milliseconds
const usualTag = 16;

/**
 * A Dialed is the server that a Client has dialed, as the peer of one Conn:
 *
 *     asking → open ⇄ away → over
 *        └─────────────────↗
 *
 * An open connection is its endpoint's matter, further ways are its {@link Climb}'s. What else may become of it, when it
 * loses its server, is for its {@link Seat}.
 */
export class Dialed {
  /** Once an attempt has begun. */
  end: Endpoint | undefined;
  /** The same one, once that has learnt of ways. */
  full: FullEndpoint | undefined;
  /** Once it is connected. */
  line: Line | undefined;
  /** Once it is connected and needs ways, and they are loaded. */
  climb: Climb | undefined;
  /** Once what is kept is needed, and loaded; without it nobody comes back or is handed over. */
  seat: Seat | undefined;
  /** By which it is connected. */
  first!: Way;
  /** The newest. */
  route = 0;
  /** It needs no more calls. */
  over = false;
  private attempt: Attempt | undefined; // until it is connected
  private made: Token | Ticket | undefined; // for what end was made
  private readonly needed = new Set<Part>(); // parts that it has asked for
  private told: State | undefined;
  private tried: Try | undefined;

  constructor(
    readonly host: Host,
    readonly conn: Conn,
    readonly credentials: readonly (Token | Ticket)[],
    readonly led: Led | undefined, // then all that this takes is there
  ) {
    this.attempt = new Attempt(host, credentials, {
      hello: (by) => this.helloFor(by),
      judge: (hello) => this.judge(hello),
    });
    this.learn();
  }

  /**
   * Loads a part of the client, since something asks for it; until that is there the game goes on with what it has,
   * and nothing is lost.
   */
  readonly need = (part: Part = "ways"): void => {
    const { needed, host } = this;
    if (needed.has(part) || this.over) return;
    needed.add(part);
    load(part).then(
      () => {
        this.learn();
        host.wake();
      },
      () => {
        host.clock.after(loadAgain, () => {
          needed.delete(part);
          this.need(part);
        });
      },
    );
  };

  /** The seat, for who asks for what only it knows. */
  sit(): Seat | undefined {
    this.need("kept");
    return this.seat;
  }

  /** Puts what is loaded to use, for what there is by now: an endpoint, and a line. */
  private learn(): void {
    if (!this.over) for (const { learn } of Object.values(loaded)) learn(this);
  }

  now(): number {
    return this.host.clock.now();
  }

  /** HELLO for a try; each token, or ticket, has an endpoint of its own. */
  private helloFor(by: Try): Uint8Array {
    const now = this.now();
    if (this.made !== by.credential) {
      this.made = by.credential;
      this.renew(now, by.credential.timeout);
    }
    return this.end!.hello(now);
  }

  /** Has another endpoint. */
  renew(now: number, timeout: number, instance?: bigint): Endpoint {
    const config = endpointConfig(this.host.cfg, this.host.random, this.need);
    config.timeout = timeout > 0 ? timeout * 1e6 : -1;
    if (instance !== undefined) config.instance = instance;
    this.end = new Endpoint(now, config, this.route);
    this.learn();
    return this.end;
  }

  /** Judges the HELLO of the server. */
  judge(hello: Uint8Array): Refusal | undefined {
    const why = this.end!.handleHello(this.now(), hello);
    return why && refusal(why.code, why.text);
  }

  /** When {@link drive} has something to do. */
  deadline(): number {
    if (this.over) return Infinity;
    const at = this.attempt?.deadline() ?? this.end!.deadline();
    return Math.min(at, this.seat?.deadline() ?? Infinity, this.climb?.deadline() ?? Infinity);
  }

  /** Does what is due, and sends what there is. */
  drive(now: number): void {
    if (this.over) return;
    this.seat?.handleTimeout(now);
    if (this.attempt) this.try(now, this.attempt);
    if (!this.line) return;
    if (this.first.offers) this.need();
    if (this.end!.waits(0)) this.need("kept");
    this.end!.timeout(now);
    this.climb?.handleTimeout(now);
    this.seat?.hear(now);
    this.hear(now);
    this.transmit(now);
    if (this.end!.done) this.drop();
  }

  /** Goes on with the attempt. */
  private try(now: number, attempt: Attempt): void {
    attempt.handleTimeout(now);
    const { shake, refusal: why } = attempt;
    if (shake?.session) return this.connected(now, shake.session, attempt.way);
    if (why) return this.refused(now, why);
    if (!shake) return;
    const state = shake.offering ? "answering" : "requesting";
    const next = (this.tried ??= shake.by) !== shake.by;
    if (!next && state === this.told) return;
    this.told = state;
    this.tried = shake.by;
    const step = next ? "next server" : state;
    this.host.report({ kind: "Connecting", conn: this.conn, state: step });
  }

  /** The attempt is over. */
  refused(now: number, why: Refusal): void {
    const differ = why.code === Code.mismatch && why.rows.length > 0;
    this.seat?.arrived(now);
    this.drop();
    const tell = () => {
      const text = (differ && loaded.stats?.difference(this, why)) || why.text;
      this.conn.ended(reasonOf(why, text));
      this.host.wake();
    };
    if (differ) load("stats").then(tell, tell); // which knows what a row says
    else tell();
  }

  private connected(now: number, session: Session, way: Way): void {
    this.attempt = undefined;
    this.begin(session, way);
    const { conn, credentials } = this;
    const resumed = "ticket" in credentials[0]!;
    this.host.report({ kind: "Connected", conn, resumed });
    conn.from = undefined;
    this.seat?.arrived(now);
  }

  /** Begins with the packets of a session, over its first way. */
  begin(session: Session, way: Way): void {
    this.line?.close();
    this.line = new Line(session, this);
    this.line.add(this.route, way);
    this.end!.ping(); // the server waits for a packet of ours
    this.first = way;
    this.learn();
    this.fit();
  }

  /** Tells the paths what their ways take. */
  fit(): void {
    const more = this.line!.session.by.credential.pad.tagBytes - usualTag;
    for (const p of this.end!.paths.all) {
      const way = this.line!.ways.get(p.claims.route);
      if (way) p.datagramBytes = way.maxDatagram - Math.max(more, 0);
    }
  }

  /** A way has ended. */
  ended(route: number): void {
    const now = this.now();
    this.need();
    if (!this.climb?.ended(now, route)) this.end!.paths.died(now, route);
    this.host.wake();
  }

  /** Takes what the endpoint has to say. */
  private hear(now: number): void {
    const { seat } = this;
    const end = this.end!;
    for (let e = end.nextEvent(); e; e = end.nextEvent()) {
      if (e.kind === "PathChanged") {
        this.climb?.changed(now);
        this.fit();
      } else if (e.kind === "away") {
        seat?.comeBack(now);
      } else if (e.kind === "closed") {
        this.stop();
        this.conn.ended(new Reason(e.code, e.text, e.remote), e.undelivered, e.unreliable);
      }
      this.tell(e);
    }
  }

  /** Reports what the game is to know, which is nothing more once it knows of the end. */
  tell(e: EndpointEvent): void {
    const { host, conn } = this;
    if (e.kind < "a" && !conn.reason) host.report({ ...e, conn } as Event); // which has its name: in capitals
  }

  private transmit(now: number): void {
    const { out } = this.host;
    const end = this.end!;
    while (end.nextPacket(now, out)) {
      if (this.line!.session.sealer.left <= 0) this.sit()?.changeKeys(now);
      if (!this.line!.send(now, out)) end.paths.all[out.path]!.busy = true;
    }
  }

  /** Looks for no more ways, and does not come back. */
  private stop(): void {
    this.climb?.stop();
    this.seat?.stop();
  }

  /** There is nothing left to say to the server. */
  drop(): void {
    this.over = true;
    this.attempt?.close();
    this.attempt = undefined;
    this.stop();
    this.line?.close();
  }

  /** The game ends it. */
  close(code: number, text: string): void {
    this.stop();
    if (this.line) return this.end!.close(this.now(), code, text);
    this.drop();
    this.conn.ended(new Reason(code, text));
  }
}

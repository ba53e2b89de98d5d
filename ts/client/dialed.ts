import { Endpoint } from "../endpoint/endpoint.js";
import type { Event as EndpointEvent } from "../endpoint/event.js";
import type { Ladder } from "../endpoint/ladder.js";
import type { Packet } from "../endpoint/packet.js";
import type { Session, Try } from "../netcode/handshake.js";
import { refusal, type Refusal } from "../netcode/packet.js";
import type { Ticket } from "../netcode/ticket.js";
import type { Token } from "../netcode/token.js";
import { rankOf, type Climber, type Way } from "../transport/way.js";
import { Code } from "../wire/error.js";
import { Attempt } from "./attempt.js";
import { endpointConfig, formsOf } from "./config.js";
import type { Conn } from "./conn.js";
import type { State } from "./event.js";
import type { Host, Led } from "./host.js";
import { Line } from "./line.js";
import { loadRest, rest } from "./loading.js";
import { Reason, reasonOf } from "./reason.js";
import type { Seat } from "./seat.js";

const leastPatience = 1_000_000; // with a GONE
const usualTag = 16;

const ledAround = refusal(Code.timeout, "servers hand this client over to each other for too long");

/**
 * A Dialed is the server that a Client has dialed, as the peer of one Conn:
 *
 *     asking → open ⇄ away → over
 *        └─────────────────↗
 *
 * An open connection is its endpoint's matter, which may lose its way (the ladder) or its server (a
 * comeback).
 */
export class Dialed {
  /** Once an attempt has begun. */
  end: Endpoint | undefined;
  /** Once it is connected. */
  line: Line | undefined;
  /** Once the rest of the client is loaded. */
  seat: Seat | undefined;
  /** It needs no more calls. */
  over = false;
  private attempt: Attempt | undefined; // until it is connected
  private made: Token | Ticket | undefined; // for what end was made
  private ladder: Ladder<Packet> | undefined;
  private first: Way | undefined; // by which it is connected
  private climber: Climber | undefined;
  private route = 0; // the newest
  private goneAt = Infinity; // when to believe a GONE
  private told: State | undefined;
  private tried: Try | undefined;

  constructor(
    readonly host: Host,
    readonly conn: Conn,
    private readonly credentials: readonly (Token | Ticket)[],
    private led: Led | undefined, // until it is connected
  ) {
    this.attempt = new Attempt(host, credentials, {
      hello: (by) => this.helloFor(by),
      judge: (hello) => this.judge(hello),
    });
    if (rest) this.sit();
    else
      loadRest().then(
        () => this.sit(),
        () => {},
      ); // without it nobody comes back, or is handed over
  }

  /** Takes a seat, now that the rest of the client is there. */
  private sit(): void {
    this.seat = new rest!.Seat(this, this.credentials, this.led);
    if (this.end) rest!.parts.learn(this.end);
    if (this.line && !this.over) this.climb(this.first!);
    this.host.wake();
  }

  now(): number {
    return this.host.clock.now();
  }

  /** HELLO for a try; each token, or ticket, has an endpoint of its own. */
  private helloFor(by: Try): Uint8Array {
    const now = this.now();
    if (this.made !== by.credential) {
      this.made = by.credential;
      this.end = this.newEndpoint(now, by.credential.timeout);
    }
    return this.end!.hello(now);
  }

  private newEndpoint(now: number, timeout: number, instance?: bigint): Endpoint {
    const config = endpointConfig(this.host.cfg, this.host.random);
    config.timeout = timeout > 0 ? timeout * 1e6 : -1;
    if (instance !== undefined) config.instance = instance;
    const end = new Endpoint(now, config, this.route);
    rest?.parts.learn(end);
    return end;
  }

  /** Judges the HELLO of the server. */
  judge(hello: Uint8Array): Refusal | undefined {
    const why = this.end!.handleHello(this.now(), hello);
    return why && refusal(why.code, why.text);
  }

  /** When {@link drive} has something to do. */
  deadline(): number {
    if (this.over) return Infinity;
    if (this.attempt) return Math.min(this.attempt.deadline(), this.led?.until ?? Infinity);
    const [seat, ladder] = [this.seat?.deadline(), this.ladder?.deadline()];
    return Math.min(this.goneAt, seat ?? Infinity, ladder ?? Infinity, this.end!.deadline());
  }

  /** Does what is due, and sends what there is. */
  drive(now: number): void {
    if (this.over) return;
    if (this.attempt) this.try(now, this.attempt);
    if (!this.line) return;
    if (now >= this.goneAt) this.forgotten(now);
    this.seat?.back?.handleTimeout(now);
    this.end!.timeout(now);
    this.ladder?.onTimeout(now);
    this.hear(now);
    this.transmit(now);
    if (this.end!.done) this.drop();
  }

  /** Goes on with the attempt. */
  private try(now: number, attempt: Attempt): void {
    attempt.handleTimeout(now);
    const { shake, refusal } = attempt;
    if (shake?.session) return this.connected(now, shake.session, attempt.way!);
    if (refusal) return this.refused(now, refusal);
    if (this.led && now >= this.led.until) return this.refused(now, ledAround);
    if (!shake) return;
    const state = shake.state === "offering" ? "answering" : "requesting";
    const first = this.tried === undefined || this.tried === shake.by;
    if (first && state === this.told) return;
    this.told = state;
    this.tried = shake.by;
    const step = first ? state : "next server";
    this.host.report({ kind: "Connecting", conn: this.conn, state: step });
  }

  private refused(now: number, why: Refusal): void {
    const differ = why.code === Code.mismatch && why.rows.length > 0;
    this.arrived(now);
    this.drop();
    this.conn.ended(reasonOf(why, differ ? this.difference(why) : why.text));
  }

  /** What differs from what the server has, for people. */
  private difference({ rows, text }: Refusal): string {
    const { cfg } = this.host;
    const channels = () => (rest ? rest.parts.learn(this.end!).difference(rows) : text);
    return formsOf(cfg)?.difference(cfg, rows) ?? channels();
  }

  private connected(now: number, session: Session, way: Way): void {
    this.attempt = undefined;
    this.begin(session, way);
    const { conn, credentials, led } = this;
    const resumed = "ticket" in credentials[0]!;
    this.host.report({ kind: "Connected", conn, resumed, ...(led && { from: led.from }) });
    this.arrived(now);
  }

  /** The attempt is over: who has sent us here is of no more use. */
  private arrived(now: number): void {
    this.led?.arrived(now);
    this.led = undefined;
  }

  /** Begins with the packets of a session, over its first way. */
  private begin(session: Session, way: Way): void {
    this.line?.close();
    this.line = new Line(session, {
      now: () => this.now(),
      pathAt: (route) => this.end!.paths.all.findIndex((p) => p.claims.route === route),
      packet: (path, route, number, frames) => this.packet(path, route, number, frames),
      gone: () => this.gone(),
      ready: (route) => this.ready(route),
      ended: (route) => this.wayEnded(route),
    });
    this.line.add(this.route, way);
    this.end!.ping(); // the server waits for a packet of ours
    this.first = way;
    this.climber?.stop();
    this.climber = this.ladder = undefined;
    if (rest) this.climb(way);
    this.fit();
  }

  /** Looks for better ways than the first one, which needs the rest of the client. */
  private climb(first: Way): void {
    const { transport, maxPaths = 0 } = this.host.cfg;
    const { route } = this;
    const end = this.end!;
    if (!first.reliable) this.several(end, route, first);
    if (maxPaths < 0) return;
    this.climber = transport.climb?.(first, (found) => {
      if (this.over || end !== this.end || end.over) return found.close();
      if (!this.ladder) this.several(end, route, first);
      this.found(found);
    });
  }

  /** Has the endpoint take several ways. */
  private several(end: Endpoint, route: number, way: Way): void {
    const { Ladder, learn } = rest!.parts;
    this.ladder = new Ladder(learn(end).paths, route, rankOf(way.kind), way.reliable);
    if (!this.line!.ways.has(route)) this.ladder.down(this.now(), route);
  }

  private found(way: Way): void {
    const route = ++this.route;
    this.line!.add(route, way);
    this.ladder!.up(this.now(), route, rankOf(way.kind), way.reliable);
    this.fit();
    this.host.wake();
  }

  /** Tells the paths what their ways take. */
  private fit(): void {
    const more = this.line!.session.by.credential.pad.tagBytes - usualTag;
    for (const p of this.end!.paths.all) {
      const way = this.line!.ways.get(p.claims.route);
      if (way) this.end!.setDatagramBytes(p.id, way.maxDatagram - Math.max(more, 0));
    }
  }

  private packet(path: number, route: number, number: number, frames: Uint8Array): void {
    this.end!.handlePacket(this.now(), path, route, number, frames);
    this.goneAt = Infinity;
    // under the keys that there are, so there is no need to come back
    if (this.seat?.back) this.seat.heard(true, 0, 0);
    this.host.wake();
  }

  private ready(route: number): void {
    for (const p of this.end!.paths.all) if (p.claims.route === route) p.busy = false;
    this.host.wake();
  }

  private wayEnded(route: number): void {
    const now = this.now();
    if (this.ladder) this.ladder.down(now, route);
    else this.end!.paths.died(now, route);
    this.host.wake();
  }

  /** The server may have forgotten us. It gets a while to prove the contrary, and is asked to. */
  private gone(): void {
    if (this.goneAt < Infinity || this.seat?.back || this.end!.over) return;
    this.goneAt = this.now() + Math.max(leastPatience, 3 * this.end!.lead.pto());
    this.end!.ping();
    this.host.wake();
  }

  private forgotten(now: number): void {
    this.goneAt = Infinity;
    if (!this.seat?.comeBack(now))
      this.lose(new Reason(Code.forgotten, "the server forgot this connection"));
  }

  /**
   * Goes on under new keys, with its endpoint, or another one if the server knows none.
   *
   * @returns whether it is kept, and how much was lost
   */
  resume(session: Session, way: Way): readonly [boolean, number, number] {
    const now = this.now();
    const old = this.end!;
    const { continues, hello } = session.accept;
    this.route++;
    const kept = continues && old.continue(now, this.route, way.reliable);
    let lost: readonly [number, number] = [0, 0];
    if (!kept) {
      this.end = this.newEndpoint(now, session.by.credential.timeout, old.instance);
      this.end.handleHello(now, hello);
      lost = this.abandon(old);
    }
    this.begin(session, way);
    return [kept, ...lost];
  }

  /** Ends it without a word: there is nobody to say it to. */
  lose(reason: Reason): void {
    const lost = this.abandon(this.end!);
    this.drop();
    this.conn.ended(reason, ...lost);
  }

  /** Tells of the receipts of an endpoint that is over, and returns how much it had not delivered. */
  private abandon(old: Endpoint): readonly [number, number] {
    old.close(this.now());
    for (let e = old.nextEvent(); e; e = old.nextEvent()) {
      if (e.kind === "closed") return [e.undelivered, e.unreliable];
      this.tell(e);
    }
    return [0, 0];
  }

  /** Takes what the endpoint has to say. */
  private hear(now: number): void {
    const end = this.end!;
    this.seat?.hear(now);
    for (let e = end.nextEvent(); e; e = end.nextEvent()) {
      if (e.kind === "path") {
        this.ladder?.changed(now);
        this.fit();
      } else if (e.kind === "away") {
        this.seat?.comeBack(now);
      } else if (e.kind === "closed") {
        this.seat?.stop();
        this.climber?.stop();
        this.conn.ended(new Reason(e.code, e.text, e.remote), e.undelivered, e.unreliable);
      }
      this.tell(e);
    }
  }

  /** Reports what the game is to know. */
  private tell(e: EndpointEvent): void {
    const { host, conn } = this;
    switch (e.kind) {
      case "path":
        host.report({ kind: "PathChanged", conn, path: e.path, pathState: e.state });
        break;
      case "writable":
        host.report({ kind: "Writable", conn, channel: e.channel });
        break;
      case "delivered":
        host.report({ kind: "Delivered", conn, channel: e.channel, receipt: e.receipt });
        break;
      case "lost":
        host.report({ kind: "Lost", conn, channel: e.channel, receipt: e.receipt, why: e.why });
    }
  }

  private transmit(now: number): void {
    const { out } = this.host;
    const end = this.end!;
    while (end.nextPacket(now, out)) {
      if (this.line!.session.sealer.keyChangeDue) this.changeKeys(now);
      if (!this.line!.send(now, out)) end.paths.all[out.path]!.busy = true;
    }
  }

  private changeKeys(now: number): void {
    const { all } = this.end!.paths;
    const pto = Math.max(...all.map((p) => p.pto()));
    const { sealer } = this.line!.session;
    all.some((p) => sealer.changeKeys(now, p.id, p.largestAcked, pto));
  }

  /** There is nothing left to say to the server. */
  drop(): void {
    this.over = true;
    this.attempt?.close();
    this.attempt = undefined;
    this.seat?.stop();
    this.climber?.stop();
    this.line?.close();
  }

  /** The game ends it. */
  close(code: number, text: string): void {
    this.seat?.stop();
    this.climber?.stop();
    if (this.line) return this.end!.close(this.now(), code, text);
    this.drop();
    this.conn.ended(new Reason(code, text));
  }
}

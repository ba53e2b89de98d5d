import { Endpoint } from "../endpoint/endpoint.js";
import type { Event as EndpointEvent } from "../endpoint/event.js";
import type { Ladder } from "../endpoint/ladder.js";
import type { Packet } from "../endpoint/packet.js";
import type { Session, Try } from "../netcode/handshake.js";
import { refusal, type Refusal } from "../netcode/packet.js";
import type { Ticket } from "../netcode/ticket.js";
import { parseTokens, type Token } from "../netcode/token.js";
import { rankOf, type Climber, type Parts, type Way } from "../transport/way.js";
import { Control, type Address } from "../wire/control.js";
import { Code } from "../wire/error.js";
import { Attempt, type Meeting } from "./attempt.js";
import { Comeback } from "./comeback.js";
import { endpointConfig, formsOf } from "./config.js";
import type { Conn } from "./conn.js";
import type { State } from "./event.js";
import type { Host } from "./host.js";
import { Line } from "./line.js";
import { Reason } from "./reason.js";
import { mayLead, type Trail } from "./trail.js";
import { Wallet } from "./wallet.js";

const leastPatience = 1_000_000; // with a GONE
const usualTag = 16;

const drainFor = 30_000; // milliseconds for the Conn from which we were handed over
const handedOver = "handed over to another server";
const ledAround = refusal(Code.timeout, "servers hand this client over to each other for too long");

/** The tokens that a server gave; none if they cannot be read. */
function tokensOf(list: Uint8Array): Token[] {
  try {
    return parseTokens(list);
  } catch {
    return [];
  }
}

/** A refusal as a Reason: codes below 64 are the server's. */
const reasonOf = (why: Refusal, text = why.text) =>
  new Reason(why.code, text, why.code < Code.timeout, why.retryAfter);

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
  /** The addresses of the server, as it told them. */
  addresses: readonly Address[] = [];
  readonly wallet = new Wallet();
  /** It needs no more calls. */
  over = false;
  back: Comeback | undefined;
  private attempt: Attempt | undefined; // until it is connected
  private made: Token | Ticket | undefined; // for what end was made
  private ladder: Ladder<Packet> | undefined;
  private climber: Climber | undefined;
  private route = 0; // the newest
  private goneAt = Infinity; // when to believe a GONE
  private handedOver = false; // tokens for another server came, and were looked at
  private led: number | undefined; // when it began to ask where another server has sent it
  private told: State | undefined;
  private tried: Try | undefined;
  private readonly resumed: boolean;

  constructor(
    private readonly host: Host,
    private readonly conn: Conn,
    credentials: readonly (Token | Ticket)[],
    readonly trail: Trail,
    private from: Conn | undefined, // whose server has sent us
    private readonly until: number, // when to give an attempt up
  ) {
    if (from) this.led = host.clock.now();
    for (const c of credentials) if ("ticket" in c) this.wallet.put(c);
    this.resumed = this.wallet.newest !== undefined;
    this.attempt = new Attempt(host, credentials, {
      hello: (by) => this.helloFor(by),
      judge: (hello) => this.judge(hello),
    });
  }

  private now(): number {
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
    return new Endpoint(now, config, this.route);
  }

  private judge(hello: Uint8Array): Refusal | undefined {
    const why = this.end!.handleHello(this.now(), hello);
    return why && refusal(why.code, why.text);
  }

  /** When {@link drive} has something to do. */
  deadline(): number {
    if (this.over) return Infinity;
    if (this.attempt) return Math.min(this.attempt.deadline(), this.until);
    const [back, ladder] = [this.back?.deadline(), this.ladder?.deadline()];
    return Math.min(this.goneAt, back ?? Infinity, ladder ?? Infinity, this.end!.deadline());
  }

  /** Does what is due, and sends what there is. */
  drive(now: number): void {
    if (this.over) return;
    if (this.attempt) this.try(now, this.attempt);
    if (!this.line) return;
    if (now >= this.goneAt) this.forgotten(now);
    this.back?.handleTimeout(now);
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
    if (now >= this.until) return this.refused(now, ledAround);
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
    this.conn.ended(reasonOf(why, differ ? this.difference(why.rows) : why.text));
  }

  /** What differs from what the server has, for people. */
  private difference(rows: Uint8Array): string {
    const { cfg } = this.host;
    return formsOf(cfg)?.difference(cfg, rows) ?? this.end!.difference(rows);
  }

  private connected(now: number, session: Session, way: Way): void {
    this.attempt = undefined;
    this.begin(session, way);
    const { conn, resumed, from } = this;
    this.host.report({ kind: "Connected", conn, resumed, ...(from && { from }) });
    this.arrived(now);
  }

  /** The attempt is over: who has sent us here is of no more use. */
  private arrived(now: number): void {
    if (this.led === undefined) return;
    this.trail.spent(now, this.led);
    this.led = undefined;
    this.from?.drain(Code.goingAway, handedOver, drainFor);
    this.from = undefined;
  }

  /** Connects to the server to which this one hands us over; who does not follow ends here. */
  private follow(now: number, list: Uint8Array): void {
    if (this.handedOver || this.end!.over) return;
    this.handedOver = true;
    const { host, conn, trail } = this;
    const { address } = this.line!.session.by;
    const within = host.cfg.stayPut ? 0 : trail.step(now);
    if (within > 0) {
      const may = (to: Address) => !address || mayLead(address, to);
      const tokens = tokensOf(list).map((t) => ({ ...t, addresses: t.addresses.filter(may) }));
      const good = tokens.filter((t) => t.addresses.length > 0);
      if (good.length > 0 && host.connectBeside(good, conn, trail, now + within)) return;
    }
    conn.drain(Code.goingAway, handedOver, drainFor);
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
    this.climb(way);
    this.fit();
  }

  /** Looks for better ways. */
  private climb(way: Way): void {
    const { transport, maxPaths = 0 } = this.host.cfg;
    const { route } = this;
    const end = this.end!;
    this.ladder = undefined;
    if (transport.parts) this.several(end, transport.parts, route, way);
    this.climber?.stop();
    if (maxPaths < 0) return;
    this.climber = transport.climb?.(way, (found, parts) => {
      if (this.over || end !== this.end || end.over) return found.close();
      if (!this.ladder) this.several(end, parts, route, way);
      this.found(found);
    });
  }

  /** Has the endpoint take several ways. */
  private several(end: Endpoint, parts: Parts, route: number, way: Way): void {
    end.repairBy(parts.repair);
    this.ladder = new parts.Ladder(end.paths, route, rankOf(way.kind), way.reliable);
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
    if (this.back) this.returned(true, 0, 0);
    this.host.wake();
  }

  private returned(kept: boolean, undelivered: number, unreliable: number): void {
    this.stopBack();
    this.host.report({ kind: "Back", conn: this.conn, kept, undelivered, unreliable });
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
    if (this.goneAt < Infinity || this.back || this.end!.over) return;
    this.goneAt = this.now() + Math.max(leastPatience, 3 * this.end!.lead.pto());
    this.end!.ping();
    this.host.wake();
  }

  private forgotten(now: number): void {
    this.goneAt = Infinity;
    if (!this.comeBack(now))
      this.lose(new Reason(Code.forgotten, "the server forgot this connection"));
  }

  /** How long it tries to come back, in microseconds. */
  private keepFor(): number {
    const { newest } = this.wallet;
    const { resumeFor = 0 } = this.host.cfg;
    if (!newest || resumeFor < 0) return 0;
    const left = Math.max(newest.until - this.host.clock.unix(), 0) * 1e6;
    return resumeFor > 0 ? Math.min(resumeFor * 1000, left) : left;
  }

  /** Begins to come back, and says whether it can. */
  private comeBack(now: number): boolean {
    const keep = this.keepFor();
    if (keep <= 0) return false;
    if (this.back) return true;
    this.host.report({ kind: "Away", conn: this.conn });
    this.back = new Comeback(this, this.wallet, now, now + keep);
    this.back.handleTimeout(now);
    return true;
  }

  /** Begins to show a ticket. */
  show(ticket: Ticket): Attempt {
    const end = this.end!;
    const meeting: Meeting = {
      hello: () => end.hello(this.now()),
      judge: (hello) => this.judge(hello),
      continues: this.host.cfg.resume === "begin anew" ? 0n : end.peerInstance,
    };
    return new Attempt(this.host, [ticket], meeting);
  }

  stopBack(): void {
    this.back?.stop();
    this.back = undefined;
  }

  /** The Conn goes on under new keys: with its endpoint, or another one if the server knows none. */
  letIn(session: Session, way: Way): void {
    const now = this.now();
    const old = this.end!;
    const { continues, hello } = session.accept;
    this.back = undefined; // what it has opened stays
    this.route++;
    const kept = continues && old.continue(now, this.route, way.reliable);
    let lost: readonly [number, number] = [0, 0];
    if (!kept) {
      this.end = this.newEndpoint(now, session.by.credential.timeout, old.instance);
      this.end.handleHello(now, hello);
      lost = this.abandon(old);
    }
    this.begin(session, way);
    this.returned(kept, ...lost);
    this.host.wake();
  }

  /** There is no coming back. */
  giveUp(why: Refusal | undefined): void {
    this.lose(why ? reasonOf(why) : new Reason(Code.timeout, "nothing was heard from the server"));
  }

  /** Ends it without a word: there is nobody to say it to. */
  private lose(reason: Reason): void {
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
    for (let m = end.receiveControl(); m; m = end.receiveControl()) {
      const { session } = this.line!;
      if (m.kind === Control.ticket) this.wallet.receive(session, m.ticket, this.host.clock.unix());
      if (m.kind === Control.addresses) this.addresses = m.addresses;
      if (m.kind === Control.tokens) this.follow(now, m.list);
      end.setKeepFor(this.keepFor());
    }
    for (let e = end.nextEvent(); e; e = end.nextEvent()) {
      if (e.kind === "path") {
        this.ladder?.changed(now);
        this.fit();
      } else if (e.kind === "away") {
        this.comeBack(now);
      } else if (e.kind === "closed") {
        this.stopBack();
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
    this.stopBack();
    this.climber?.stop();
    this.line?.close();
  }

  /** The game ends it. */
  close(code: number, text: string): void {
    this.stopBack();
    this.climber?.stop();
    if (this.line) return this.end!.close(this.now(), code, text);
    this.drop();
    this.conn.ended(new Reason(code, text));
  }
}

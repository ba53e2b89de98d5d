import type { Endpoint } from "../endpoint/endpoint.js";
import { learnKeeping, type Keeping } from "../endpoint/keeping.js";
import { Epochs } from "../netcode/epochs.js";
import { Log } from "../netcode/log.js";
import { isGone } from "../netcode/gone.js";
import type { Session } from "../netcode/handshake.js";
import { refusal, type Refusal } from "../netcode/packet.js";
import { changeKeys } from "../netcode/rekey.js";
import { storeTicket } from "../netcode/store.js";
import type { Ticket } from "../netcode/ticket.js";
import { parseTokens, protocolIdOf, type Token } from "../netcode/token.js";
import type { Way } from "../transport/way.js";
import type { Address } from "../wire/address.js";
import { Control } from "../wire/control.js";
import { Code } from "../wire/error.js";
import { Attempt } from "./attempt.js";
import { Comeback } from "./comeback.js";
import type { Dialed } from "./dialed.js";
import type { Led } from "./host.js";
import { Reason, reasonOf } from "./reason.js";
import { mayLead, Trail } from "./trail.js";
import { Wallet } from "./wallet.js";

const leastPatience = 1_000_000; // with a GONE
const drainFor = 30_000; // milliseconds for the Conn from which we were handed over
const handedOver = "handed over to another server";
const ledAround = "servers hand this client over to each other for too long";

/** The tokens that a server gave; none if they cannot be read. */
function tokensOf(list: Uint8Array): Token[] {
  try {
    return parseTokens(list);
  } catch {
    return [];
  }
}

/**
 * A Seat is what a Conn has at its server beyond the connection: tickets to come back with, and where else it may be sent.
 */
export class Seat {
  /** The addresses of the server, as it told them. */
  addresses: readonly Address[] = [];
  private readonly wallet = new Wallet();
  private readonly trail: Trail;
  private led: Led | undefined; // until it is connected
  private back: Comeback | undefined; // while it is away
  private goneAt = Infinity; // when to believe a GONE
  private handedOver = false; // tokens for another server came, and were looked at

  constructor(
    private readonly of: Dialed,
  ) {
    this.led = of.led;
    this.trail = of.led?.trail ?? new Trail(of.now());
    for (const c of of.credentials) if ("ticket" in c) this.wallet.put(c);
  }

  /** The attempt is over. */
  arrived(now: number): void {
    const { led } = this;
    this.led = undefined;
    led?.arrived(now);
  }

  /** There is a connection, a new one or one under new keys. */
  begin(): void {
    const { opener, sealer } = this.of.line!.session;
    sealer.log ??= new Log();
    opener.epochs ??= new Epochs(opener.epoch);
  }

  /** Nothing is heard of the server, and the Conn tries to come back. */
  get away(): boolean {
    return this.back !== undefined;
  }

  /** Announces silence; false: it is not granted. */
  hold(time: number): boolean {
    return this.of.line !== undefined && this.keeping.hold(this.of.now(), time);
  }

  /** The newest ticket, for a store. */
  ticket(): Uint8Array | undefined {
    const { newest } = this.wallet;
    return newest && storeTicket(newest);
  }

  deadline(): number {
    const [back, led] = [this.back?.deadline(), this.led?.until];
    return Math.min(this.goneAt, back ?? Infinity, led ?? Infinity);
  }

  /** Does what is due. */
  handleTimeout(now: number): void {
    if (this.led && now >= this.led.until)
      this.of.refused(now, refusal(Code.timeout, ledAround));
    if (now >= this.goneAt) this.forgotten(now);
    this.back?.handleTimeout(now);
  }

  private get keeping(): Keeping {
    return learnKeeping(this.of.full!);
  }

  /** Takes what the server says on channel 0. */
  hear(now: number): void {
    const { keeping } = this;
    const { line, host } = this.of;
    for (let m = keeping.receiveControl(); m; m = keeping.receiveControl()) {
      if (m.kind === Control.ticket)
        this.wallet.receive(line!.session, m.ticket, host.clock.unix());
      if (m.kind === Control.addresses) this.addresses = m.addresses;
      if (m.kind === Control.tokens) this.follow(now, m.list);
      keeping.setKeepFor(this.keepFor());
    }
  }

  /** Connects to the server to which this one hands us over; who does not follow ends here. */
  private follow(now: number, list: Uint8Array): void {
    const { host, conn, end, line } = this.of;
    if (this.handedOver || end!.over) return;
    this.handedOver = true;
    const { address } = line!.session.by;
    const within = host.cfg.stayPut ? 0 : this.trail.step(now);
    const may = (to: Address) => !address || mayLead(address, to);
    const tokens = tokensOf(list).map((t) => ({ ...t, addresses: t.addresses.filter(may) }));
    const good = tokens.filter((t) => t.addresses.length > 0);
    const id = host.cfg.protocolId || undefined;
    const fine = within > 0 && good.length > 0 && (!id || good.every((t) => protocolIdOf(t) === id));
    try {
      if (fine) return host.follow(good, this.leads(now, now + within));
    } catch {
      // the transport knows no way to there
    }
    conn.drain(Code.goingAway, handedOver, drainFor);
  }

  private leads(since: number, until: number): Led {
    const { trail } = this;
    const from = this.of.conn;
    const arrived = (now: number) => {
      trail.spent(now, since);
      from.drain(Code.goingAway, handedOver, drainFor);
    };
    return { from, trail, until, arrived };
  }

  /** How long it tries to come back, in microseconds. */
  private keepFor(): number {
    const { newest } = this.wallet;
    const { cfg, clock } = this.of.host;
    const { resumeFor = 0 } = cfg;
    if (!newest || resumeFor < 0) return 0;
    const left = Math.max(newest.until - clock.unix(), 0) * 1e6;
    return resumeFor > 0 ? Math.min(resumeFor * 1000, left) : left;
  }

  /** Begins to come back, and says whether it can. */
  comeBack(now: number): boolean {
    const keep = this.keepFor();
    if (keep <= 0) return false;
    if (this.back) return true;
    const { host, conn } = this.of;
    host.report({ kind: "Away", conn });
    this.back = new Comeback(this, this.wallet, now, now + keep);
    this.back.handleTimeout(now);
    return true;
  }

  /** Begins to show a ticket. */
  show(ticket: Ticket): Attempt {
    const { host } = this.of;
    const { end } = this.of;
    return new Attempt(host, [ticket], {
      hello: () => end!.hello(this.of.now()),
      judge: (hello) => this.of.judge(hello),
      continues: host.cfg.resume === "loseMessages" ? 0n : this.keeping.peerInstance,
    });
  }

  /** The Conn goes on under new keys: with its endpoint, or another one if the server knows none. */
  letIn(session: Session, way: Way): void {
    const { of } = this;
    const now = of.now();
    const old = of.end!;
    const { continues, hello } = session.accept;
    this.back = undefined; // what it has opened stays
    of.route++;
    const kept = continues && this.keeping.continue(now, of.route, way.reliable);
    let lost: readonly [number, number] = [0, 0];
    if (!kept) {
      of.renew(now, session.by.credential.timeout, old.instance).handleHello(now, hello);
      lost = this.abandon(old);
    }
    of.begin(session, way);
    this.returned(kept, ...lost);
    of.host.wake();
  }

  private returned(kept: boolean, undelivered: number, unreliable: number): void {
    const { host, conn } = this.of;
    this.stay();
    host.report({ kind: "Back", conn, kept, undelivered, unreliable });
  }

  /** A packet of the server came, under the keys that there are: there is no need to come back. */
  heard(): void {
    this.goneAt = Infinity;
    if (this.back) this.returned(true, 0, 0);
  }

  /**
   * Says whether a datagram is a GONE that may be believed. Then the server gets a while to prove the contrary, and
   * is asked to.
   */
  gone(b: Uint8Array): boolean {
    const { line, host } = this.of;
    const { full } = this.of;
    if (!isGone(line!.session.sealer, b)) return false;
    if (this.goneAt < Infinity || this.back || full!.over) return true;
    this.goneAt = this.of.now() + Math.max(leastPatience, 3 * full!.paths.lead.pto());
    full!.ping();
    host.wake();
    return true;
  }

  private forgotten(now: number): void {
    this.goneAt = Infinity;
    if (!this.comeBack(now))
      this.lose(new Reason(Code.forgotten, "the server forgot this connection"));
  }

  /** There is no coming back. */
  giveUp(why: Refusal | undefined): void {
    const silent = "nothing was heard from the server";
    this.lose(why ? reasonOf(why) : new Reason(Code.timeout, silent));
  }

  /** Ends it without a word: there is nobody to say it to. */
  private lose(reason: Reason): void {
    const { of } = this;
    const lost = this.abandon(of.end!);
    of.drop();
    of.conn.ended(reason, ...lost);
  }

  /** Tells of the receipts of an endpoint that is over, and returns how much it had not delivered. */
  private abandon(old: Endpoint): readonly [number, number] {
    old.close(this.of.now());
    for (let e = old.nextEvent(); e; e = old.nextEvent()) {
      if (e.kind === "closed") return [e.undelivered, e.unreliable];
      this.of.tell(e);
    }
    return [0, 0];
  }

  /** Changes the keys of what goes to the server, as soon as that may be. */
  changeKeys(now: number): void {
    const { line, full } = this.of;
    const { all } = full!.paths;
    const pto = Math.max(...all.map((p) => p.pto()));
    const { sealer } = line!.session;
    all.some((p) => changeKeys(sealer, now, p.id, p.largestAcked, pto));
  }

  /** Gives up coming back. */
  private stay(): void {
    this.back?.stop();
    this.back = undefined;
  }

  /** Does nothing more: the connection ends. */
  stop(): void {
    this.stay();
  }
}

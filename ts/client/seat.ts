import type { Session } from "../netcode/handshake.js";
import type { Refusal } from "../netcode/packet.js";
import { storeTicket, type Ticket } from "../netcode/ticket.js";
import { parseTokens, protocolIdOf, type Token } from "../netcode/token.js";
import type { Way } from "../transport/way.js";
import { Control, type Address } from "../wire/control.js";
import { Code } from "../wire/error.js";
import { Attempt } from "./attempt.js";
import { Comeback } from "./comeback.js";
import type { Dialed } from "./dialed.js";
import type { Led } from "./host.js";
import { Reason, reasonOf } from "./reason.js";
import { mayLead, Trail } from "./trail.js";
import { Wallet } from "./wallet.js";

const drainFor = 30_000; // milliseconds for the Conn from which we were handed over
const handedOver = "handed over to another server";

/** The tokens that a server gave; none if they cannot be read. */
function tokensOf(list: Uint8Array): Token[] {
  try {
    return parseTokens(list);
  } catch {
    return [];
  }
}

/**
 * A Seat is what a Conn has at its server beyond the connection: tickets to come back with, and where else it may
 * be sent.
 */
export class Seat {
  /** The addresses of the server, as it told them. */
  addresses: readonly Address[] = [];
  /** The Conn is away, and tries to come back. */
  back: Comeback | undefined;
  private readonly wallet = new Wallet();
  private readonly trail: Trail;
  private handedOver = false; // tokens for another server came, and were looked at

  constructor(
    private readonly of: Dialed,
    credentials: readonly (Token | Ticket)[],
    led: Led | undefined,
  ) {
    this.trail = led?.trail ?? new Trail(of.now());
    for (const c of credentials) if ("ticket" in c) this.wallet.put(c);
  }

  /** The newest ticket, for a store. */
  ticket(): Uint8Array | undefined {
    const { newest } = this.wallet;
    return newest && storeTicket(newest);
  }

  deadline(): number {
    return this.back?.deadline() ?? Infinity;
  }

  /** Takes what the server says on channel 0. */
  hear(now: number): void {
    const { line, host } = this.of;
    const end = this.of.end!;
    for (let m = end.receiveControl(); m; m = end.receiveControl()) {
      if (m.kind === Control.ticket)
        this.wallet.receive(line!.session, m.ticket, host.clock.unix());
      if (m.kind === Control.addresses) this.addresses = m.addresses;
      if (m.kind === Control.tokens) this.follow(now, m.list);
      end.setKeepFor(this.keepFor());
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
    if (within > 0 && good.length > 0 && (!id || good.every((t) => protocolIdOf(t) === id)))
      host.follow(good, this.leads(now, now + within));
    else conn.drain(Code.goingAway, handedOver, drainFor);
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
    const end = this.of.end!;
    return new Attempt(host, [ticket], {
      hello: () => end.hello(this.of.now()),
      judge: (hello) => this.of.judge(hello),
      continues: host.cfg.resume === "begin anew" ? 0n : end.peerInstance,
    });
  }

  /** The Conn goes on under new keys: with its endpoint, or another one if the server knows none. */
  letIn(session: Session, way: Way): void {
    this.back = undefined; // what it has opened stays
    this.heard(...this.of.resume(session, way));
  }

  /** The server is heard: there is no need to come back. */
  heard(kept: boolean, undelivered: number, unreliable: number): void {
    const { host, conn } = this.of;
    this.stop();
    host.report({ kind: "Back", conn, kept, undelivered, unreliable });
    host.wake();
  }

  /** There is no coming back. */
  giveUp(why: Refusal | undefined): void {
    this.of.lose(
      why ? reasonOf(why) : new Reason(Code.timeout, "nothing was heard from the server"),
    );
  }

  /** Gives up coming back. */
  stop(): void {
    this.back?.stop();
    this.back = undefined;
  }
}

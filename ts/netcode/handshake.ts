import type { Address } from "../wire/control.js";
import { Code } from "../wire/error.js";
import { same } from "./bytes.js";
import { ticketKeys, tokenKeys, secretsOf, type HandshakeKeys } from "./keys.js";
import { Opener } from "./opener.js";
import {
  Kind,
  kindOf,
  offer,
  readAccept,
  readReason,
  readRetry,
  readStandard,
  refusal,
  resume,
  type Accept,
  type Refusal,
} from "./packet.js";
import { Sealer } from "./sealer.js";
import { exchangeOf } from "./suite.js";
import type { Ticket } from "./ticket.js";
import type { Token } from "./token.js";
import { Window } from "./window.js";

const interval = 100_000;
const reliableInterval = 1_000_000; // what loses nothing repeats only what a server has passed over
const patience = 2_000_000;
const nothing = new Uint8Array(0);
const zeros = new Uint8Array(8);

/** A Try is what a client shows to a server, and to where. */
export interface Try {
  readonly credential: Token | Ticket;
  /** One of the caller's ways and addresses: what comes from others is not for this handshake. */
  readonly target: number;
  /** Where that is, if it is an address of the credential. */
  readonly address?: Address | undefined;
}

/** A HandshakeConfig says how to get in. */
export interface HandshakeConfig {
  /** In turn; at least one. Each goes on from the one before when that is refused, or silent for two seconds. */
  readonly tries: readonly Try[];
  /** Returns the body of HELLO for a try that begins, at most 256 bytes. */
  readonly hello: (by: Try) => Uint8Array;
  /** Judges the server's: what it returns refuses the server. */
  readonly judge: (hello: Uint8Array) => Refusal | undefined;
  /** What the server's packets shall carry, 0 to 4 bytes, the low 3 bits of the first zero. */
  readonly clientId?: Uint8Array;
  /** The instance of the server's endpoint with which ours wants to go on, with a ticket. */
  readonly continues?: bigint;
  /** Seconds since 1970. */
  readonly unix: number;
  /** Returns n bytes that nobody can guess. */
  readonly random: (n: number) => Uint8Array;
}

/** A Session is a connection as the handshake made it. */
export interface Session {
  readonly sealer: Sealer;
  readonly opener: Opener;
  readonly accept: Accept;
  /** What was shown, and where. */
  readonly by: Try;
  /** What the secrets of tickets come of. */
  readonly resumption: Uint8Array;
}

/** How far a handshake has come. */
export type HandshakeState = "requesting" | "offering" | "connected" | "failed";

/**
 * A Handshake gets a client in (SPEC.md, 7.1). It has no socket, clock or timer: datagrams go in by
 * {@link receive}, time by {@link handleTimeout}, and what is to be sent comes out of {@link next}.
 */
export class Handshake {
  state: HandshakeState = "requesting";
  /** Once it is connected. */
  session: Session | undefined;
  /** Why it failed; before that, why the last try did. */
  refusal: Refusal | undefined;
  /** Of the try under way: its way loses nothing. The caller sets it, once it is known. */
  reliable = false;
  /** Datagrams that were dropped. */
  drops = 0;
  private at = 0;
  private readonly startedAt: number;
  private reachedAt = 0; // this try, and then its challenge
  private sentAt = 0;
  private refusedAt = Infinity; // by what a challenge may disprove
  private denial: Refusal | undefined; // what is told if none does
  private heard = false; // something that the keys open came, in any try
  private keys!: HandshakeKeys;
  private hello: Uint8Array = nothing;
  private secret!: Uint8Array; // of the share
  private share!: Uint8Array;
  private counters!: Window; // of the challenges, or RETRYs, of this try
  private challenge: Uint8Array = nothing; // or the cookie
  private unanswered = 0;
  private packet: Uint8Array = nothing; // that goes again and again
  private stale = true;
  private due = true;

  /** The protection of every credential must be loaded; see loadProtection. */
  constructor(
    private now: number,
    private readonly cfg: HandshakeConfig,
  ) {
    this.startedAt = now;
    this.begin(0);
  }

  /** The try under way, or the last one. */
  get by(): Try {
    return this.cfg.tries[this.at]!;
  }

  private get token(): Token | undefined {
    const { credential } = this.by;
    return "request" in credential ? credential : undefined;
  }

  private get ticket(): Ticket | undefined {
    const { credential } = this.by;
    return "ticket" in credential ? credential : undefined;
  }

  private get clientId(): Uint8Array {
    return this.cfg.clientId ?? nothing;
  }

  /** Begins a try: with a new share, so that no two servers see the same. */
  private begin(at: number): void {
    this.at = at;
    const { token, ticket, cfg } = this;
    const { pad, protocolId } = this.by.credential;
    this.keys = token
      ? tokenKeys(token.clientToServer, token.serverToClient, protocolId)
      : ticketKeys(ticket!.secret, protocolId);
    this.hello = cfg.hello(this.by);
    this.secret = cfg.random(32);
    this.share = exchangeOf(pad)?.publicOf(this.secret) ?? this.secret;
    this.counters = new Window();
    this.challenge = nothing;
    this.denial = undefined;
    this.refusedAt = Infinity;
    this.state = "requesting";
    this.reachedAt = this.now;
    if (ticket) {
      const least = BigInt(Math.floor(cfg.unix)) << 24n;
      ticket.attempt = ticket.attempt < least ? least : ticket.attempt + 1n;
    }
    this.owe(true);
  }

  private owe(stale: boolean): void {
    this.stale ||= stale;
    this.due = true;
  }

  /** What is due to be sent to the target of {@link by}; undefined if nothing is. */
  next(): Uint8Array | undefined {
    if (!this.due) return undefined;
    this.due = false;
    this.sentAt = this.now;
    this.unanswered = 0;
    if (this.stale) this.packet = this.build();
    this.stale = false;
    return this.packet;
  }

  /** What next returned could not be sent, and is due again. */
  unsent(): void {
    this.due = true;
  }

  private build(): Uint8Array {
    const { token, ticket, cfg, keys, share, clientId, challenge } = this;
    if (token && this.state === "requesting") return token.request;
    const nonce = cfg.random(24);
    const { hello } = this;
    if (token)
      return offer(keys.offer, nonce, challenge, share, clientId, token.pad.items, hello);
    const shown = ticket!.ticket;
    const { attempt } = ticket!;
    const instance = cfg.continues ?? 0n;
    return resume(
      keys.offer,
      nonce,
      shown,
      share,
      clientId,
      challenge,
      attempt,
      instance,
      hello,
    );
  }

  /** When handleTimeout has something to do, if what is due was sent. */
  deadline(): number {
    if (this.session || this.state === "failed") return Infinity;
    const repeat = this.sentAt + (this.reliable ? reliableInterval : interval);
    const silence = this.reachedAt + this.patience();
    return Math.min(
      this.expiry(),
      this.refusedAt + interval,
      silence,
      this.due ? Infinity : repeat,
    );
  }

  private patience(): number {
    const { timeout } = this.by.credential;
    if (this.ticket || this.at + 1 < this.cfg.tries.length) return patience;
    return timeout > 0 ? timeout * 1e6 : Infinity;
  }

  /** When what is shown is over, by the monotonic clock. */
  private expiry(): number {
    const { token, ticket } = this;
    return this.startedAt + (token ? token.life : ticket!.until - this.cfg.unix) * 1e6;
  }

  /** Lets time pass. */
  handleTimeout(now: number): void {
    this.now = now;
    if (this.session || this.state === "failed") return;
    if (now >= this.expiry()) this.fail(refusal(Code.expired, this.expired()), true);
    else if (now >= this.refusedAt + interval) this.fail(this.denial!);
    else if (now >= this.reachedAt + this.patience())
      this.fail(refusal(Code.timeout, this.silence()));
    else if (now >= this.deadline()) this.owe(false);
  }

  private expired(): string {
    const what = this.token ? "connect token" : "resume ticket";
    return `the ${what} expired before the server let us in${this.heard ? "" : "; " + unheard}`;
  }

  private silence(): string {
    return this.state === "requesting" ? unheard : "the server did not confirm our answer";
  }

  /** Gives the try under way up: what it went by has ended, say. */
  giveUp(now: number, why: Refusal): void {
    this.now = now;
    if (!this.session && this.state !== "failed") this.fail(why);
  }

  /** Goes on with the next try; with another credential if this one is over. */
  private fail(why: Refusal, over = false): void {
    if (!this.refusal || why.code !== Code.timeout) this.refusal = why; // silence tells less
    const { tries } = this.cfg;
    let at = this.at + 1;
    if (over) while (tries[at]?.credential === this.by.credential) at++;
    if (at < tries.length) this.begin(at);
    else this.end("failed");
  }

  private end(state: HandshakeState): void {
    this.state = state;
    this.due = false;
    this.secret.fill(0);
  }

  /** Takes a datagram that came from a target. */
  receive(now: number, target: number, b: Uint8Array): void {
    this.now = now;
    const wanted = target === this.by.target && !this.session && this.state !== "failed";
    if (!wanted || !this.take(b)) this.drops++;
  }

  private take(b: Uint8Array): boolean {
    switch (kindOf(b)) {
      case Kind.accept:
        return this.state === "offering" && this.takeAccept(b);
      case Kind.reason:
        return this.takeReason(b);
      case Kind.retry:
        return this.ticket !== undefined && this.takeRetry(b);
    }
    return this.token !== undefined && this.takeStandard(this.token, b);
  }

  private takeStandard(token: Token, b: Uint8Array): boolean {
    const s = readStandard(token.serverToClient, token.protocolId, b);
    if (!s) return false;
    if (!s.denied) return this.takeChallenge(s.counter, s.body);
    this.deny(refusal(Code.full, "the server is full"));
    return true;
  }

  private takeRetry(b: Uint8Array): boolean {
    const retry = readRetry(this.keys.accept, b, this.clientId, this.share);
    return retry !== undefined && this.takeChallenge(retry.number, retry.cookie);
  }

  /** Answers a challenge; of several since the last answer with one that is drawn by lot. */
  private takeChallenge(counter: number, body: Uint8Array): boolean {
    this.heard = true;
    if (!this.counters.fresh(counter)) return false;
    this.counters.mark(counter);
    if (++this.unanswered === 1 || this.lot(this.unanswered)) this.challenge = body;
    this.owe(true);
    if (this.state === "requesting") {
      this.state = "offering";
      this.reachedAt = this.now;
      this.refusedAt = Infinity;
    }
    return true;
  }

  /** Is true once in n times. */
  private lot(n: number): boolean {
    const [a, b, c] = this.cfg.random(3) as unknown as [number, number, number];
    return (a + b * 256 + c * 65536) % n === 0;
  }

  private takeReason(b: Uint8Array): boolean {
    const toRequest = this.token !== undefined && this.state === "requesting";
    const id = toRequest ? nothing : this.clientId;
    const why = readReason(this.keys.reason, b, id, toRequest ? zeros : this.share);
    if (!why) return false;
    this.heard = true;
    if (toRequest) this.deny(why);
    else this.fail(why);
    return true;
  }

  /** A refusal that a challenge, or a REASON, may come after. */
  private deny(why: Refusal): void {
    this.heard = true;
    if (this.refusedAt === Infinity) this.refusedAt = this.now;
    this.denial = why;
  }

  private takeAccept(b: Uint8Array): boolean {
    const { cfg, keys, share, clientId } = this;
    const { pad, protocolId } = this.by.credential;
    const mayContinue = this.ticket !== undefined && (cfg.continues ?? 0n) !== 0n;
    const accept = readAccept(keys.accept, b, clientId, share, mayContinue);
    const exchange = exchangeOf(pad);
    const agreed = accept && exchange ? exchange.agree(this.secret, accept.share) : nothing;
    if (!accept || !agreed) return false;
    const why = same(accept.items, pad.items) ? cfg.judge(accept.hello) : damaged;
    if (why) {
      this.fail(why);
      return true;
    }
    const { id } = accept;
    const secrets = secretsOf(keys, share, accept.share, agreed, protocolId, pad, id, clientId);
    this.session = {
      sealer: new Sealer(pad, secrets.toServer, id),
      opener: new Opener(pad, secrets.toClient, clientId),
      accept,
      by: this.by,
      resumption: secrets.resumption,
    };
    this.end("connected");
    return true;
  }
}

const damaged = refusal(Code.pad, "the token was changed on its way to us");
const unheard =
  "the server did not answer: it is down, elsewhere, or has another key or protocol id, which its log says";

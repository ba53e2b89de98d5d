import type { Address } from "../wire/address.js";
import { Code } from "../wire/error.js";
import { Reader } from "../wire/reader.js";
import { Window } from "../wire/window.js";
import { same } from "./bytes.js";
import { secretsOf } from "./keys.js";
import { Opener } from "./opener.js";
import { readAccept, readReason, refusal, type Accept, type Refusal } from "./packet.js";
import { Sealer } from "./sealer.js";
import type { Showing } from "./showing.js";
import type { Ticket } from "./ticket.js";
import type { Token } from "./token.js";

const interval = 100_000;
const reliableInterval = 1_000_000; // what loses nothing repeats only what a server has passed over
const patience = 2_000_000;
const nothing = new Uint8Array(0);
const zeros = new Uint8Array(8);

/** A Try is what a client shows to a server, and to where. */
export interface Try {
  readonly credential: Token | Ticket;
  /** Where that is, if it is an address of the credential. */
  readonly address?: Address | undefined;
}

/** A HandshakeConfig says how to get in. */
export interface HandshakeConfig<T extends Try> {
  /** In turn; at least one. Each goes on from the one before when that is refused, or silent for two seconds. */
  readonly tries: readonly T[];
  /** The ways to the servers lose nothing. */
  readonly reliable: boolean;
  /** Begins to show the credential of a try. */
  readonly show: (by: T) => Showing;
  /** Returns the body of HELLO for a try that begins, at most 256 bytes. */
  readonly hello: (by: T) => Uint8Array;
  /** Judges the server's: what it returns refuses the server. */
  readonly judge: (hello: Uint8Array) => Refusal | undefined;
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

/**
 * A Handshake gets a client in (SPEC.md, 7.1). It has no socket, clock or timer: datagrams go in by
 * {@link receive}, time by {@link handleTimeout}, and what is to be sent comes out of {@link next}.
 */
export class Handshake<T extends Try = Try> {
  /** A server has answered: what goes now says who we are. */
  offering!: boolean;
  /** Once it is connected. */
  session: Session | undefined;
  /** Why it failed. */
  refusal: Refusal | undefined;
  /** The try under way, or the last one. What comes from others is not for this handshake. */
  by!: T;
  private at = -1; // its place
  private expiresAt!: number; // what is shown, by the monotonic clock
  private silentAt!: number; // the server has been silent for too long
  private believedAt!: number; // a refusal that nothing has disproved
  private repeatAt!: number;
  private failure: Refusal | undefined; // of a try before
  private denial: Refusal | undefined; // which a challenge may disprove
  private heard = false; // something that the keys open came, in any try
  private readonly startedAt: number;
  private showing!: Showing;
  private hello!: Uint8Array;
  private secret!: Uint8Array; // of the share
  private share!: Uint8Array;
  private counters!: Window; // of the challenges of this try
  private challenge!: Uint8Array;
  private unanswered = 0;
  private packet: Uint8Array | undefined; // that goes again and again
  private due = true;

  /** The protection of every credential must be loaded; see {@link protect}. */
  constructor(
    private now: number,
    private readonly cfg: HandshakeConfig<T>,
  ) {
    this.startedAt = now;
    this.begin();
  }

  /** It has come to an end. */
  get over(): boolean {
    return (this.session ?? this.refusal) !== undefined;
  }

  /** Begins the next try: with a new share, so that no two servers see the same. */
  private begin(): void {
    const { cfg } = this;
    const by = (this.by = cfg.tries[++this.at]!);
    this.showing = cfg.show(by);
    this.expiresAt = this.startedAt + this.showing.life * 1e6;
    this.hello = cfg.hello(by);
    this.secret = cfg.random(32);
    this.share = by.credential.pad.exchange?.publicOf(this.secret) ?? this.secret;
    this.counters = new Window();
    this.challenge = nothing;
    this.offering = false;
    this.reached();
    this.renew();
  }

  /** It has come a step further, where nobody has refused us yet. */
  private reached(): void {
    const { timeout } = this.by.credential;
    const last = this.showing.request && this.at + 1 === this.cfg.tries.length;
    this.silentAt = this.now + (!last ? patience : timeout > 0 ? timeout * 1e6 : Infinity);
    this.believedAt = Infinity;
    this.denial = undefined;
  }

  /** What goes is to be made anew, and goes at once. */
  private renew(): void {
    this.packet = this.requests ? this.showing.request : undefined;
    this.unsent();
  }

  /** What goes now is the request, which a server may refuse without a word of ours. */
  private get requests(): boolean {
    return !this.offering && this.showing.request !== undefined;
  }

  /** What is due to be sent to the target of {@link by}; undefined if nothing is. */
  next(): Uint8Array | undefined {
    if (!this.due) return undefined;
    this.due = false;
    this.repeatAt = this.now + (this.cfg.reliable ? reliableInterval : interval);
    this.unanswered = 0;
    const { showing, share, challenge, hello } = this;
    return (this.packet ??= showing.answer(this.cfg.random(24), share, challenge, hello));
  }

  /** What next returned could not be sent, and is due again. */
  unsent(): void {
    this.due = true;
    this.repeatAt = Infinity;
  }

  /** When handleTimeout has something to do, if what is due was sent. */
  deadline(): number {
    if (this.over) return Infinity;
    return Math.min(this.expiresAt, this.believedAt, this.silentAt, this.repeatAt);
  }

  /** Lets time pass. */
  handleTimeout(now: number): void {
    this.now = now;
    if (now < this.deadline()) return;
    if (now >= this.expiresAt) {
      const why = this.heard ? "" : `; ${unheard}`;
      const text = `the ${this.showing.what} expired before the server let us in${why}`;
      this.fail(refusal(Code.expired, text), true);
    } else if (now >= this.believedAt) {
      this.fail(this.denial!);
    } else if (now >= this.silentAt) {
      const text = this.offering ? "the server did not confirm our answer" : unheard;
      this.fail(refusal(Code.timeout, text));
    } else {
      this.unsent();
    }
  }

  /** Gives the try under way up: what it went by has ended, say. */
  giveUp(now: number, why: Refusal): void {
    this.now = now;
    if (!this.over) this.fail(why);
  }

  /** Goes on with the next try; with another credential if this one is over. */
  private fail(why: Refusal, over = false): void {
    if (!this.failure || why.code !== Code.timeout) this.failure = why; // silence tells less
    const { tries } = this.cfg;
    if (over) while (tries[this.at + 1]?.credential === this.by.credential) this.at++;
    if (this.at + 1 < tries.length) {
      try {
        return this.begin();
      } catch (e) {
        return this.fail(refusal(Code.unreachable, (e as Error).message)); // there is no way to there
      }
    }
    this.refusal = this.failure;
    this.end();
  }

  private end(): void {
    this.due = false;
    this.secret.fill(0);
  }

  /** Takes a datagram that came for the try under way; says whether it was of use. */
  receive(now: number, b: Uint8Array): boolean {
    this.now = now;
    return !this.over && (this.takeAccept(b) || this.takeReason(b) || this.takeChallenge(b));
  }

  /** Answers a challenge; of several since the last answer with one that is drawn by lot. */
  private takeChallenge(b: Uint8Array): boolean {
    const came = this.showing.read(b, this.share);
    if (!came) return false;
    const { counter, body } = came;
    this.heard = true;
    if (!body) return this.deny(this.denial ?? refusal(Code.full, "the server is full")); // a REASON tells more
    if (!this.counters.fresh(counter)) return false;
    this.counters.mark(counter);
    const lot = new Reader(this.cfg.random(4)).u32();
    if (lot % ++this.unanswered === 0) this.challenge = body;
    if (!this.offering) this.reached();
    this.offering = true;
    this.renew();
    return true;
  }

  private takeReason(b: Uint8Array): boolean {
    const why = readReason(this.showing.keys.reason, b, this.requests ? zeros : this.share);
    if (!why) return false;
    this.heard = true;
    if (this.requests) return this.deny(why);
    this.fail(why);
    return true;
  }

  /** Takes a refusal that a challenge, or a REASON, may come after. */
  private deny(why: Refusal): true {
    this.believedAt = Math.min(this.believedAt, this.now + interval);
    this.denial = why;
    return true;
  }

  private takeAccept(b: Uint8Array): boolean {
    if (!this.offering) return false;
    const { share, showing, by } = this;
    const { pad, protocolId } = by.credential;
    const accept = readAccept(showing.keys.accept, b, share, showing.mayContinue);
    const { exchange } = pad;
    const agreed = accept && exchange ? exchange.agree(this.secret, accept.share) : nothing;
    if (!accept || !agreed) return false;
    const why = same(accept.items, pad.items) ? this.cfg.judge(accept.hello) : damaged;
    if (why) {
      this.fail(why);
      return true;
    }
    const { id } = accept;
    const secrets = secretsOf(showing.keys, share, accept.share, agreed, protocolId, pad, id);
    this.session = {
      sealer: new Sealer(pad, secrets.toServer, id),
      opener: new Opener(pad, secrets.toClient),
      accept,
      by,
      resumption: secrets.resumption,
    };
    this.end();
    return true;
  }
}

const damaged = refusal(Code.pad, "the token was changed on its way to us");
const unheard =
  "the server did not answer: it is down, elsewhere, or has another key or protocol id, which its log says";

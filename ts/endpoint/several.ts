import { become } from "./become.js";
import { abandon, noRoute } from "./constants.js";
import { type PathUse } from "./claims.js";
import { FullClaims, pathUses } from "./claims_full.js";
import { type AckFrame, type Path, type Sent } from "./path.js";
import { FullPath } from "./path_full.js";
import { Paths, type PathsConfig, type SeveralConfig } from "./paths.js";
import {
  appendPathStatus,
  appendProof,
  PATH_CHALLENGE,
  PATH_RESPONSE,
  type FrameWriter,
} from "../wire/index.js";

const maxPath = 7;
const tries = 3; // challenges of a path that is opened
const openWait = 250_000; // for the answer to the first of them; for each further one twice as long
const maxReplies = 4;
const second = 1_000_000;
const longestRetry = 5 * second;
const longestSilence = 10 * second; // of a reliable path
const suspectPackets = 5; // without an answer: of fewer chance may take all
const maxLeap = 2 ** 32; // of serials

/**
 * SeveralPaths are opened and given up, asked and answered for, and take turns. The peer follows a path whose address
 * changes by itself; here that takes no more than an answer to its challenges.
 */
export class SeveralPaths<
  S extends Sent,
  P extends FullPath<S> = FullPath<S>,
> extends Paths<S, P> {
  declare protected cfg: PathsConfig<P> & SeveralConfig;
  /** The peer reads frames of paths. */
  known!: boolean;
  /** Somebody is on hold: silence says nothing. */
  held!: boolean;
  private clock!: number; // how much the path had got that messages went over last
  private awakeAt!: number; // silence counts from then on

  /**
   * Makes the paths of a connection ones of which there may be several; they are the same ones.
   *
   * @param learn what each of them learns besides
   */
  static of<S extends Sent, P extends Path<S>>(
    paths: Paths<S, P>,
    now: number,
    more: SeveralConfig,
    learn: (p: FullPath<S> & P) => void = () => {},
  ): SeveralPaths<S, FullPath<S> & P> {
    const all = become<SeveralPaths<S, FullPath<S> & P>>(paths, SeveralPaths, {
      known: false,
      held: false,
      clock: 0,
      awakeAt: -Infinity,
    });
    const full = (p: P) => {
      const all = FullPath.of(p, now) as FullPath<S> & P;
      learn(all);
      return all;
    };
    const { make } = all.cfg;
    all.cfg = { ...all.cfg, ...more, make: (id) => full(make(id)) };
    for (const p of paths.all) {
      const learnt = full(p);
      if (p.claims.stage === "failed") all.empty(now, learnt);
    }
    return all;
  }

  /** Begins with path 0 alone, and numbers from zero, under new keys (SPEC.md, 7.16). */
  restart(now: number, route: number, reliable: boolean): void {
    for (const p of this.all) {
      p.lostAll(now);
      if (p.id > 0 && p.claims.stage !== "closed") this.cfg.told(p.id, "closed");
    }
    this.all.length = 0;
    this.begin(now, 0, route, reliable).become("well");
  }

  private begin(now: number, id: number, route: number, reliable: boolean): FullClaims {
    while (this.all.length <= id) this.all.push(this.cfg.make(this.all.length));
    const p = this.all[id]!;
    const { serial } = p.claims;
    p.claims = Object.assign(new FullClaims(), {
      serial,
      route,
      heardAt: now,
      served: this.clock,
    });
    p.reliable = reliable;
    p.quiet = p.busy = false;
    p.afresh(now);
    return p.claims;
  }

  /** What carried some paths is gone: what was on its way there goes over the others. */
  override died(now: number, route: number): void {
    for (const p of this.all) if (p.claims.route === route) this.stranded(now, p);
  }

  /** A path has no way any more. */
  private stranded(now: number, p: P): void {
    const c = p.claims;
    if (c.stage === "closed") return;
    if (c.stage === "opening") return this.notOpened(now, p);
    this.empty(now, p);
    c.become("failed");
    c.route = noRoute;
    this.cfg.told(p.id, "failed");
    this.hurry(now);
  }

  /** Somebody was asleep until now, so nobody can have answered; and what was sent before measures nothing. */
  awake(now: number): void {
    this.awakeAt = now;
    for (const p of this.all) {
      p.forgive(now);
      if (p.claims.active) p.claims.stage = "well";
    }
  }

  /** Counts bytes of messages against the share of a path. */
  serve(p: P, bytes: number): void {
    this.clock = Math.max(this.clock, p.claims.served);
    p.claims.served += bytes / p.claims.weight;
  }

  override get lead(): P {
    let best = this.all[0]!;
    for (const p of this.all) {
      const d = p.claims.rank - best.claims.rank;
      if (d < 0 || (d === 0 && p.rtt.smooth < best.rtt.smooth)) best = p;
    }
    return best;
  }

  /** The probe timeout of the slowest path. */
  get patience(): number {
    let most = 0;
    for (const p of this.all) if (p.claims.active) most = Math.max(most, p.pto());
    return most || this.all[0]!.pto();
  }

  /** Opens another path over a way, and returns its number; −1: there is no room for one. */
  open(
    now: number,
    route: number,
    reliable: boolean,
    use: PathUse = "share",
    weight = 1,
  ): number {
    let id = 0;
    while (id < this.all.length && this.all[id]!.claims.stage !== "closed") id++;
    if (!this.known || id >= Math.min(this.cfg.limit, maxPath + 1)) return -1;
    const c = this.begin(now, id, route, reliable);
    c.become("opening");
    c.use = use;
    c.weight = weight;
    c.serial++;
    c.askAt = now;
    return id;
  }

  /** Changes what a path is for, and tells the peer. */
  set(id: number, use: PathUse, weight = 1): void {
    const c = this.all[id]?.claims;
    if (c === undefined || c.stage === "closed" || (c.use === use && c.weight === weight)) return;
    c.use = use;
    c.weight = weight;
    this.say(c);
  }

  private say(c: FullClaims): void {
    if (!this.known) return;
    c.serial++;
    c.statusDue = true;
  }

  /** Gives a path up, and tells the peer; the last one that is active stays. */
  close(now: number, id: number): void {
    const p = this.all[id];
    if (p === undefined || p.claims.stage === "closed") return;
    if (!this.all.some((q) => q !== p && q.claims.active)) return;
    this.abandon(now, p);
    this.say(p.claims);
  }

  private abandon(now: number, p: P): void {
    if (p.claims.stage === "closed") return;
    this.empty(now, p);
    p.claims.become("closed");
    this.cfg.told(p.id, "closed");
  }

  /** Nobody answers. The peer may have had its answer: it is told, by the serial of the opening. */
  private notOpened(now: number, p: P): void {
    this.abandon(now, p);
    p.claims.statusDue = true;
  }

  /** It is asked by a PING now and then. */
  private fail(now: number, p: P): void {
    const c = p.claims;
    this.empty(now, p);
    c.become("failed");
    c.retryAt = now + second;
    c.retryWait = second;
    c.retriedAt = -Infinity;
    this.cfg.told(p.id, "failed");
  }

  private empty(now: number, p: P): void {
    p.lostAll(now);
    p.busy = false;
    p.quiet = true;
    this.forget(p.claims);
  }

  /** Forgets what was asked, or is to be answered. */
  private forget(c: FullClaims): void {
    c.replies.length = c.tokens.length = c.times.length = 0;
    c.askAt = Infinity;
  }

  /**
   * Takes a packet that opened, before its frames are read: newest, if its number is the highest so far.
   * undefined: it is dropped, since its path is none, or came another way.
   */
  override arrived(now: number, id: number, route: number, newest: boolean): P | undefined {
    const p = this.all[id];
    if (p === undefined) return undefined;
    const c = p.claims;
    if (c.stage === "closed" && newest && !this.anotherIsWell()) {
      c.route = route; // both sides may have given up another one
      this.say(c); // who has another one gives this one up again
      this.fail(now, p);
      c.retryAt = now;
    }
    if (c.route !== route) return undefined;
    c.heardAt = now;
    return p;
  }

  /** Takes an ACK of a path; false: it acknowledges what was never sent. */
  onAck(now: number, p: P, a: AckFrame): boolean {
    if (!p.onAck(now, a)) return false;
    const c = p.claims;
    if (p.news && (c.silent || (c.stage !== "well" && c.proven))) this.revive(p);
    return true;
  }

  /** A path that was silent answers. */
  private revive(p: P): void {
    const c = p.claims;
    const tell = c.silent || c.stage === "failed";
    c.become("well");
    c.silent = p.quiet = false;
    if (!tell) return;
    c.served = Math.max(c.served, this.clock);
    this.cfg.told(p.id, "active");
  }

  /** PATH_CHALLENGE: it is answered where it came from, at once. */
  challenge(p: P, token: bigint): void {
    const { replies, stage } = p.claims;
    if (stage === "closed") return;
    if (replies.length === maxReplies) replies.shift();
    replies.push(token);
  }

  /** PATH_RESPONSE. */
  response(now: number, p: P, token: bigint): void {
    const c = p.claims;
    const at = c.tokens.indexOf(token);
    if (c.stage !== "opening" || at < 0) return;
    p.rtt.sample(now - c.times[at]!, 0);
    c.askAt = Infinity;
    c.become("well");
    c.served = this.clock;
    this.cfg.told(p.id, "active");
  }

  /** PATH_STATUS, its state as the number on the wire; false: it breaks the rules. */
  status(now: number, id: number, serial: number, state: number, weight: number): boolean {
    const p = this.all[id];
    if (p === undefined) return true;
    const c = p.claims;
    if (serial > c.serial + maxLeap) return false;
    if (serial < c.serial || (serial === c.serial && !this.outdoes(c, state, weight))) return true;
    c.serial = serial;
    c.statusDue = state !== abandon && c.stage === "closed"; // which the peer does not know
    if (state !== abandon) {
      c.use = pathUses[state] as PathUse;
      c.weight = weight;
    } else if (this.all.some((q) => q !== p && q.claims.proven)) {
      this.abandon(now, p);
    } else {
      this.fail(now, p); // the last one is kept, and asked
    }
    return true;
  }

  private stateOf(c: FullClaims): number {
    return c.stage === "closed" ? abandon : pathUses.indexOf(c.use);
  }

  /** Whether what the peer says counts, where both have said something with the same serial. */
  private outdoes(c: FullClaims, state: number, weight: number): boolean {
    const own = this.stateOf(c);
    if (state === own) return weight > c.weight;
    if (state === abandon || own === abandon) return state === abandon;
    return state > own;
  }

  /** Whether the next packet of a path is one that asks or answers: {@link writeProof} fills it, and nothing else. */
  proves(now: number, p: P): boolean {
    const c = p.claims;
    if (c.route === noRoute || p.busy) return false;
    return c.replies.length > 0 || (c.tokens.length < tries && now >= c.askAt);
  }

  /** Fills such a packet. It elicits an ack, and is {@link Sent.aside}. */
  writeProof(now: number, p: P, w: FrameWriter): void {
    const c = p.claims;
    if (c.tokens.length < tries && now >= c.askAt) {
      this.writeOne(p, w);
      const token = this.cfg.token();
      appendProof(w, PATH_CHALLENGE, token);
      c.askAt = now + openWait * 2 ** c.tokens.length;
      c.tokens.push(token);
      c.times.push(now);
    }
    for (const token of c.replies) appendProof(w, PATH_RESPONSE, token);
    c.replies.length = 0;
  }

  private writeOne(p: P, w: FrameWriter): void {
    const c = p.claims;
    appendPathStatus(w, {
      path: p.id,
      serial: c.serial,
      state: this.stateOf(c),
      weight: c.weight,
    });
  }

  /** A path of which PATH_STATUS is to be said, with any packet that carries messages; its challenges tell it of one that opens. */
  owesStatus(): P | undefined {
    for (const p of this.all) if (p.claims.statusDue && p.claims.stage !== "opening") return p;
    return undefined;
  }

  /** Appends PATH_STATUS of one that owes it, at most 14 bytes: if the packet is lost {@link statusLost} wants its number and serial. */
  writeStatus(p: P, w: FrameWriter): void {
    this.writeOne(p, w);
    p.claims.statusDue = false;
  }

  statusLost(id: number, serial: number): void {
    const c = this.all[id]?.claims;
    if (c?.serial === serial) c.statusDue = true;
  }

  /** Whether messages go over a path: if there is none better. One that copies has its own only where no other can. */
  carries(p: P): boolean {
    const { rank, use } = p.claims;
    if (rank === 4 || p.claims.route === noRoute) return false;
    for (const q of this.all) {
      const r = q.claims.rank;
      if (q === p || r > rank || q.claims.route === noRoute) continue;
      if (r < rank || (use === "copy" && q.claims.use !== "copy" && q.nextSend() < Infinity)) {
        return false;
      }
    }
    return true;
  }

  /** The path to ask next for a packet, of those that were not (bits by number); undefined: there is none. */
  turn(now: number, asked: number): P | undefined {
    let best: P | undefined;
    for (const p of this.all) {
      const c = p.claims;
      if ((asked >> p.id) & 1 || c.stage === "closed" || c.route === noRoute) continue;
      const ready = this.carries(p) && p.nextSend() <= now;
      if (ready && c.waits) c.served = Math.max(c.served, this.clock); // nothing is made up for
      c.waits = !ready;
      if (best === undefined || (ready && (best.claims.waits || c.served < best.claims.served))) {
        best = p;
      }
    }
    return best;
  }

  private anotherIsWell(than?: P): boolean {
    for (const q of this.all) if (q !== than && q.claims.rank < 2) return true;
    return false;
  }

  /** Notes whether messages go over a reserve because a path is a suspect. */
  private lookAfter(p: P): void {
    const { stage, use } = p.claims;
    const suspect = stage === "suspect" && use !== "reserve";
    p.left = suspect && this.all.reduce((r, q) => Math.min(r, q.claims.rank), 4) === 1;
  }

  /** When a path becomes a suspect, is dead, or has failed. */
  private silenceAt(p: P): number {
    const { stage, active } = p.claims;
    if (!active || this.held) return Infinity;
    const since = Math.max(p.owedSince(), this.awakeAt);
    if (stage === "well") {
      const many = this.anotherIsWell(p) ? Math.max(p.owedSince(suspectPackets), since) : since;
      return p.pto() + Math.min(many, since + p.pto() / 2);
    }
    if (stage === "suspect") return since + 3 * p.pto();
    if (!this.anotherIsWell(p)) return Infinity;
    if (!p.reliable) return since;
    return since + Math.max(3 * p.pto(), Math.min(this.cfg.timeout, longestSilence));
  }

  private checkSilence(now: number, p: P): void {
    const c = p.claims;
    if (c.stage === "well" && now >= this.silenceAt(p)) {
      c.become("suspect");
      this.hurry(now);
    }
    if (c.stage === "suspect" && now >= this.silenceAt(p)) c.become("dead");
    if (c.stage !== "dead") return;
    if (now >= this.silenceAt(p)) {
      this.fail(now, p);
    } else if (p.reliable && this.anotherIsWell(p)) {
      p.repeatHeld();
    } else if (!c.silent && !this.anotherIsWell(p)) {
      c.silent = true;
      this.cfg.told(p.id, "silent");
    }
  }

  /** When {@link onTimeout} has something to do. What is to be sent is not among it. */
  deadline(): number {
    let at = Infinity;
    for (const p of this.all) {
      const c = p.claims;
      if (c.stage === "closed") continue;
      this.lookAfter(p);
      at = Math.min(at, p.deadline(), c.retryAt, this.silenceAt(p));
      if (c.tokens.length === tries) at = Math.min(at, c.askAt);
    }
    return at;
  }

  /** When a path has to ask or to answer. */
  provesAt(p: P): number {
    const c = p.claims;
    if (c.route === noRoute || p.busy) return Infinity;
    if (c.replies.length > 0) return -Infinity;
    return c.tokens.length < tries ? c.askAt : Infinity;
  }

  /** Does what is due. */
  onTimeout(now: number): void {
    for (const p of this.all) {
      const c = p.claims;
      if (c.stage === "closed") continue;
      this.lookAfter(p);
      p.onTimeout(now);
      if (now >= c.retryAt) this.retry(now, p);
      this.checkSilence(now, p);
      if (c.stage === "opening" && c.tokens.length === tries && now >= c.askAt) {
        this.notOpened(now, p);
      }
    }
  }

  /** A path that failed is asked after one second, and each time a second later, up to five. */
  private retry(now: number, p: P): void {
    const c = p.claims;
    p.lostAll(now - 1); // of the last time; what asks now tells of the path when it is answered
    p.probes = 1;
    c.retryWait = Math.min(c.retryWait + second, longestRetry);
    c.retriedAt = now;
    c.retryAt = now + c.retryWait;
  }

  /** If no path is well any more those that failed are asked at once, but not within a second of the last time that they were. */
  private hurry(now: number): void {
    if (this.all.some((p) => p.claims.stage === "well")) return;
    for (const { claims: c } of this.all) {
      if (c.retryAt === Infinity) continue;
      c.retryAt = Math.min(c.retryAt, Math.max(now, c.retriedAt + second));
      c.retryWait = 0;
    }
  }
}

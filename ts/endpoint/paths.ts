import { noRoute } from "./constants.js";
import { Claims, type PathState } from "./claims.js";
import { type AckFrame, type Path, type Sent } from "./path.js";
import { type FrameWriter } from "../wire/index.js";

/** A PathsConfig is what the paths of a connection have in common. */
export interface PathsConfig<P> {
  /** Makes a path that nobody has opened. */
  make: (id: number, now: number) => P;
  /** 64 bits that nobody can guess. */
  token: () => bigint;
  /** How many paths there may be, at most 8. */
  limit: number;
  /** The connection's timeout, in microseconds; Infinity: never. */
  timeout: number;
  /** Hears what becomes of a path. */
  told: (id: number, state: PathState) => void;
}

/**
 * Paths are those of a connection, as the side has them that opens them (SPEC.md, 6.8 and 7.15): which one
 * messages take, which answers, and what is asked and said about them. What is in here is for path 0
 * alone, that of the handshake; what it takes to have several, or to notice that one is silent, may come later:
 * {@link several} of module several.
 */
export class Paths<S extends Sent, P extends Path<S> = Path<S>> {
  /** By their numbers. */
  readonly all: P[] = [];
  /** The peer reads frames of paths. */
  known = false;
  /** Somebody is on hold: silence says nothing. */
  held = false;
  protected clock = 0; // how much the path had got that messages went over last
  protected awakeAt = -Infinity; // silence counts from then on

  constructor(
    now: number,
    protected cfg: PathsConfig<P>,
    route: number,
    reliable: boolean,
  ) {
    this.restart(now, route, reliable);
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

  protected begin(now: number, id: number, route: number, reliable: boolean): Claims {
    while (this.all.length <= id) this.all.push(this.cfg.make(this.all.length, now));
    const p = this.all[id]!;
    const c = p.claims;
    const { serial } = c;
    Object.assign(c, new Claims(), { serial, route, heardAt: now, served: this.clock });
    p.reliable = reliable;
    p.quiet = p.busy = false;
    p.afresh(now);
    return c;
  }

  /** What carried some paths is gone: what was on its way there goes over the others. */
  died(now: number, route: number): void {
    for (const p of this.all) if (p.claims.route === route) this.stranded(now, p);
  }

  /** A path has no way any more. */
  protected stranded(now: number, p: P): void {
    if (p.claims.stage === "closed") return;
    p.lostAll(now);
    p.quiet = true;
    p.busy = false;
    p.claims.become("failed");
    p.claims.route = noRoute;
    this.cfg.told(p.id, "failed");
  }

  /**
   * Takes a packet that opened, before its frames are read: newest, if its number is the highest so far.
   * undefined: it is dropped, since its path is none, or came another way.
   */
  arrived(now: number, id: number, route: number, _newest: boolean): P | undefined {
    const p = this.all[id];
    if (p?.claims.route !== route) return undefined;
    p.claims.heardAt = now;
    return p;
  }

  /** Takes an ACK of a path; false: it acknowledges what was never sent. */
  onAck(now: number, p: P, a: AckFrame): boolean {
    return p.onAck(now, a);
  }

  /** Somebody was asleep until now, so nobody can have answered; and what was sent before measures nothing. */
  awake(now: number): void {
    this.awakeAt = now;
    for (const p of this.all) {
      p.forgive(now);
      if (p.claims.active) p.claims.stage = "well";
    }
  }

  /** PATH_CHALLENGE: it is answered where it came from, at once. */
  challenge(_p: P, _token: bigint): void {}

  /** PATH_RESPONSE. */
  response(_now: number, _p: P, _token: bigint): void {}

  /** PATH_STATUS, its state as the number on the wire; false: it breaks the rules. */
  status(_now: number, _id: number, _serial: number, _state: number, _weight: number): boolean {
    return true;
  }

  /** Whether the next packet of a path is one that asks or answers: {@link writeProof} fills it, and nothing else. */
  proves(_now: number, _p: P): boolean {
    return false;
  }

  /** Fills such a packet. It elicits an ack, and is {@link Sent.aside}. */
  writeProof(_now: number, _p: P, _w: FrameWriter): void {}

  /** A path of which PATH_STATUS is to be said, with any packet that carries messages; its challenges tell it of one that opens. */
  owesStatus(): P | undefined {
    return undefined;
  }

  /** Appends PATH_STATUS of one that owes it, at most 14 bytes: if the packet is lost {@link statusLost} wants its number and serial. */
  writeStatus(_p: P, _w: FrameWriter): void {}

  statusLost(_id: number, _serial: number): void {}

  /** Whether messages go over a path: if there is none better. One that copies has its own only where no other can. */
  carries(p: P): boolean {
    return p.claims.route !== noRoute;
  }

  /** The path to ask next for a packet, of those that were not (bits by number); undefined: there is none. */
  turn(_now: number, asked = 0): P | undefined {
    const p = this.all[0]!;
    return asked & 1 || p.claims.route === noRoute ? undefined : p;
  }

  /** Counts bytes of messages against the share of a path. */
  serve(p: P, bytes: number): void {
    this.clock = Math.max(this.clock, p.claims.served);
    p.claims.served += bytes / p.claims.weight;
  }

  /** The path whose measurements stand for the connection: of the best the one with the shortest round trip. */
  get lead(): P {
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

  /** When a path has to ask or to answer. */
  provesAt(_p: P): number {
    return Infinity;
  }

  /** When {@link onTimeout} has something to do. What is to be sent is not among it. */
  deadline(): number {
    return this.all[0]!.deadline();
  }

  /** Does what is due. */
  onTimeout(now: number): void {
    this.all[0]!.onTimeout(now);
  }
}

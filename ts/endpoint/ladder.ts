import { type Sent } from "./path.js";
import { type FullPath } from "./path_full.js";
import { type SeveralPaths } from "./several.js";

const second = 1_000_000;
const firstAgain = 2 * second;
const lastAgain = 60 * second;

/** A Rung is a way to the server that stands now. */
interface Rung {
  route: number;
  /** The lowest is best. */
  rank: number;
  reliable: boolean;
  /** When a path is opened there; Infinity: there is one. After it could not be, each time later. */
  openAt: number;
  wait: number;
}

/**
 * A Ladder has a connection go over the best of several ways that lead to one server, as they come and go:
 *
 *     WebSocket ──▶ WebRTC ──▶ WebTransport      each one opened as a further path when its way stands
 *               ◀──        ◀──                   and back at once when it ends or does not answer
 *
 * The best path that answers shares; all others are kept in reserve, so that the one below carries messages
 * in the moment in which the best one fails. What could not be opened is tried again after 2, 4, … 60 s.
 */
export class Ladder<S extends Sent> {
  private rungs: Rung[] = [];

  /** Begins with the way of the handshake, which has path 0. */
  constructor(
    private paths: SeveralPaths<S>,
    route: number,
    rank: number,
    reliable: boolean,
  ) {
    this.rungs.push({ route, rank, reliable, openAt: Infinity, wait: firstAgain });
  }

  /** A way stands. */
  up(now: number, route: number, rank: number, reliable: boolean): void {
    this.rungs.push({ route, rank, reliable, openAt: now, wait: firstAgain });
    this.onTimeout(now);
  }

  /** A way has ended. */
  down(now: number, route: number): void {
    this.rungs = this.rungs.filter((r) => r.route !== route);
    this.paths.died(now, route);
    this.changed(now);
  }

  /** The path that goes a way; undefined: none does. */
  private pathOf({ route }: Rung): FullPath<S> | undefined {
    return this.paths.all.find(({ claims: c }) => c.route === route && c.stage !== "closed");
  }

  /** Looks after the event PathChanged which path is the best now, and which have no way any more. */
  changed(now: number): void {
    let best: Rung | undefined;
    for (const r of this.rungs) {
      const c = this.pathOf(r)?.claims;
      if (c === undefined && r.openAt === Infinity) {
        r.openAt = now + r.wait;
        r.wait = Math.min(2 * r.wait, lastAgain);
      }
      if (c?.active && !c.silent && (best === undefined || r.rank < best.rank)) best = r;
    }
    if (best === undefined) return;
    best.wait = firstAgain;
    for (const p of this.paths.all) {
      const r = this.rungs.find((r) => r.route === p.claims.route);
      if (r === undefined) this.paths.close(now, p.id);
      else this.paths.set(p.id, r === best ? "share" : "reserve");
    }
  }

  /** When {@link onTimeout} has something to do. */
  deadline(): number {
    return this.paths.known ? Math.min(...this.rungs.map((r) => r.openAt)) : Infinity;
  }

  /** Opens what is due. */
  onTimeout(now: number): void {
    for (const r of this.rungs) {
      if (r.openAt > now || !this.paths.known) continue;
      const path = this.paths.open(now, r.route, r.reliable, "reserve");
      r.openAt = path < 0 ? now + second : Infinity;
    }
  }
}

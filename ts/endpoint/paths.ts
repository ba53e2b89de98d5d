import { noRoute } from "./constants.js";
import { type PathState } from "./claims.js";
import { type Path, type Sent } from "./path.js";

/** A PathsConfig is what the paths of a connection have in common. */
export interface PathsConfig<P> {
  /** Makes a path that nobody has opened. */
  make: (id: number) => P;
  /** Hears what becomes of a path. */
  told: (id: number, state: PathState) => void;
}

/** A SeveralConfig is what several of them have in common besides. */
export interface SeveralConfig {
  /** 64 bits that nobody can guess. */
  token: () => bigint;
  /** How many paths there may be, at most 8. */
  limit: number;
  /** The connection's timeout, in microseconds; Infinity: never. */
  timeout: number;
}

/**
 * Paths are those of a connection, as the side has them that opens them (SPEC.md, 6.8 and 7.15). What is in here
 * is for path 0 alone, that of the handshake; {@link SeveralPaths} know which one messages take, which answers, and
 * what is asked and said about them.
 */
export class Paths<S extends Sent, P extends Path<S> = Path<S>> {
  /** By their numbers. */
  readonly all: P[];

  constructor(
    now: number,
    protected cfg: PathsConfig<P>,
    route: number,
    reliable: boolean,
  ) {
    const p = cfg.make(0);
    this.all = [p];
    p.reliable = reliable;
    p.claims.route = route;
    p.claims.stage = "well";
    p.claims.heardAt = now;
  }

  /** What carried some paths is gone. */
  died(_now: number, route: number): void {
    const { claims } = this.all[0]!;
    if (claims.route !== route) return;
    claims.route = noRoute;
    claims.stage = "failed";
    this.cfg.told(0, "failed");
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

  /** The path whose measurements stand for the connection: of the best the one with the shortest round trip. */
  get lead(): P {
    return this.all[0]!;
  }
}

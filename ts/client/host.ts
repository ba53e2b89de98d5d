import type { Token } from "../netcode/token.js";
import type { Outgoing } from "../endpoint/departure.js";
import type { Clock } from "./clock.js";
import type { ClientConfig } from "./config.js";
import type { Conn } from "./conn.js";
import type { Event } from "./event.js";
import type { Trail } from "./trail.js";

/** A Led is how a Conn came to be that a server has sent on to another one. */
export interface Led {
  /** The Conn with the one before. */
  readonly from: Conn;
  readonly trail: Trail;
  /** When to give up. */
  readonly until: number;
  /** Is called once when the attempt is over, whatever came of it. */
  arrived(now: number): void;
}

/** A Host is what a Client is to its Conns. */
export interface Host {
  readonly cfg: ClientConfig;
  readonly clock: Clock;
  /** Returns n bytes that nobody can guess. */
  readonly random: (n: number) => Uint8Array;
  /** The packet that is under construction. */
  readonly out: Outgoing;
  report(event: Event): void;
  /** Connects with tokens to where the server of another Conn has sent us. */
  follow(tokens: readonly Token[], led: Led): void;
  /** Something has to be done soon. */
  wake(): void;
}

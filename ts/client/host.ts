import type { Token } from "../netcode/token.js";
import type { Outgoing } from "../endpoint/departure.js";
import type { Clock } from "./clock.js";
import type { ClientConfig } from "./config.js";
import type { Conn } from "./conn.js";
import type { Event } from "./event.js";
import type { Trail } from "./trail.js";

/** A Host is what a Client is to its Conns. */
export interface Host {
  readonly cfg: ClientConfig;
  readonly clock: Clock;
  /** Returns n bytes that nobody can guess. */
  readonly random: (n: number) => Uint8Array;
  /** The packet that is under construction. */
  readonly out: Outgoing;
  report(event: Event): void;
  /** Connects to another server, for a Conn whose server has sent us there. False: the tokens will not do. */
  connectBeside(tokens: readonly Token[], from: Conn, trail: Trail, until: number): boolean;
  /** Something has to be done soon. */
  wake(): void;
}

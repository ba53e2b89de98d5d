import { type Outgoing } from "../endpoint/departure.js";
import { type Clock } from "./clock.js";
import { type ClientConfig } from "./config.js";
import { type Event } from "./event.js";

/** A Host is what a Client is to its Conns. */
export interface Host {
  readonly cfg: ClientConfig;
  readonly clock: Clock;
  /** Returns n bytes that nobody can guess. */
  readonly random: (n: number) => Uint8Array;
  /** The packet that is under construction. */
  readonly out: Outgoing;
  report(event: Event): void;
  /** Something has to be done soon. */
  wake(): void;
}

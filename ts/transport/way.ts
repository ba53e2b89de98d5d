import type { Address } from "../wire/address.js";

/** What carries datagrams, in the names of Go's transport.Kind. */
export type Kind = "udp" | "websocket" | "webrtc" | "webtransport";

/**
 * A Way is one open transport to a server, whose datagrams come and go whole. Whoever uses it sets the
 * three functions before anything else happens.
 */
export interface Way {
  readonly kind: Kind;
  /** It loses nothing, and keeps the order. */
  readonly reliable: boolean;
  /** The server offers further ways, to which one may climb. */
  readonly offers?: boolean;
  /** The largest datagram that it takes, in bytes. */
  readonly maxDatagram: number;
  /**
   * Sends a datagram, and copies what it does not send at once.
   *
   * @returns false if it is not open yet, or full: then onReady tells when to try again
   */
  send(datagram: Uint8Array): boolean;
  /** Closes it: nothing is told any more. */
  close(): void;
  /** A datagram came; its memory is the receiver's. */
  onDatagram: (datagram: Uint8Array) => void;
  onReady: () => void;
  /** It ended, or could not be opened; the reason is for people. It is called once. */
  onEnded: (reason: string) => void;
}

/** A Climber looks for further ways to the server of a way, until it is stopped. */
export interface Climber {
  /** Whether nobody answers on any way, so that another one is to be had even if all of them stand. */
  silent?(on: boolean): void;
  /** Stops, and closes nothing that it has found. */
  stop(): void;
}

/** A Door is how a server can be reached. */
export interface Door {
  /** Which of its addresses that is; undefined if it is none of them. */
  readonly address?: Address;
  /** Opens a way; each call another one. */
  open(): Way;
}

/** A Transport opens ways to servers. */
export interface Transport {
  /** Whether the ways that it opens first are; those to which it climbs may be others. */
  readonly reliable: boolean;
  /** How a server can be reached, in the order in which to try. */
  ways(addresses: readonly Address[]): readonly Door[];
  /**
   * Looks for further ways to the same server, once there is a connection by the first one. Each is told
   * when it is open, and one that ends is looked for again.
   */
  climb?(first: Way, found: (way: Way) => void): Climber;
}

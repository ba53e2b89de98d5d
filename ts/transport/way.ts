import { type Address } from "../wire/control.js";

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
  /** The largest datagram that it takes, in bytes. */
  readonly maxDatagram: number;
  /**
   * Sends a datagram, and copies what it does not send at once.
   *
   * @returns false if it is not open yet, or full: then onReady tells when to try again
   */
  send(datagram: Uint8Array): boolean;
  /** Closes it. onEnded is not called. */
  close(): void;
  /** A datagram came; its memory is the way's again when the function returns. */
  onDatagram: (datagram: Uint8Array) => void;
  onReady: () => void;
  /** It ended; the reason is for people. It is called once. */
  onEnded: (reason: string) => void;
}

/** A Transport opens ways to servers. */
export interface Transport {
  /** How a server can be reached, in the order in which to try; each call of one opens a way. */
  ways(addresses: readonly Address[]): readonly (() => Way)[];
}

import type { PathState } from "../endpoint/claims.js";
import type { LossReason } from "../endpoint/event.js";
import type { Conn } from "./conn.js";
import type { Reason } from "./reason.js";

/** How far an attempt to connect has come. */
export type State = "requesting" | "answering" | "next server";

/** An Event is something that happened to a connection or to a message; the names are those of Go. */
export type Event =
  /** An attempt came a step further. From, of this kind and of the others that have it: whose server has sent us to this one. */
  | { kind: "Connecting"; conn: Conn; state: State; from?: Conn }
  /** Messages can be sent. Resumed: with a ticket of an earlier process. The Conn that it is from drains. */
  | { kind: "Connected"; conn: Conn; resumed: boolean; from?: Conn }
  /** The peer stored the whole message of a receipt. */
  | { kind: "Delivered"; conn: Conn; channel: number; receipt: number }
  /** The message of a receipt is not known to have arrived. */
  | { kind: "Lost"; conn: Conn; channel: number; receipt: number; why: LossReason }
  /** A channel whose full queue refused a message is half empty. */
  | { kind: "Writable"; conn: Conn; channel: number }
  /** A path is in another state. */
  | { kind: "PathChanged"; conn: Conn; path: number; pathState: PathState }
  /**
   * The paths together carry a quarter more or less than was told before, four times a second at most: a game sends less
   * instead of late. That it is more is told only to who has more to send.
   */
  | { kind: "RateChanged"; conn: Conn; bytesPerSecond: number }
  /** Nothing was heard of the server for the timeout, or it has forgotten us. The Conn tries to come back. */
  | { kind: "Away"; conn: Conn }
  /**
   * The server is there again. If it is not kept, what was sent before and had not arrived is lost, and so
   * is what the server knew.
   */
  | { kind: "Back"; conn: Conn; kept: boolean; undelivered: number; unreliable: number }
  /** The Conn is over. It is its last event. From: one that was never connected where the server of another has sent us. */
  | {
      kind: "Disconnected";
      conn: Conn;
      reason: Reason;
      undelivered: number;
      unreliable: number;
      from?: Conn;
    };

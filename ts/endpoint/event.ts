import type { PathState } from "./claims.js";

/** Why a message is lost. */
export type LossReason =
  | "not known" // its packet was lost, or its fate could not be learned
  | "superseded" // a newer value was started before this one arrived
  | "replaced" // a newer value of its key replaced it in the queue
  | "dropped" // the queue was full
  | "connection closed"
  | "expired" // its time was over
  | "gave up"; // it was lost and not sent again

/** An Event is something that happened to the connection or to a message. What a client tells its game as it is has its name there. */
export type Event =
  /** The peer's HELLO matched: messages flow. */
  | { kind: "opened" }
  /** The peer says that it stored the whole message. */
  | { kind: "Delivered"; channel: number; receipt: number }
  /** The message is not known to have arrived. */
  | { kind: "Lost"; channel: number; receipt: number; why: LossReason }
  /** A channel whose full queue refused a message is half empty. */
  | { kind: "Writable"; channel: number }
  /** A path is in another state. */
  | { kind: "PathChanged"; path: number; pathState: PathState }
  /** The paths together carry a quarter more or less than was told before: a game sends less instead of late. */
  | { kind: "RateChanged"; bytesPerSecond: number }
  /** Nothing was heard of the peer for the timeout; the connection is kept. */
  | { kind: "away" }
  /** The peer is heard again. */
  | { kind: "back" }
  /** The connection is over. It is the last event. */
  | {
      kind: "closed";
      code: number;
      text: string;
      /** The peer decided. */
      remote: boolean;
      /** Messages not known to have arrived, and how many of them were unreliable. */
      undelivered: number;
      unreliable: number;
    };

/** A SendError says why a message was not taken. */
export class SendError extends Error {
  override readonly name = "SendError";

  /**
   * @param reason in a word
   * @param field the setting or option that is in the way; may be empty
   * @param value what the message would have come to, and the limit of that
   */
  constructor(
    readonly channel: number,
    readonly reason: "closed" | "no channel" | "too large" | "full" | "option",
    readonly field = "",
    readonly value = 0,
    readonly limit = 0,
  ) {
    super(
      `tickwire: channel ${channel}: ${reason}` +
        (field === "" ? "" : `: ${field}`) +
        (limit === 0 ? "" : ` ${value}, want at most ${limit}`),
    );
  }
}

/** Counters of an endpoint since its beginning. */
export class Stats {
  packetsReceived = 0;
  bytesReceived = 0;
  bytesSent = 0;
  /** Packets that were not read: repeated ones and those of no path; and those whose content had no room. */
  packetsDropped = 0;
  packetsScattered = 0;
  // Of those that have no value here an endpoint knows nothing before it has learned all.
  messagesResent!: number;
  fragmentsResent!: number;
  /** Messages that came and were of no use: known already, older than another one, never finished, without room. */
  messagesDuplicate!: number;
  messagesStale!: number;
  messagesExpired!: number;
  messagesOverflowed = 0;
  /** Messages that came back without a round trip. */
  messagesRebuilt!: number;
}

/** MessageCounts are what was counted of messages since the beginning, of a channel or of all. */
export interface MessageCounts {
  /** Taken by send. */
  messagesSent: number;
  /** That the game took, or could have taken. */
  messagesReceived: number;
  /** Of this end, for whatever reason. */
  messagesLost: number;
}

/** ChannelCounts are what was counted of one channel. */
export interface ChannelCounts extends Readonly<MessageCounts> {
  /** Of frames, with what was sent again. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** What waits to be sent for the first time, each message with 32 bytes more. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
}

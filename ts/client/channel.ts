import { Reader, Writer } from "../codec/index.js";
import type { ChannelConfig } from "../endpoint/config.js";
import type { SendOptions } from "../endpoint/sender.js";
import type { Conn } from "./conn.js";
import { forms, type Forms } from "./forms.js";

/** An AnyChannel is a channel of any message type, as a ClientConfig lists it. */
export interface AnyChannel {
  readonly config: ChannelConfig;
  /** What its messages look like, where they have a type that says so; see MessageType. */
  readonly schema?: readonly string[] | undefined;
  /** @internal Compares that with what the server has. */
  readonly forms?: Forms;
}

/** A MessageType writes and reads messages, as those do that `tickwire gen --ts` makes. */
export interface MessageType<T> {
  encode(m: T, w: Writer): Uint8Array;
  decode(b: Uint8Array, m: T | undefined, r: Reader): T;
  /**
   * The form of the messages in words, for each schema version from 1 on. Client and server tell each other,
   * and do not connect where these have no version in common. Without it nothing is compared.
   */
  readonly schema?: readonly string[];
}

const writer = /* @__PURE__ */ new Writer();
const reader = /* @__PURE__ */ new Reader();

/**
 * A Channel carries messages of a type. Declare it once, name it in the configuration, use it with any
 * Conn:
 *
 *     const moves = new Channel({ id: 1, delivery: Delivery.unreliable }, Move);
 *     moves.send(conn, { tick, x, y, fire: false });
 *     for (const move of moves.receive(conn)) …
 */
export class Channel<T> implements AnyChannel {
  /** @internal */
  readonly forms = forms;

  constructor(
    readonly config: ChannelConfig,
    private readonly type: MessageType<T>,
  ) {}

  /** What its messages look like; see MessageType. */
  get schema(): readonly string[] | undefined {
    return this.type.schema;
  }

  /** Sends a message. Throws a SendError, or the FieldError of what cannot be written. */
  send(conn: Conn, m: T, options?: SendOptions): number {
    writer.version = conn.schemaVersion;
    return conn.send(this.config.id, this.type.encode(m, writer), options);
  }

  /**
   * Takes the messages that came. One that cannot be read is a FieldError, thrown when it is its turn; the
   * next call goes on behind it.
   */
  *receive(conn: Conn): Generator<T> {
    for (let m = this.next(conn); m !== undefined; m = this.next(conn)) yield m;
  }

  /** Takes the next message, read into into if it is given; undefined if none is there. */
  next(conn: Conn, into?: T): T | undefined {
    const b = conn.next(this.config.id);
    return b && this.read(conn, b, into);
  }

  /** Takes all messages that came, and returns the newest; undefined if none is there. */
  latest(conn: Conn, into?: T): T | undefined {
    const b = conn.latest(this.config.id);
    return b && this.read(conn, b, into);
  }

  private read(conn: Conn, b: Uint8Array, into: T | undefined): T {
    reader.version = conn.schemaVersion;
    return this.type.decode(b, into, reader);
  }
}

/** A RawChannel carries bytes. */
export class RawChannel implements AnyChannel {
  constructor(readonly config: ChannelConfig) {}

  /** Sends a message. Throws a SendError. */
  send(conn: Conn, b: Uint8Array, options?: SendOptions): number {
    return conn.send(this.config.id, b, options);
  }

  /** Takes the messages that came. */
  receive(conn: Conn): Generator<Uint8Array> {
    return conn.receive(this.config.id);
  }

  /** Takes all messages that came, and returns the newest; undefined if none is there. */
  latest(conn: Conn): Uint8Array | undefined {
    return conn.latest(this.config.id);
  }
}

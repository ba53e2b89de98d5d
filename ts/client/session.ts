import type { SendOptions } from "../endpoint/sender.js";
import { Client } from "./client.js";
import type { ClientConfig } from "./config.js";
import type { Conn } from "./conn.js";
import type { Event } from "./event.js";
import type { Reason } from "./reason.js";

/** A ConnError says why a server did not let us in. */
export class ConnError extends Error {
  override readonly name = "ConnError";

  constructor(readonly reason: Reason) {
    super(`tickwire: not connected: ${reason}`);
  }
}

/** A Message is what came on a channel. */
export interface Message {
  readonly kind: "Message";
  readonly conn: Conn;
  readonly channel: number;
  readonly payload: Uint8Array;
}

/**
 * A Session is one connection to a server for programs without frames: a bot, a tool.
 *
 *     const session = await dial({ channels, transport: udp() }, tokens);
 *     for await (const event of session.events()) …
 */
export class Session {
  private waiting: (() => void)[] = [];
  private last: Event | undefined; // Disconnected, behind what had come

  constructor(
    private readonly client: Client,
    private readonly channels: readonly number[],
    /** The connection; after the server has handed us over another one. */
    public conn: Conn,
  ) {
    client.onNews = () => this.tell();
  }

  /** Has all who wait look again. */
  private tell(): void {
    this.waiting.splice(0).forEach((resolve) => resolve());
  }

  private news(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Sends a message on a channel; see Conn.send. */
  send(channel: number, b: Uint8Array, options?: SendOptions): number {
    return this.conn.send(channel, b, options);
  }

  /** What happens, messages included, until the connection has ended; of several loops one has each event, and all of them end. */
  async *events(): AsyncGenerator<Event | Message> {
    for (;;) {
      const event = this.next();
      if (event?.kind === "Disconnected") this.tell(); // another loop, which has nothing more to wait for
      if (event) yield event;
      else if (this.conn.reason) return;
      else await this.news();
    }
  }

  private next(): Event | Message | undefined {
    const event = this.last ?? this.client.next();
    this.last = undefined;
    if (event?.kind === "Connected") this.conn = event.conn;
    const ends = event?.kind === "Disconnected";
    if (event && !ends) return event;
    const { conn } = this;
    for (const channel of this.channels) {
      const payload = conn.next(channel);
      if (!payload) continue;
      this.last = event;
      return { kind: "Message", conn, channel, payload };
    }
    return ends && event.conn !== conn ? this.next() : event; // of one that has handed us over
  }

  /** Ends the connection at once; what was sent just before may not arrive. */
  close(): void {
    this.client.close();
  }

  /** Ends it when what was sent has arrived, or after so many milliseconds; what came stays for events. */
  async shutdown(within = 5000): Promise<void> {
    const { conn } = this;
    for (conn.drain(0, "", within); !conn.reason; ) await this.news();
    this.client.close();
  }
}

/** Waits until messages can be sent; a ConnError says why not. */
function connected(client: Client, cfg: ClientConfig, conn: Conn): Promise<Session> {
  return new Promise((resolve, reject) => {
    client.onNews = () => {
      for (const event of client.events()) {
        if (event.kind === "Connected")
          return resolve(
            new Session(
              client,
              cfg.channels.map((c) => c.config.id),
              conn,
            ),
          );
        if (event.kind !== "Disconnected") continue;
        client.close();
        return reject(new ConnError(event.reason));
      }
    };
  });
}

/** Connects with connect tokens. Rejects with a {@link ConnError}, or a TokenError. */
export async function dial(cfg: ClientConfig, tokens: Uint8Array | ArrayBuffer): Promise<Session> {
  const client = new Client(cfg);
  return connected(client, cfg, client.connect(tokens));
}

/** Connects with a ticket of an earlier process, as {@link dial} does. */
export async function resume(cfg: ClientConfig, ticket: Uint8Array | ArrayBuffer): Promise<Session> {
  const client = new Client(cfg);
  return connected(client, cfg, client.resume(ticket));
}

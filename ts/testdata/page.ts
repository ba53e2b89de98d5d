import { channels, text, words } from "./channels.js";
import { Client, web, type Conn, type Kind } from "../client/index.js";

const chat = channels[4]!;

/** A Game is what a page of the tests does: it says numbers, and the server says them back. */
class Game {
  private readonly client: Client;
  private readonly conn: Conn;
  /** The names of events, and the transports that carried messages, one behind the other. */
  readonly log: string[] = [];
  said = 0;
  heard = 0;
  /** The first message that came out of turn. */
  wrong = "";
  private silence = 0;
  private last = 0;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(url: string, token: string, transports?: Kind[], isTicket = false) {
    const cfg = transports ? { transports } : {};
    this.client = new Client({ channels, transport: web(url, cfg) });
    this.client.onNews = () => this.look();
    const b = Uint8Array.from(atob(token), (c) => c.charCodeAt(0));
    this.conn = isTicket ? this.client.resume(b) : this.client.connect(b);
    this.timer = setInterval(() => {
      if (this.conn.open) chat.send(this.conn, text(`${this.said++}`));
      this.look();
    }, 10);
  }

  private note(what: string): void {
    if (this.log[this.log.length - 1] !== what) this.log.push(what);
  }

  private look(): void {
    for (const e of this.client.events())
      this.note(e.kind === "Disconnected" ? `${e.kind} ${e.reason}` : e.kind);
    const { transport } = this.conn;
    if (transport) this.note(transport);
    for (const b of chat.receive(this.conn)) {
      this.silence = this.longest;
      this.last = performance.now();
      if (words(b) !== `${this.heard}`) this.wrong ||= `${words(b)} in place of ${this.heard}`;
      this.heard++;
    }
  }

  /** The longest time that nothing was heard, from the last cut on, in milliseconds. */
  get longest(): number {
    return this.last > 0 ? Math.max(this.silence, performance.now() - this.last) : 0;
  }

  get transport(): Kind | undefined {
    return this.conn.transport;
  }

  get ticket(): string | undefined {
    const ticket = this.conn.ticket();
    return ticket && btoa(String.fromCharCode(...ticket));
  }

  get paths(): string[] {
    return this.conn.paths().map((p) => `${p.kind} ${p.state === "active" ? p.use : "inactive"}`);
  }

  /** Packets of ours that were lost. */
  get lost(): number | undefined {
    return this.conn.stats()?.packetsLost;
  }

  /** Has what carries something end, as when a network does. */
  cut(kind: Kind): void {
    this.silence = 0;
    for (const way of this.conn.peer.line!.ways.values()) {
      if (way.kind !== kind) continue;
      const { onEnded } = way;
      way.close();
      onEnded("cut by the test");
    }
  }

  /** Says nothing more, waits until all was heard, and leaves. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    for (const until = performance.now() + 120_000; this.heard < this.said;) {
      if (performance.now() > until) throw new Error(`heard ${this.heard} of ${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
      this.look();
    }
    this.conn.close(300, "bye");
  }
}

declare global {
  var Game: new (url: string, token: string, transports?: Kind[], isTicket?: boolean) => object;
  var game: Game;
}

globalThis.Game = Game;

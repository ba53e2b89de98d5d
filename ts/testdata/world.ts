import { Client, Delivery, RawChannel, web, type Conn, type Kind } from "../client/index.js";
import { text, words } from "./channels.js";

// The page of TestLongPages: a player who says a number twenty times a second, as his state and in the chat, and
// sees what the others say. What a person sees of it is the text of the page.

const states = new RawChannel({ id: 2, delivery: Delivery.unreliableLatest });
const chat = new RawChannel({ id: 5, delivery: Delivery.reliableOrdered });

/** What a player saw of another one. */
interface Sight {
  states: number;
  newest: number;
  lines: number; // heard
  next: number; // the line that is due; −1: any
}

/** What a page needs to know, and keeps while it is loaded again. */
interface Game {
  url: string;
  token: string; // in base64
  transports?: Kind[];
  ticket?: string; // in place of the token
  every?: number; // milliseconds: 50
  silent?: boolean; // says nothing in the chat
  leaves?: boolean; // says good-bye when its page is left
  frames?: boolean; // looks in its frames, of which a page that nobody sees has none
}

const base64 = (b: Uint8Array) => btoa(String.fromCharCode(...b));

/** A Player plays until he is told not to. */
class Player {
  readonly saw: Record<string, Sight> = {};
  readonly log: string[] = [];
  wrong = "";
  said = 0;
  private readonly client: Client;
  readonly conn: Conn;

  constructor(private readonly game: Game) {
    const { url, transports, ticket } = game;
    this.client = new Client({
      channels: [states, chat],
      transport: web(url, transports ? { transports } : {}),
    });
    const b = Uint8Array.from(atob(ticket ?? game.token), (c) => c.charCodeAt(0));
    this.conn = ticket ? this.client.resume(b) : this.client.connect(b);
    if (game.frames) this.frame();
    else this.client.onNews = () => this.look();
    setInterval(() => this.speak(), game.every ?? 50);
    addEventListener("pagehide", () => {
      if (game.leaves) this.client.close();
      const newest = this.conn.ticket();
      if (newest && !forget)
        sessionStorage.game = JSON.stringify({ ...game, ticket: base64(newest) });
    });
    this.show("connecting");
  }

  /** Has the person in front of the page read something. */
  private show(text: string): void {
    if (document.body.textContent !== text) document.body.textContent = text;
  }

  private frame(): void {
    this.look();
    requestAnimationFrame(() => this.frame());
  }

  private speak(): void {
    if (!this.conn.open) return;
    const number = text(`${this.said++}`);
    states.send(this.conn, number);
    if (!this.game.silent) chat.send(this.conn, number);
  }

  private look(): void {
    const { conn } = this;
    for (const event of this.client.events()) {
      // nor how fast the line is, which a busy machine makes slow
      if (event.kind !== "PathChanged" && event.kind !== "RateChanged") this.log.push(event.kind);
      if (event.kind === "Away") this.show("the server is silent");
      if (event.kind === "Back" && !event.kept)
        for (const other of Object.values(this.saw)) other.next = -1;
      if (event.kind === "Disconnected") this.show(`it is over: ${event.reason}`);
    }
    if (conn.open && !conn.away) this.show(`connected by ${conn.transport}`);
    const world = states.latest(conn);
    if (world) this.see(words(world));
    for (const line of chat.receive(conn)) this.hear(words(line));
  }

  private of(id: string): Sight {
    return (this.saw[id] ??= { states: 0, newest: -1, lines: 0, next: -1 });
  }

  /** Takes a state of the world: the server's tick, and each player with his number. */
  private see(world: string): void {
    for (const one of world.split(" ")) {
      const [id, number] = one.split("=") as [string, string];
      const other = this.of(id);
      if (id === "0" && +number <= other.newest)
        this.wrong ||= `tick ${number} after ${other.newest}`;
      if (+number !== other.newest) other.states++;
      other.newest = +number;
    }
  }

  /** Takes a line of another one; a page that was loaded again begins anew. */
  private hear(line: string): void {
    const [id, number] = line.split(" ") as [string, string];
    const other = this.of(id);
    if (other.next >= 0 && +number !== other.next && +number !== 0)
      this.wrong ||= `${id} said ${number}, want ${other.next}`;
    other.next = +number + 1;
    other.lines++;
  }
}

declare global {
  var player: Player;
  var play: (game: Game) => void;
  /** Leaves without a trace. */
  var forget: boolean;
  var until: (done: () => unknown) => Promise<boolean>;
}

globalThis.forget = false;
globalThis.play = (game) => {
  try {
    globalThis.player = new Player(game);
  } catch (e) {
    document.body.textContent = `it is over: ${e}`;
  }
};
globalThis.until = async (done) => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
  return true;
};

const kept = sessionStorage.game as string | undefined;
if (kept) play(JSON.parse(kept) as Game);

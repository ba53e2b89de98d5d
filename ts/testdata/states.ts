import { Client, Delivery, RawChannel, web, type Conn, type Kind } from "../client/index.js";

const states = new RawChannel({ id: 1, name: "states", delivery: Delivery.unreliableLatest });
const inputs = new RawChannel({ id: 2, name: "inputs", delivery: Delivery.unreliableLatest });
const words = new RawChannel({ id: 3, name: "words", delivery: Delivery.reliableOrdered });

const often = 1000 / 60;
const inputBytes = 40;

/** Arrivals are when states were sent, by the server's clock, and when they came, by the page's; milliseconds. */
class Arrivals {
  readonly sent: number[] = [];
  readonly came: number[] = [];

  note(state: Uint8Array): void {
    this.sent.push(new DataView(state.buffer, state.byteOffset).getFloat64(0));
    this.came.push(performance.now());
  }

  /** The longest time that no state came, from one by the page's clock until now. */
  silence(from: number): number {
    let [last, longest] = [from, 0];
    for (const at of [...this.came, performance.now()]) {
      if (at <= from) continue;
      longest = Math.max(longest, at - last);
      last = at;
    }
    return longest;
  }
}

/** A Player sends inputs, takes states, and says numbers that must arrive once and in order, as the server does. */
class Player {
  readonly arrivals = new Arrivals();
  /** Which transport carried messages, and since when. */
  readonly log: [Kind, number][] = [];
  said = 0;
  heard = 0;
  /** What did not come in its turn, or why it is over. */
  wrong = "";
  private readonly client: Client;
  private readonly conn: Conn;
  private quiet = false;
  private tick = 0;

  constructor(url: string, token: string, transports: Kind[]) {
    this.client = new Client({
      channels: [states, inputs, words],
      transport: web(url, { transports }),
    });
    this.client.onNews = () => this.look();
    this.conn = this.client.connect(Uint8Array.from(atob(token), (c) => c.charCodeAt(0)));
    setInterval(() => this.speak(), often);
  }

  private speak(): void {
    if (!this.conn.open) return;
    inputs.send(this.conn, new Uint8Array(inputBytes));
    if (this.tick++ % 3 === 0 && !this.quiet)
      words.send(this.conn, new Uint8Array(Uint32Array.of(this.said++).buffer));
  }

  private look(): void {
    for (const e of this.client.events())
      if (e.kind === "Disconnected") this.wrong ||= `it is over: ${e.reason}`;
    const { transport } = this.conn;
    if (transport && this.log.at(-1)?.[0] !== transport)
      this.log.push([transport, performance.now()]);
    for (const state of states.receive(this.conn)) this.arrivals.note(state);
    for (const word of words.receive(this.conn)) {
      const n = new DataView(word.buffer, word.byteOffset).getUint32(0, true);
      if (n !== this.heard) this.wrong ||= `${n} in place of ${this.heard}`;
      this.heard++;
    }
  }

  get transport(): Kind | undefined {
    return this.conn.transport;
  }

  get paths(): string[] {
    return this.conn.paths().map((p) => `${p.kind} ${p.state === "active" ? p.use : "inactive"}`);
  }

  /** Says nothing more. */
  hush(): number {
    this.quiet = true;
    return this.said;
  }
}

/** A Plain does the same over a WebSocket without anything: each state is a message. */
class Plain {
  readonly arrivals = new Arrivals();
  readonly open: Promise<void>;

  constructor(url: string) {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (m) => this.arrivals.note(new Uint8Array(m.data as ArrayBuffer));
    this.open = new Promise((opened, failed) => {
      socket.onopen = () => {
        setInterval(() => socket.send(new Uint8Array(inputBytes)), often);
        opened();
      };
      socket.onerror = () => failed(new Error(`no WebSocket at ${url}`));
    });
  }
}

/** By a name; what tests look at. */
const all: Record<string, Player | Plain> = {};

Object.assign(globalThis, { all, Player, Plain });

import { Client, type Conn, type Event } from "../client/index.js";
import type { Transport, Way } from "../transport/way.js";
import { udp } from "../transport/udp.js";
import type { Clock } from "../client/clock.js";
import { channels } from "./channels.js";
import { GoServer, patience } from "./server.js";

/** A Skipping is a clock that can be put forward: what is due until then is due at once, and nobody has waited for it. */
export class Skipping implements Clock {
  private skipped = 0; // milliseconds
  private readonly timers = new Map<number, { at: number; f: () => void; real: NodeJS.Timeout }>();
  private last = 0;

  readonly now = () => Math.floor((performance.now() + this.skipped) * 1000);
  readonly unix = () => Date.now() / 1000; // servers have it, too

  after(milliseconds: number, f: () => void): number {
    const id = ++this.last;
    const real = setTimeout(() => this.fire(id), milliseconds);
    this.timers.set(id, { at: this.now() + milliseconds * 1000, f, real });
    return id;
  }

  cancel(id: unknown): void {
    clearTimeout(this.timers.get(id as number)?.real);
    this.timers.delete(id as number);
  }

  private fire(id: number): void {
    const timer = this.timers.get(id);
    this.cancel(id);
    timer?.f();
  }

  /** Puts it forward by so many seconds, once what was done until now has had its effects. */
  async skip(seconds: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.skipped += seconds * 1000;
    const due = [...this.timers].filter(([, { at }]) => at <= this.now());
    for (const [id] of due.sort(([, a], [, b]) => a.at - b.at)) this.fire(id);
  }
}

/** A Player is a Client with what happened to it. */
export class Player {
  readonly client: Client;
  readonly events: Event[] = [];
  private waiting: (() => void)[] = [];

  constructor(more: Partial<ConstructorParameters<typeof Client>[0]> = {}) {
    this.client = new Client({ channels, transport: udp(), ...more });
    this.client.onNews = () => {
      this.events.push(...this.client.events());
      for (const f of this.waiting.splice(0)) f();
    };
  }

  /** Waits until something is so. */
  async until(done: () => boolean, what: string): Promise<void> {
    const end = performance.now() + patience;
    while (!done()) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`${what}: not within ${patience} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Waits for an event of a kind, and takes it out. */
  async event<K extends Event["kind"]>(kind: K): Promise<Event & { kind: K }> {
    const find = () => this.events.findIndex((e) => e.kind === kind);
    await this.until(() => find() >= 0, kind);
    return this.events.splice(find(), 1)[0] as Event & { kind: K };
  }
}

/** Has a player in a server, and ends both. */
export async function match(
  settings: Record<string, unknown>,
  play: (server: GoServer, player: Player, conn: Conn) => Promise<void>,
  more: Partial<ConstructorParameters<typeof Client>[0]> = {},
): Promise<void> {
  const server = await GoServer.start(settings);
  const player = new Player(more);
  try {
    const conn = player.client.connect(await server.token(7));
    await player.event("Connected");
    await play(server, player, conn);
  } finally {
    player.client.close();
    await server.stop();
  }
}

/** A MutedTransport is UDP with ways that can be cut: nothing comes or goes any more, and nobody is told. */
export class MutedTransport implements Transport {
  readonly reliable = false;
  private readonly inner = udp();
  private readonly open: { muted: boolean }[] = [];

  /** Cuts the ways that are open now. */
  mute(muted = true): void {
    for (const way of this.open) way.muted = muted;
  }

  ways(addresses: Parameters<Transport["ways"]>[0]) {
    return this.inner
      .ways(addresses)
      .map((door) => ({ ...door, open: () => this.wrap(door.open()) }));
  }

  private wrap(way: Way): Way {
    const cut = { muted: false };
    this.open.push(cut);
    const outer: Way = {
      kind: way.kind,
      reliable: way.reliable,
      maxDatagram: way.maxDatagram,
      send: (b) => cut.muted || way.send(b),
      close: () => way.close(),
      onDatagram: () => {},
      onReady: () => {},
      onEnded: () => {},
    };
    way.onDatagram = (b) => {
      if (!cut.muted) outer.onDatagram(b);
    };
    way.onReady = () => outer.onReady();
    way.onEnded = (reason) => outer.onEnded(reason);
    return outer;
  }
}

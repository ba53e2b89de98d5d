import { Endpoint, Outgoing, type EndpointConfig, type Event } from "../endpoint/index.js";
import { learn } from "../endpoint/parts.js";
import { chance, Link, type LinkConfig } from "./link.js";

/** A Flying is a packet on a simulated line. */
interface Flying {
  path: number;
  route: number;
  number: number;
  frames: Uint8Array;
}

/** An End is one end of a Pair, and what it was told. */
export class End {
  readonly events: Event[] = [];
  readonly out = new Outgoing(2048);
  packets = 0;
  /** Packets that go are passed through it; undefined: they are lost. */
  meddle: (frames: Uint8Array) => Uint8Array | undefined = (frames) => frames;

  constructor(
    readonly endpoint: Endpoint,
    readonly line: Link<Flying>,
  ) {}
}

/** What a Pair is like. */
export interface PairConfig {
  seed: number;
  config: Omit<EndpointConfig, "random">;
  /** What the other end has, if that is something else. */
  other?: Omit<EndpointConfig, "random">;
  link: LinkConfig;
  /** The share of packets that come twice. */
  twice?: number;
  /**
   * How many microseconds each end takes to learn what it did not know at once, when it needs that. By default both
   * know all from the beginning.
   */
  loads?: [number, number];
  /** When the line is down: from, to, in microseconds. */
  outages?: [number, number][];
}

/** A Pair is two endpoints over a simulated line, in virtual time. */
export class Pair {
  now = 1_000_000;
  readonly a: End;
  readonly b: End;
  readonly random: () => number;
  /** When each end learns. */
  readonly learnAt: [number, number];
  /** How often the ends asked for what they had not learned. */
  wanted = 0;

  constructor(private cfg: PairConfig) {
    this.random = chance(cfg.seed);
    const { loads } = cfg;
    const learnAt: [number, number] = loads ? [Infinity, Infinity] : [0, 0];
    this.learnAt = learnAt;
    const end = (i: 0 | 1, config: Omit<EndpointConfig, "random">) => {
      const random = chance(cfg.seed * 2 + 1 + i);
      const needs = () => {
        this.wanted++;
        learnAt[i] = Math.min(learnAt[i], this.now + (loads?.[i] ?? 0));
      };
      const endpoint = new Endpoint(this.now, { ...config, random, needs });
      return new End(endpoint, new Link<Flying>(this.random, cfg.link));
    };
    this.a = end(0, cfg.config);
    this.b = end(1, cfg.other ?? cfg.config);
  }

  /** Introduces the ends to each other; what comes of it. */
  meet(): unknown {
    const [a, b] = [this.a.endpoint, this.b.endpoint];
    this.learn();
    return a.handleHello(this.now, b.hello(this.now)) ?? b.handleHello(this.now, a.hello(this.now));
  }

  /** Has the ends learn whose time it is. */
  private learn(): void {
    [this.a, this.b].forEach(({ endpoint }, i) => {
      if (this.now < this.learnAt[i]!) return;
      this.learnAt[i] = Infinity;
      learn(endpoint);
    });
  }

  private get down(): boolean {
    return (this.cfg.outages ?? []).some(([from, to]) => this.now >= from && this.now < to);
  }

  private flush(from: End): void {
    const { out, endpoint } = from;
    for (let n = 0; endpoint.nextPacket(this.now, out); n++) {
      if (n > 5000) throw new Error("nextPacket does not come to an end");
      from.packets++;
      const frames = from.meddle(out.frames.written().slice());
      if (frames === undefined || this.down) continue;
      const { path, route, number } = out;
      const packet = { path, route, number, frames };
      from.line.send(this.now, frames.length + 51, packet);
      if (this.random() < (this.cfg.twice ?? 0)) from.line.send(this.now, frames.length + 51, packet);
    }
  }

  private receive(from: End, to: End): void {
    for (let p; (p = from.line.receive(this.now)) !== undefined; ) {
      if (!this.down) to.endpoint.handlePacket(this.now, p.path, p.route, p.number, p.frames);
    }
  }

  /** Lets everything happen that happens now. */
  step(): void {
    const { a, b, now } = this;
    this.learn();
    this.receive(a, b);
    this.receive(b, a);
    for (const end of [a, b]) {
      if (end.endpoint.deadline() <= now) end.endpoint.timeout(now);
      this.flush(end);
      for (let e; (e = end.endpoint.nextEvent()) !== undefined; ) end.events.push(e);
    }
  }

  /** When something happens next. */
  next(): number {
    const { a, b } = this;
    return Math.min(
      a.line.deadline(),
      b.line.deadline(),
      a.endpoint.deadline(),
      b.endpoint.deadline(),
      ...this.learnAt,
    );
  }

  /** Lets time pass. */
  run(time: number): void {
    const until = this.now + time;
    let idle = 0;
    for (this.step(); ; this.step()) {
      const next = this.next();
      idle = next <= this.now ? idle + 1 : 0;
      if (idle > 1000) throw new Error(`time stands still at ${this.now}`);
      if (next > until) break;
      this.now = Math.max(this.now, next);
    }
    this.now = until;
  }
}

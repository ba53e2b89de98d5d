import { Endpoint, Outgoing, type EndpointConfig, type Event } from "../endpoint/index.js";
import type { Part } from "../endpoint/config.js";
import { allParts, learn } from "../endpoint/parts.js";
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

/** How long each part takes, or all of them; those that are not named are there from the beginning. */
export type Loads = number | { readonly [P in Part]?: number };

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
   * How many microseconds each end takes to learn a part that it did not know at once, when it needs that; Infinity: it
   * never comes. By default both know all from the beginning.
   */
  loads?: [Loads, Loads];
  /** When the line is down: from, to, in microseconds. */
  outages?: [number, number][];
}

/** A Pair is two endpoints over a simulated line, in virtual time. */
export class Pair {
  now = 1_000_000;
  readonly a: End;
  readonly b: End;
  readonly random: () => number;
  /** When each end learns a part. */
  private readonly learnAt: [Map<Part, number>, Map<Part, number>];
  /** What the ends asked for that they had not learned. */
  readonly wanted = new Set<Part>();

  constructor(private cfg: PairConfig) {
    this.random = chance(cfg.seed);
    const { loads } = cfg;
    const all = (l: Loads = {}) =>
      new Map(allParts.map((part) => [part, typeof l === "number" || part in l ? Infinity : 0]));
    this.learnAt = [all(loads?.[0]), all(loads?.[1])];
    const end = (i: 0 | 1, config: Omit<EndpointConfig, "random">) => {
      const random = chance(cfg.seed * 2 + 1 + i);
      const needs = (part: Part = "ways") => {
        const takes = loads?.[i] ?? {};
        const at = this.learnAt[i].get(part);
        this.wanted.add(part);
        if (at === undefined) return;
        this.learnAt[i].set(part, Math.min(at, this.now + (typeof takes === "number" ? takes : (takes[part] ?? 0))));
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

  /** Has the ends learn what it is time for. */
  private learn(): void {
    [this.a, this.b].forEach(({ endpoint }, i) => {
      for (const [part, at] of this.learnAt[i]!) {
        if (this.now < at) continue;
        this.learnAt[i]!.delete(part);
        learn(endpoint, part);
      }
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
    let at = Math.min(
      a.line.deadline(),
      b.line.deadline(),
      a.endpoint.deadline(),
      b.endpoint.deadline(),
    );
    for (const of of this.learnAt) for (const due of of.values()) at = Math.min(at, due);
    return at;
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

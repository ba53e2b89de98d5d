/** Numbers from 0 to below 1, by a seed. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A LinkConfig is what one direction of a simulated line is like. */
export interface LinkConfig {
  /** One way, in microseconds. */
  delay: number;
  /** Up to so much more, by lot: packets overtake each other. */
  jitter?: number;
  /** Bytes a second. */
  rate?: number;
  /** How many bytes wait for their turn at most; more are lost. */
  queue?: number;
  /** The share of packets that are lost. */
  loss?: number;
}

/** A Link is one direction of a simulated line, in virtual time: what goes in comes out later, or never. */
export class Link<T> {
  /** The most bytes that have waited. */
  longest = 0;
  private flying: { at: number; item: T }[] = []; // ascending
  private freeAt = 0; // when all that waits has gone

  constructor(
    private random: () => number,
    public config: LinkConfig,
  ) {}

  /** How long something that is sent now has to wait. */
  waits(now: number): number {
    return Math.max(this.freeAt - now, 0);
  }

  send(now: number, bytes: number, item: T): void {
    const { delay, jitter = 0, rate = Infinity, queue = Infinity, loss = 0 } = this.config;
    const waiting = (this.waits(now) * rate) / 1e6;
    if (waiting + bytes > queue) return;
    if (rate < Infinity) {
      this.longest = Math.max(this.longest, waiting);
      this.freeAt = Math.max(this.freeAt, now) + (bytes / rate) * 1e6;
    }
    if (this.random() < loss) return;
    const at = Math.ceil(now + this.waits(now) + delay + this.random() * jitter);
    let i = this.flying.length;
    while (i > 0 && this.flying[i - 1]!.at > at) i--;
    this.flying.splice(i, 0, { at, item });
  }

  /** When the next one comes. */
  deadline(): number {
    return this.flying[0]?.at ?? Infinity;
  }

  /** What has come. */
  receive(now: number): T | undefined {
    return this.deadline() <= now ? this.flying.shift()!.item : undefined;
  }
}

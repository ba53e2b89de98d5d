import type { Address } from "../wire/address.js";

const whole = 60_000_000; // microseconds of requests to where servers lead us
const step = 1_000_000; // what each hand-over costs
const back = 10; // one microsecond comes back in so many

/**
 * A Trail bounds what servers can have a client send, by handing it over to each other: requests for a
 * minute, of which a second comes back in ten (SPEC.md, 7.9 and 7.11).
 */
export class Trail {
  private left = whole;

  constructor(private at: number) {}

  private fill(now: number): void {
    this.left = Math.min(this.left + (now - this.at) / back, whole);
    this.at = now;
  }

  /** Takes a step, and says how long the attempt may last; 0: it may not begin. */
  step(now: number): number {
    this.fill(now);
    if (this.left < step) return 0;
    this.left -= step;
    return this.left;
  }

  /** Charges an attempt that began at an instant, and is over. */
  spent(now: number, since: number): void {
    this.fill(now);
    this.left -= now - since;
  }
}

/** How far away an address can be: 3 anybody's, 2 of a network of its own, 1 this machine, 0 nowhere. */
function reach({ ip, port }: Address): number {
  const mapped = ip.length === 16 && ip.subarray(0, 10).every((v) => v === 0) && ip[10] === 255;
  const b = mapped ? ip.subarray(12) : ip;
  const [x, y] = b as unknown as [number, number];
  if (port === 0 || b.every((v) => v === 0)) return 0;
  if (b.length === 16) {
    const loopback = b[15] === 1 && b.subarray(0, 15).every((v) => v === 0);
    if (loopback) return 1;
    const local = (x & 0xfe) === 0xfc || (x === 0xfe && (y & 0xc0) === 0x80);
    return x === 0xff ? 0 : local ? 2 : 3;
  }
  if ((x >= 224 && x < 240) || b.every((v) => v === 255)) return 0;
  if (x === 127) return 1;
  const own = x === 10 || (x === 172 && y >> 4 === 1) || (x === 192 && y === 168);
  return own || (x === 169 && y === 254) ? 2 : 3;
}

/**
 * Whether a server may lead us to an address: it does not own it, and nobody in the Internet is to have a
 * client talk to what stands beside it.
 */
export function mayLead(from: Address, to: Address): boolean {
  const r = reach(to);
  return r > 0 && r >= reach(from);
}

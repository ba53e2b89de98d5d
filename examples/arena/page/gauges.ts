import type { Conn, ConnStats } from "@tickwire/client";

/** How often is measured, and how much of that is kept: half a minute. */
export const sampleEvery = 100; // milliseconds
export const kept = 300;

/** A Series is one figure over the last half minute. */
export class Series {
  readonly values = new Float32Array(kept);
  /** How many there are. */
  count = 0;
  private next = 0;

  add(v: number): void {
    this.values[this.next] = v;
    this.next = (this.next + 1) % kept;
    this.count = Math.min(this.count + 1, kept);
  }

  /** The value of so many samples ago. */
  ago(i: number): number {
    return this.values[(this.next - 1 - i + 2 * kept) % kept]!;
  }

  /** The mean of the last samples. */
  mean(of: number): number {
    const n = Math.min(of, this.count);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += this.ago(i);
    return n > 0 ? sum / n : 0;
  }
}

/** What the page measures of itself. */
export interface Own {
  /** Pixels a second by which one's own place was put right lately. */
  readonly corrections: number;
  /** How many states of the server did not come. */
  readonly missed: number;
}

/** The Gauges are what the connection measures, over time. Times are milliseconds, rates kbit/s. */
export class Gauges {
  readonly rtt = new Series();
  readonly jitter = new Series();
  readonly loss = new Series(); // percent of what we send
  readonly missed = new Series(); // states of the server that did not come
  readonly down = new Series();
  readonly up = new Series();
  readonly corrections = new Series(); // pixels a second
  /** So many samples ago the link was switched. */
  readonly marks: number[] = [];
  latest: ConnStats | undefined;
  private before: { at: number; sent: number; received: number; missed: number } | undefined;

  /** Of a path that leads for a moment only, which is what settled denies, there is nothing to tell. */
  sample(now: number, conn: Conn, { corrections, missed }: Own, settled: boolean): void {
    const stats = conn.stats();
    if (!stats || !conn.transport || stats.rtt === 0) return; // nothing was measured yet
    if (settled || !this.latest) this.latest = stats;
    const { rtt, rttVar, lossOut } = this.latest;
    const { bytesSent: sent, bytesReceived: received } = stats;
    const last = this.before ?? { at: now - sampleEvery, sent, received, missed };
    const seconds = Math.max(0.001, (now - last.at) / 1000);
    this.before = { at: now, sent, received, missed };
    this.rtt.add(rtt);
    this.jitter.add(rttVar);
    this.loss.add(100 * lossOut);
    this.up.add((8 * Math.max(0, sent - last.sent)) / 1000 / seconds);
    this.down.add((8 * Math.max(0, received - last.received)) / 1000 / seconds);
    this.corrections.add(corrections);
    this.missed.add(Math.max(0, missed - last.missed));
    for (let i = 0; i < this.marks.length; i++) this.marks[i]!++;
    while (this.marks[0]! >= kept) this.marks.shift();
  }

  /** Another connection counts anew; what was before is seen on. */
  begin(): void {
    this.before = undefined;
  }

  /** The link is another one from now on. */
  mark(): void {
    this.marks.push(0);
  }
}

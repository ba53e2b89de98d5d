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

/** The Gauges are what the connection measures, over time. Times are milliseconds, rates kbit/s. */
export class Gauges {
  readonly rtt = new Series();
  readonly jitter = new Series();
  readonly loss = new Series(); // percent
  readonly down = new Series();
  readonly up = new Series();
  readonly corrections = new Series(); // pixels a second
  /** Samples ago at which the link was switched. */
  readonly marks: number[] = [];
  latest: ConnStats | undefined;
  private before: { at: number; sent: number; received: number } | undefined;

  /** Of a path that leads for a moment only, which is what settled denies, there is nothing to tell. */
  sample(now: number, conn: Conn, corrections: number, settled: boolean): void {
    const stats = conn.stats();
    if (!stats || !conn.transport) return;
    if (settled || !this.latest) this.latest = stats;
    const { rtt, rttVar, lossOut } = this.latest;
    const { bytesSent: sent, bytesReceived: received } = stats;
    const last = this.before ?? { at: now - sampleEvery, sent, received };
    const seconds = Math.max(0.001, (now - last.at) / 1000);
    this.before = { at: now, sent, received };
    this.rtt.add(rtt);
    this.jitter.add(rttVar);
    this.loss.add(100 * lossOut);
    this.up.add((8 * Math.max(0, sent - last.sent)) / 1000 / seconds);
    this.down.add((8 * Math.max(0, received - last.received)) / 1000 / seconds);
    this.corrections.add(corrections);
    for (let i = 0; i < this.marks.length; i++) this.marks[i]!++;
    while (this.marks[0]! >= kept) this.marks.shift();
  }

  /** The link is another one from now on. */
  mark(): void {
    this.marks.push(0);
  }
}

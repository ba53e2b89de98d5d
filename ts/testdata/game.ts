import assert from "node:assert/strict";
import { Delivery, SendError, type ChannelConfig, type SendOptions } from "../endpoint/index.js";
import { same } from "../netcode/bytes.js";
import { type End } from "./pair.js";

/** A Sent is a message that a Game has sent. */
interface Sent {
  index: number;
  bytes: Uint8Array;
  options: SendOptions;
  receipt: number;
  /** Events that told its fate. */
  fate: string | undefined;
  received: number;
}

const header = 4;

/** What a message looks like, by its number and how long it is. */
function payload(index: number, size: number): Uint8Array {
  const b = new Uint8Array(size);
  for (let i = 0; i < size; i++) b[i] = index * 31 + i * 7;
  for (let i = 0; i < Math.min(size, header); i++) b[i] = index >>> (8 * i);
  return b;
}

const indexOf = (b: Uint8Array) => b[0]! | (b[1]! << 8) | (b[2]! << 16) | (b[3]! << 24);

/** A Traffic is what goes over one channel in one direction, and holds what arrives against what its delivery promises. */
class Traffic {
  sent: Sent[] = [];
  got: number[] = [];

  constructor(readonly cfg: ChannelConfig) {}

  get reliable(): boolean {
    return this.cfg.delivery >= Delivery.reliableUnordered;
  }

  get latest(): boolean {
    const { delivery } = this.cfg;
    return delivery === Delivery.unreliableLatest || delivery === Delivery.reliableLatest;
  }

  /** Takes a message that arrived. */
  arrived(b: Uint8Array): void {
    const what = `channel ${this.cfg.id}`;
    assert.ok(b.length >= header, `${what}: a message of ${b.length} bytes`);
    const index = indexOf(b);
    const s = this.sent[index];
    assert.ok(s, `${what}: message ${index} was never sent`);
    if (!same(b, s.bytes)) assert.deepEqual(b, s.bytes, `${what}: message ${index} came changed`);
    if (++s.received > 1) assert.fail(`${what}: message ${index} came twice`);
    this.inPlace(s);
    this.got.push(index);
  }

  /** No message overtakes another one that it must not overtake. */
  private inPlace(s: Sent): void {
    const { delivery, id } = this.cfg;
    for (const index of this.got) {
      const before = this.sent[index]!;
      if (before.index < s.index) continue;
      const together =
        (this.latest && before.options.key !== s.options.key) ||
        delivery === Delivery.unreliable ||
        delivery === Delivery.reliableUnordered ||
        this.together(s, before);
      if (!together) assert.fail(`channel ${id}: message ${s.index} came behind ${before.index}`);
    }
  }

  /** Whether two are of one group, and so are all between them; droppables keep their place. */
  private together(s: Sent, t: Sent): boolean {
    if (s.options.droppable) return false;
    const group = s.options.group ?? 0;
    if (group === 0) return false;
    for (let i = s.index; i <= t.index; i++) if (this.sent[i]!.options.group !== group) return false;
    return true;
  }

  /** What must have arrived has. */
  finish(): void {
    const newest = new Map<unknown, number>();
    for (const s of this.sent) newest.set(s.options.key, s.index);
    for (const s of this.sent) {
      const what = `channel ${this.cfg.id}: message ${s.index} of ${s.bytes.length} bytes`;
      if (s.receipt > 0) assert.ok(s.fate, `${what} has no fate`);
      if (s.fate === "Delivered" && !this.latest && !s.options.droppable) {
        assert.equal(s.received, 1, `${what}: delivered, and not received`);
      }
      if (s.fate === "expired" || s.options.droppable || !this.reliable || s.options.ttl) continue;
      if (this.latest && newest.get(s.options.key) !== s.index) continue;
      assert.equal(s.received, 1, `${what} did not arrive`);
      if (s.receipt > 0) assert.equal(s.fate, "Delivered", what);
    }
  }
}

/** A Game sends at random over all channels of one end, and takes what arrives at the other. */
export class Game {
  private traffic: Map<number, Traffic>;
  private byReceipt = new Map<number, Sent>();
  private read = 0; // events
  refused = 0;

  constructor(
    private from: End,
    private to: End,
    channels: readonly ChannelConfig[],
    private random: () => number,
  ) {
    this.traffic = new Map(channels.map((c) => [c.id, new Traffic(c)]));
  }

  private chance(p: number): boolean {
    return this.random() < p;
  }

  private upTo(n: number): number {
    return Math.floor(this.random() * n);
  }

  /** Sends a few messages. */
  play(): void {
    for (const t of this.traffic.values()) {
      for (let n = this.upTo(3); n > 0; n--) this.send(t);
    }
  }

  private size(t: Traffic): number {
    if (this.chance(0.9)) return header + this.upTo(120);
    return header + this.upTo(this.chance(0.8) ? 3000 : t.reliable ? 60_000 : 12_000);
  }

  private options(t: Traffic): SendOptions {
    const o: SendOptions = { receipt: this.chance(0.5) };
    if (this.chance(0.1)) o.ttl = (1 + this.upTo(300_000)) / 1000;
    if (t.latest && this.chance(0.8)) o.key = this.chance(0.1) ? 2n ** 60n + 1n : this.upTo(5);
    if (t.cfg.delivery !== Delivery.reliableOrdered) return o;
    if (this.chance(0.3)) o.group = 1 + (t.sent.length >> 3);
    if (this.chance(0.2)) o.droppable = true;
    return o;
  }

  private send(t: Traffic): void {
    const index = t.sent.length;
    const options = this.options(t);
    const bytes = payload(index, this.size(t));
    try {
      const receipt = this.from.endpoint.send(t.cfg.id, bytes, options);
      const s: Sent = { index, bytes, options, receipt, fate: undefined, received: 0 };
      t.sent.push(s);
      if (receipt > 0) this.byReceipt.set(receipt, s);
    } catch (err) {
      if (!(err instanceof SendError && err.reason === "full")) throw err;
      this.refused++;
    }
  }

  /** Takes what arrived, and the fates that were told. */
  take(share = 1): void {
    for (const t of this.traffic.values()) {
      if (share < 1 && !this.chance(share)) continue;
      for (let b; (b = this.to.endpoint.receive(t.cfg.id)) !== undefined; ) t.arrived(b);
    }
    for (; this.read < this.from.events.length; this.read++) {
      const e = this.from.events[this.read]!;
      if (e.kind !== "Delivered" && e.kind !== "Lost") continue;
      const s = this.byReceipt.get(e.receipt);
      assert.ok(s, `receipt ${e.receipt} was never given`);
      assert.equal(s.fate, undefined, `receipt ${e.receipt} has two fates`);
      s.fate = e.kind === "Lost" ? e.why : e.kind;
    }
  }

  get messages(): number {
    return [...this.traffic.values()].reduce((n, t) => n + t.sent.length, 0);
  }

  finish(): void {
    for (const t of this.traffic.values()) t.finish();
  }
}

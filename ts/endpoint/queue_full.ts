import { type Key } from "../wire/first.js";
import { become } from "./become.js";
import { isLatest } from "./config.js";
import { type Message } from "./message.js";
import { Queue } from "./queue.js";

const manyKeys = 256;

/** A key is a bigint only where it has to be one. */
const same = (key: Key | undefined) =>
  typeof key === "bigint" && key < 2n ** 53n ? Number(key) : key;

/** A FullQueue tells when there is room again, and finds one of many keys at once. */
export class FullQueue extends Queue {
  private places!: Map<Key | undefined, number>; // where a value waits
  private many!: number;
  private latest!: boolean;

  /** Has a queue know that. */
  static of(queue: Queue): FullQueue {
    const q = become(queue, FullQueue, { places: new Map(), many: manyKeys, latest: false });
    q.latest = isLatest(q.cfg.delivery);
    for (let n = q.ring.base; n < q.ring.end; n++) {
      const m = q.ring.at(n)!;
      m.key = same(m.key);
      q.note(m.key, n);
    }
    return q;
  }

  override makeRoom(key: Key | undefined, charge: number): boolean {
    return super.makeRoom(same(key), charge);
  }

  override add(key: Key | undefined, bytes: Uint8Array, prefix: number): Message {
    const { end } = this.ring;
    const m = super.add(same(key), bytes, prefix);
    if (end < this.ring.end) this.note(m.key, end);
    return m;
  }

  protected override waiting(key: Key | undefined): Message | undefined {
    const place = this.latest ? this.places.get(key) : undefined;
    return place === undefined ? undefined : this.ring.at(place);
  }

  override shift(): Message {
    const m = super.shift();
    if (this.refused > 0) this.tellWritable();
    return m;
  }

  private tellWritable(): void {
    const { id, maxQueuedBytes } = this.cfg;
    if (2 * this.charged > maxQueuedBytes || this.charged + this.refused > maxQueuedBytes) return;
    this.refused = 0;
    this.c.events.push({ kind: "Writable", channel: id });
  }

  /** Puts the head behind all. */
  turn(): Message {
    const m = this.ring.shift()!;
    this.note(m.key, this.ring.end);
    this.ring.push(m);
    return m;
  }

  /** Notes the place of a key; those that have gone stay until they are many, since deleting them costs memory, too. */
  private note(key: Key | undefined, at: number): void {
    if (!this.latest) return;
    this.places.set(key, at);
    if (this.places.size < this.many) return;
    for (const [k, place] of this.places) if (place < this.ring.base) this.places.delete(k);
    this.many = 2 * this.places.size + manyKeys;
  }
}

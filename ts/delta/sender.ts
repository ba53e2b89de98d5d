import { Reader, Writer } from "../codec/index.js";
import { Baseline, equalBytes, History, mostVersions, reorderSpan } from "./history.js";
import {
  atLeastOne,
  KeyError,
  Kind,
  mostBack,
  Place,
  seqBits,
  type Config,
  type Key,
  type Type,
} from "./type.js";

/** What the peer is known to have of a value, and what it may have. */
interface Outgoing<T> {
  base: Baseline<T>;
  pending: History;
  put: number; // the last message that has it
  count: number; // of messages that had it
}

/** A message whose fate is open. */
interface Letter {
  seq: number;
  receipt: number;
  arrived: boolean;
  keys: Key[]; // whose values it has
  gone: Key[]; // that it says are gone
}

/**
 * A Sender writes the messages of one connection and knows what of them arrived:
 *
 *     begin ─▶ put, put, … ─▶ end ─▶ (the message is sent) ─▶ sent ─▶ delivered or lost
 *
 * A message for which sent was not called, before the next begin, was not sent. The channel is an Unreliable
 * one, of which all is read. SPEC.md, 10.6, has the bits.
 */
export class Sender<K extends Key, T> {
  private readonly type: Type<T>;
  private readonly maxKeys: number;
  private readonly maxOpen: number;
  private keys = new Map<K, Outgoing<T>>();
  private gone = new Map<K, number>(); // dropped, which the peer may not know; and behind which message
  private seq = 0; // of the last message
  private newest = 0; // that was delivered
  private news = false; // some were since learn
  private open: Letter[] = [];
  private free: Letter[] = [];
  private written: Letter | undefined; // under construction, or waiting for sent
  private room = 0;
  private w = new Writer(1200);
  private whole = new Writer(256);
  private r = new Reader();
  private near: Place;

  constructor(config: Config<T>) {
    const { type, keys, maxKeys = 4096, maxOpen = 256, version = Infinity } = config;
    atLeastOne("maxKeys", maxKeys);
    atLeastOne("maxOpen", maxOpen);
    this.type = type;
    this.maxKeys = maxKeys;
    this.maxOpen = maxOpen;
    this.near = new Place(keys);
    this.w.version = this.whole.version = this.r.version = version;
  }

  /** Begins a message of at most so many bytes, with what is gone, as far as there is room. */
  begin(room: number): void {
    this.unsent();
    this.learn();
    const letter = this.free.pop() ?? { seq: 0, receipt: 0, arrived: false, keys: [], gone: [] };
    letter.seq = ++this.seq;
    this.written = letter;
    this.room = room;
    this.w.start();
    this.near.reset();
    this.w.bits(this.seq % 2 ** seqBits, seqBits);
    for (const key of this.gone.keys()) {
      const { at } = this.w;
      const { key: before, back } = this.near;
      this.near.write(this.w, Kind.gone, key);
      if (this.over) {
        this.w.rewind(at);
        this.near.reset(before, back);
        return;
      }
      letter.gone.push(key);
    }
  }

  /** Whether the message has become too long, with the bit behind its last entry. */
  private get over(): boolean {
    return Math.floor((this.w.at + 8) / 8) > this.room;
  }

  /**
   * Writes a value into the message, unless the peer has it; false if there is no room for it. The value is the
   * caller's again on return. A KeyError leaves the message as it was.
   */
  put(key: K, value: T): boolean {
    if (!this.near.has(key)) throw new KeyError(key, "type");
    this.whole.start();
    try {
      this.type.appendBits(this.whole, value);
    } catch (e) {
      throw new KeyError(key, "value", e);
    }
    const full = this.whole.at;
    const bits = this.whole.finish();
    let o = this.keys.get(key);
    if (o === undefined) {
      if (this.keys.size + this.gone.size >= this.maxKeys) throw new KeyError(key, "keys");
      if (this.gone.get(key) === this.seq) return false; // dropped while this message is written
      o = { base: new Baseline(this.type), pending: new History(), put: 0, count: 0 };
      this.keys.set(key, o);
      this.bury(key, this.seq);
    } else if (o.put === this.seq) {
      throw new KeyError(key, "twice");
    } else if (this.has(o, bits)) {
      return true;
    }
    const { at } = this.w;
    const { key: before, back } = this.near;
    this.write(key, o, value, full);
    if (this.over) {
      this.w.rewind(at);
      this.near.reset(before, back);
      return false;
    }
    this.written!.keys.push(key);
    o.put = this.seq;
    o.pending.add(this.seq, 0, o.count, bits);
    while (o.pending.at(0).nth + mostVersions < o.count) o.pending.drop(0);
    o.count++;
    return true;
  }

  /** Whether the peer has a value for certain: it is the baseline, and nothing else was sent since. */
  private has(o: Outgoing<T>, bits: Uint8Array): boolean {
    if (!o.base.is(bits)) return false;
    for (let i = 0; i < o.pending.n; i++) {
      const v = o.pending.at(i);
      if (!equalBytes(v.bits, v.size, bits)) return false;
    }
    return true;
  }

  /** Writes an entry, against the baseline if that is no longer. */
  private write(key: K, o: Outgoing<T>, value: T, full: number): void {
    const { w, near, type } = this;
    const { at } = w;
    const { key: before, back: backBefore } = near;
    const back = this.seq - o.base.seq;
    if (o.base.seq > 0 && back <= mostBack) {
      near.write(w, Kind.delta, key, back);
      const begins = w.at;
      type.appendDeltaBits(w, value, o.base.value);
      if (w.at - begins <= full) return;
      w.rewind(at);
      near.reset(before, backBefore);
    }
    near.write(w, Kind.full, key);
    type.appendBits(w, value);
  }

  /** Forgets that a key is gone, if it was dropped before a message. */
  private bury(key: Key, seq: number): void {
    const since = this.gone.get(key as K);
    if (since !== undefined && since < seq) this.gone.delete(key as K);
  }

  /** The message, good until the next begin; undefined: the peer has all of it, and nothing is to be sent. */
  end(): Uint8Array | undefined {
    const { written } = this;
    if (written === undefined || written.keys.length + written.gone.length === 0) return undefined;
    this.w.bits(0, 1);
    return this.w.finish();
  }

  /** Notes that the message went, and under which receipt. */
  sent(receipt: number): void {
    if (this.written === undefined) return;
    if (this.open.length >= this.maxOpen) this.settle(0, false);
    this.written.receipt = receipt;
    this.open.push(this.written);
    this.written = undefined;
  }

  /** Takes a message back that did not go. */
  private unsent(): void {
    if (this.written === undefined) return;
    this.lose(this.written);
    this.give(this.written);
    this.written = undefined;
  }

  /** Notes that the message of a receipt arrived. Receipts of others are passed over. */
  delivered(receipt: number): void {
    const letter = this.open.find((l) => l.receipt === receipt);
    if (letter === undefined) return;
    letter.arrived = this.news = true;
    this.newest = Math.max(this.newest, letter.seq);
  }

  /** Notes that the message of a receipt is not known to have arrived. */
  lost(receipt: number): void {
    const i = this.open.findIndex((l) => l.receipt === receipt);
    if (i >= 0) this.settle(i, false);
  }

  /**
   * Takes what arrived as baselines, but for messages that so many others had overtaken that the Receiver has dropped
   * them. Which those are is known when all that was acknowledged at one time is.
   */
  private learn(): void {
    if (!this.news) return;
    this.news = false;
    for (let i = 0; i < this.open.length;) {
      const l = this.open[i]!;
      if (l.arrived) this.settle(i, l.seq + reorderSpan >= this.newest);
      else i++;
    }
  }

  /** Forgets the letter at a place, as one that the peer has, or not. */
  private settle(i: number, arrived: boolean): void {
    const l = this.open[i]!;
    this.open.splice(i, 1);
    if (!arrived) this.lose(l);
    else {
      for (const key of l.keys) this.known(this.keys.get(key as K), l.seq);
      for (const key of l.gone) this.bury(key, l.seq);
    }
    this.give(l);
  }

  /** Makes the version of a message the baseline, if it is newer. */
  private known(o: Outgoing<T> | undefined, seq: number): void {
    const at = o?.pending.find(seq) ?? -1;
    if (o === undefined || at < 0) return;
    o.base.set(this.r, o.pending, at);
    o.pending.forget(at + 1);
  }

  private lose(l: Letter): void {
    for (const key of l.keys) {
      const pending = this.keys.get(key as K)?.pending;
      const at = pending?.find(l.seq) ?? -1;
      if (at >= 0) pending!.drop(at);
    }
  }

  private give(l: Letter): void {
    l.arrived = false;
    l.keys.length = l.gone.length = 0;
    this.free.push(l);
  }

  /** Notes that a value is gone, which the next messages say until one has arrived. A key may be put again before. */
  drop(key: K): void {
    if (this.keys.delete(key)) this.gone.set(key, this.seq);
  }

  /** How many values there are. */
  get size(): number {
    return this.keys.size;
  }

  /** Forgets what the peer has: all goes in full until it is acknowledged anew. It is the answer to "baseline" there. */
  reset(): void {
    for (const o of this.keys.values()) {
      o.base.seq = 0;
      o.pending.forget(o.pending.n);
    }
  }
}

import { FieldError, Reader, Writer } from "../codec/index.js";
import { Baseline, History, reorderSpan } from "./history.js";
import { atLeastOne, KeyError, Kind, Place, seqBits, type Config, type Key, type Type } from "./type.js";

/** A value of a Receiver. */
interface Incoming<T> {
  value: T;
  seq: number; // of the message that brought it, or said that it is gone
  gone: boolean;
  base: Baseline<T>; // that of the last message
  before: History; // all that may be a baseline yet
}

/** A Heard takes what is new of a key: the newest value, which is good until the next read; or, gone, the last one. */
export type Heard<K extends Key, T> = (key: K, value: T, gone: boolean) => void;

/** A Receiver reads the messages of one Sender and has the newest of each value. */
export class Receiver<K extends Key, T> {
  /** How many messages were dropped because more than 64 newer ones had come before. */
  late = 0;
  /** How many values there are. */
  size = 0;
  private readonly type: Type<T>;
  private readonly maxKeys: number;
  private keys = new Map<K, Incoming<T>>();
  private newest = 0; // message
  private gone: { key: K; seq: number }[] = []; // stays for reorderSpan messages, for those that come late
  private old: T; // a value that is outdated as it comes
  private r = new Reader();
  private baseReader = new Reader();
  private w = new Writer(256);
  private near: Place;

  constructor(config: Config<T>) {
    const { type, keys, maxKeys = 4096, version = Infinity } = config;
    atLeastOne("maxKeys", maxKeys);
    this.type = type;
    this.maxKeys = maxKeys;
    this.near = new Place(keys);
    this.old = type.create();
    this.w.version = this.r.version = this.baseReader.version = version;
  }

  /**
   * Reads a message and tells what is new in it; what a newer one has told is passed over. A KeyError or
   * FieldError says why the rest of the message cannot be read.
   */
  read(bytes: Uint8Array, heard?: Heard<K, T>): void {
    const { r } = this;
    r.start(bytes);
    this.near.reset();
    const span = 2 ** seqBits;
    const low = r.bits(seqBits);
    const ahead = (((low - this.newest) % span) + span) % span;
    const seq = this.newest + (ahead < span / 2 ? ahead : ahead - span);
    this.checkShort(bytes, "delta.Number");
    if (seq < 1) throw new FieldError("delta.Number", "range", low);
    if (seq + reorderSpan < this.newest) {
      this.late++;
      return;
    }
    this.newest = Math.max(this.newest, seq);
    this.part();
    while (r.bool()) this.entry(bytes, seq, heard);
    r.finish("delta");
  }

  private entry(bytes: Uint8Array, seq: number, heard: Heard<K, T> | undefined): void {
    const { near } = this;
    const kind = near.read(this.r);
    const key = near.key as K;
    this.checkShort(bytes);
    let v = this.keys.get(key);
    if (kind === Kind.gone) {
      if (v === undefined || v.gone || v.seq > seq) return;
      v.gone = true;
      v.seq = seq;
      this.size--;
      this.gone.push({ key, seq });
      heard?.(key, v.value, true);
      return;
    }
    v ??= this.admit(key, kind);
    const fresh = seq > v.seq || (v.gone && seq === v.seq); // gone, and there again
    try {
      this.value(bytes, v, seq, kind, fresh ? v.value : this.old);
    } catch (e) {
      if (v.seq === 0) this.keys.delete(key); // it has never had a value
      else if (fresh) this.restore(v);
      throw e instanceof FieldError ? new KeyError(key, "value", e) : e;
    }
    if (!fresh) return;
    if (v.gone) this.size++;
    v.gone = false;
    v.seq = seq;
    heard?.(key, v.value, false);
  }

  /** Bits behind the end are zeros, which mean something only if there are any. */
  private checkShort(bytes: Uint8Array, field = "delta"): void {
    if (this.r.at > 8 * bytes.length) throw new FieldError(field, "short");
  }

  /** Makes a value what it was before a message that could not be read was read into it. */
  private restore(v: Incoming<T>): void {
    const { bits, size } = v.before.at(v.before.n - 1);
    this.baseReader.start(bits.subarray(0, size));
    this.type.readBits(this.baseReader, v.value);
  }

  /** Reads a value into to, and remembers it. */
  private value(bytes: Uint8Array, v: Incoming<T>, seq: number, kind: number, to: T): void {
    const { r, w, type } = this;
    let base = 0;
    if (kind === Kind.full) {
      type.readBits(r, to);
    } else {
      const { back } = this.near;
      base = seq - back;
      if (back === 0 || !this.rebase(v, base)) throw new KeyError(this.near.key, "baseline");
      type.copy(v.base.value, to);
      type.readDeltaBits(r, to);
    }
    this.checkShort(bytes);
    w.start();
    type.appendBits(w, to);
    const bits = w.finish();
    if (v.before.find(seq) >= 0) return; // the message names a key twice
    v.before.add(seq, base, 0, bits);
    v.before.prune();
  }

  /** Makes the value of a message the baseline, if it is still here. */
  private rebase(v: Incoming<T>, seq: number): boolean {
    if (v.base.seq === seq) return seq > 0;
    const at = v.before.find(seq);
    if (at >= 0) v.base.set(this.baseReader, v.before, at);
    return at >= 0;
  }

  /** A key that is new begins with a value in full. */
  private admit(key: K, kind: number): Incoming<T> {
    if (kind !== Kind.full) throw new KeyError(key, "baseline");
    if (this.keys.size >= this.maxKeys) throw new KeyError(key, "keys");
    const { type } = this;
    const base = new Baseline(type);
    const v = { value: type.create(), seq: 0, gone: true, base, before: new History() };
    this.keys.set(key, v);
    return v;
  }

  /** Forgets the keys that are gone for long enough. */
  private part(): void {
    let n = 0;
    for (; n < this.gone.length && this.gone[n]!.seq + reorderSpan < this.newest; n++) {
      const { key, seq } = this.gone[n]!;
      const v = this.keys.get(key);
      if (v?.gone && v.seq === seq) this.keys.delete(key);
    }
    if (n > 0) this.gone.splice(0, n);
  }

  /** The newest value of a key. */
  get(key: K): T | undefined {
    const v = this.keys.get(key);
    return v?.gone === false ? v.value : undefined;
  }

  /** All values, in no order. */
  *all(): Generator<[key: K, value: T]> {
    for (const [key, v] of this.keys) if (!v.gone) yield [key, v.value];
  }
}

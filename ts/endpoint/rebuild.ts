import { maxSymbol, Reader, want, type Key } from "../wire/first.js";
import { addTimes, coefficient, divide } from "./galois.js";
import { readSymbol, symbolWriter, writeSymbol, type Symbol } from "./symbol.js";

const past = 64; // ids of a channel of which symbols are kept
const maxSums = 16;
const maxRebuilders = 16;
const goneAfter = 256; // ids without REPAIR
const life = 500_000;
const mostWork = 32 << 10; // bytes that are multiplied for the sums of one packet

/** A Rebuilt is a channel whose messages are repaired: what a {@link Rebuilders} wants of it. */
export interface Rebuilt {
  /** Reads the key of a message. */
  readonly readKey: (r: Reader) => Key;
  /** Whether the message of an id is known to have come, or not to come. */
  resolved(id: number): boolean;
  /** Takes a message that was rebuilt, as if its RUN had come; it is good for the call. */
  rebuilt(id: number, message: Symbol): void;
}

/** A Sum is one row of a system of equations: the coefficients of 64 ids, each at its id modulo 64, and bytes. */
interface Sum {
  row: Uint8Array;
  n: number; // of them that may not be zero
  column: number; // in which it has 1 and all others 0
  newest: number; // id
}

/** What one packet may still have multiplied. */
interface Work {
  left: number;
  spare: Sum[];
}

/** Whether a sum has become a message. */
function isSolved(s: Sum): boolean {
  for (let slot = 0; slot < past; slot++) {
    if (s.row[slot] !== 0 && slot !== s.column) return false;
  }
  return true;
}

const writer = symbolWriter();
const reader = new Reader();

/**
 * A Rebuilder solves for the messages of a channel that are missing. It keeps what came of the last 64 ids as
 * symbols, and the sums from which all that is known was taken out, each with a column of its own: when
 * one has no other column left it is a message.
 */
class Rebuilder {
  askedAt = 0;
  asked = 0; // the newest id when REPAIR came last
  newest: number;
  private symbols: Uint8Array[] = [];
  private sizes = new Int16Array(past).fill(-1); // −1: it is not known
  private sums: Sum[] = [];

  constructor(
    readonly of: Rebuilt,
    private work: Work,
    newest: number,
  ) {
    this.newest = newest;
  }

  private mayAdd(bytes: number): boolean {
    if (this.work.left < bytes) return false;
    this.work.left -= bytes;
    return true;
  }

  private drop(s: Sum): void {
    this.sums.splice(this.sums.indexOf(s), 1);
    this.work.spare.push(s);
  }

  /** Makes room for an id: what is 64 below it is forgotten. */
  moveTo(id: number): void {
    for (let n = Math.min(id - this.newest, past); n > 0; n--) {
      const slot = (id - n + 1) % past;
      this.sizes[slot] = -1;
      for (let s; (s = this.sumWith(slot)) !== undefined;) this.drop(s);
    }
    this.newest = Math.max(this.newest, id);
  }

  /** A sum that has the message of a slot in it. */
  private sumWith(slot: number): Sum | undefined {
    for (const s of this.sums) if (s.row[slot] !== 0) return s;
    return undefined;
  }

  /** Notes a message that came, and takes it out of the sums. */
  saw(id: number, m: Symbol): void {
    this.moveTo(id);
    const slot = id % past;
    if (id <= this.newest - past || this.sizes[slot]! >= 0) return;
    writeSymbol(writer, m);
    if (!writer.fits) return;
    const n = writer.at;
    const symbol = (this.symbols[slot] ??= new Uint8Array(maxSymbol));
    symbol.set(writer.written());
    this.sizes[slot] = n;
    for (let s; (s = this.sumWith(slot)) !== undefined;) {
      if (this.mayAdd(n)) {
        this.add(s, slot, s.row[slot]!);
        s.row[slot] = 0;
        if (s.column !== slot || this.pivot(s)) continue;
      }
      this.drop(s);
    }
  }

  /** Adds c times the symbol of a slot to a sum. */
  private add(s: Sum, slot: number, c: number): void {
    const n = this.sizes[slot]!;
    addTimes(s.row, past, this.symbols[slot]!, n, c);
    s.n = Math.max(s.n, past + n);
  }

  /** Takes a sum, if a message in it is missing, and if something may come of it. */
  take(newest: number, row: number, mask: number, bytes: Uint8Array): void {
    this.moveTo(newest);
    let missing = 0;
    let known = 0;
    for (let i = 0; i < 32; i++) {
      if (!((mask >>> i) & 1)) continue;
      const id = newest - i;
      if (id <= this.newest - past) return; // it came too late
      if (this.sizes[id % past]! >= 0) known++;
      else if (this.of.resolved(id))
        return; // it is here, and its bytes are not
      else missing++;
    }
    if (missing === 0 || !this.mayAdd((known + 1) * bytes.length)) return;
    const s = this.work.spare.pop() ?? {
      row: new Uint8Array(past + maxSymbol),
      n: 0,
      column: 0,
      newest: 0,
    };
    s.row.fill(0);
    s.row.set(bytes, past);
    s.n = past + bytes.length;
    s.newest = newest;
    for (let i = 0; i < 32; i++) {
      if (!((mask >>> i) & 1)) continue;
      const slot = (newest - i) % past;
      const c = coefficient(row, newest - i);
      want(this.sizes[slot]! <= bytes.length); // a message is no longer than a sum that it is in
      if (this.sizes[slot]! < 0) s.row[slot] = c;
      else this.add(s, slot, c);
    }
    this.enter(s);
  }

  /** Makes a sum one of the rows, if it says something new. That which goes back furthest makes room. */
  private enter(s: Sum): void {
    const known = this.sums.every((other) => this.eliminate(s, other));
    if (!known || !this.pivot(s)) {
      this.work.spare.push(s);
      return;
    }
    if (this.sums.length === maxSums) {
      this.drop(this.sums.reduce((a, b) => (b.newest < a.newest ? b : a)));
    }
    this.sums.push(s);
  }

  /** Takes the column of another sum out of one; false: that is too much work for one packet. */
  private eliminate(s: Sum, other: Sum): boolean {
    const c = s.row[other.column]!;
    if (c === 0 || s === other) return true;
    if (!this.mayAdd(other.n)) return false;
    addTimes(s.row, 0, other.row, other.n, c);
    s.n = Math.max(s.n, other.n);
    return true;
  }

  /** Gives a sum a column of its own: the oldest id that is missing in it; false: there is none. */
  private pivot(s: Sum): boolean {
    for (let n = 1; n <= past; n++) {
      const slot = (this.newest + n) % past;
      const c = s.row[slot]!;
      if (c === 0) continue;
      s.column = slot;
      divide(s.row, s.n, c);
      for (const other of this.sums.slice()) {
        if (other !== s && !this.eliminate(other, s)) this.drop(other);
      }
      return true;
    }
    return false;
  }

  private idOf(s: Sum): number {
    return this.newest - ((((this.newest - s.column) % past) + past) % past);
  }

  /** Hands on what can be rebuilt, the oldest first. */
  solve(): void {
    for (;;) {
      let first: Sum | undefined;
      for (const s of this.sums) {
        const older = first === undefined || this.idOf(s) < this.idOf(first);
        if (older && isSolved(s)) first = s;
      }
      if (first === undefined) return;
      const id = this.idOf(first);
      reader.reset(first.row);
      reader.at = past;
      reader.end = first.n;
      this.sums.splice(this.sums.indexOf(first), 1);
      const m = readSymbol(reader, this.of.readKey);
      want(m.back <= id);
      this.of.rebuilt(id, m);
      this.saw(id, m);
      this.work.spare.push(first);
    }
  }
}

/**
 * Rebuilders are those of a connection, by channel: each from its first REPAIR on, until none came for 256 ids
 * or half a second. So what does not repair costs nothing, and who makes up sums gets little for them.
 */
export class Rebuilders {
  private all = new Map<number, Rebuilder>();
  private work: Work = { left: mostWork, spare: [] };

  /** Whether anything is repaired. */
  get any(): boolean {
    return this.all.size > 0;
  }

  /** Begins another packet. */
  begin(): void {
    this.work.left = mostWork;
  }

  /** Takes REPAIR of a channel, its newest id a whole number; a WireError says what is wrong. */
  repair(
    now: number,
    channel: number,
    of: Rebuilt,
    newest: number,
    row: number,
    mask: number,
    bytes: Uint8Array,
  ): void {
    want(newest >= 31 - Math.clz32(mask));
    let b = this.all.get(channel);
    if (b === undefined) {
      if (this.all.size >= maxRebuilders) this.dropOldest();
      this.all.set(channel, (b = new Rebuilder(of, this.work, newest)));
    }
    b.askedAt = now;
    b.asked = Math.max(b.newest, newest);
    b.take(newest, row, mask, bytes);
  }

  private dropOldest(): void {
    let oldest = -1;
    for (const [channel, b] of this.all) {
      if (oldest < 0 || b.askedAt < this.all.get(oldest)!.askedAt) oldest = channel;
    }
    this.all.delete(oldest);
  }

  /** Notes a message that came whole, with an id of its own. */
  saw(channel: number, id: number, message: Symbol): void {
    const b = this.all.get(channel);
    if (b === undefined) return;
    b.saw(id, message);
    if (b.newest - b.asked > goneAfter) this.all.delete(channel);
  }

  /** Ends a packet: hands on what can be rebuilt now. */
  end(): void {
    for (const b of this.all.values()) b.solve();
  }

  /** Forgets what got no REPAIR for a while, and says when to look again; Infinity: never. */
  expire(now: number): number {
    let next = Infinity;
    for (const [channel, b] of this.all) {
      if (b.askedAt + life <= now) this.all.delete(channel);
      else next = Math.min(next, b.askedAt + life);
    }
    return next;
  }
}

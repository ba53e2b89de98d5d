import { FieldError, type Reader, type Writer } from "../codec/index.js";
import { ConfigError } from "../wire/config.js";

/** A Type is what `tickwire gen --ts` writes beside the interface of a message. */
export interface Type<T> {
  create(): T;
  appendBits(w: Writer, m: T): void;
  readBits(r: Reader, m: T): void;
  copy(from: T, to?: T): T;
  appendDeltaBits(w: Writer, m: T, base: T): void;
  readDeltaBits(r: Reader, m: T): void;
  /** The form in words, for each schema version from 1 on. */
  readonly schema?: readonly string[];
}

/** A Key names a value: a bigint where the keys of the other end have 64 bits. */
export type Key = number | bigint;

/** A Keys is the type of the keys, as Go has it; an int of Go's is an int64. Keys of 64 bits are bigints. */
export type Keys = `${"int" | "uint"}${8 | 16 | 32 | 64}`;

/** A Config says what the values are, and has the limits of a Sender or a Receiver. */
export interface Config<T> {
  /** Of the values. */
  type: Type<T>;
  /** Of the keys. */
  keys: Keys;
  /** How many values there may be, those included whose end the peer may not know of; 4096. */
  maxKeys?: number;
  /** Of a Sender: how many messages may have no fate yet; what went in older ones becomes no baseline; 256. */
  maxOpen?: number;
  /** The schema version that both ends use, for values with fields that came or went; the newest. */
  version?: number;
}

/** Wants at least one of what a field of a Config limits. */
export function atLeastOne(field: string, n: number): void {
  if (!(n >= 1)) throw new ConfigError(field, n, "1 or more, or nothing for the default");
}

/** What can be wrong with a key. */
export type KeyReason = "keys" | "twice" | "baseline" | "type" | "value";

const texts: Record<KeyReason, string> = {
  keys: "no more keys than maxKeys",
  twice: "put twice into one message",
  baseline: "the baseline is not here: not every message was read; reset the Sender",
  type: "the type of the keys does not have it",
  value: "the value cannot be written or read",
};

/** A KeyError says which value could not be written or read. Its cause may be a FieldError. */
export class KeyError extends Error {
  override readonly name = "KeyError";

  constructor(
    readonly key: Key,
    readonly reason: KeyReason,
    cause?: unknown,
  ) {
    const why = cause instanceof FieldError ? cause.message : texts[reason];
    super(`delta: key ${key}: ${why}`, { cause });
  }
}

export const seqBits = 24;
export const mostBack = 0xffff;

/** Of an entry: against the baseline of the message of the last such entry, or of another; in full; there is none any more. */
export const Kind = { delta: 0, other: 1, full: 2, gone: 3 } as const;

/** A Place is what entries of a message are told from: the one before. */
export class Place {
  key: Key = 0;
  back = 0; // of the last that had one
  private bits: number;
  private signed: boolean;

  constructor(private keys: Keys) {
    this.signed = keys.startsWith("int");
    this.bits = Number(keys.slice(this.signed ? 3 : 4));
  }

  reset(key: Key = 0, back = 0): void {
    this.key = key;
    this.back = back;
  }

  /** Whether the type of the keys has a key. */
  has(key: Key): boolean {
    if (this.bits < 64) {
      const least = this.signed ? -(2 ** (this.bits - 1)) : 0;
      return Number.isInteger(key) && key >= least && key < least + 2 ** this.bits;
    }
    return typeof key === "bigint" && this.cut(key) === key;
  }

  private cut(key: bigint): bigint {
    return this.signed ? BigInt.asIntN(64, key) : BigInt.asUintN(64, key);
  }

  /** Writes the head of an entry, and makes it the place; back is of a delta. */
  write(w: Writer, kind: number, key: Key, back = 0): void {
    const other = kind === Kind.delta && back !== this.back;
    w.bits(1 + 2 * (other ? Kind.other : kind), 3);
    if (this.bits === 64) {
      w.zigzag64("key", BigInt.asIntN(64, BigInt(key) - BigInt(this.key)));
    } else {
      w.zigzag32("key", (Number(key) - Number(this.key)) | 0);
    }
    this.key = key;
    if (!other) return;
    w.varint16("baseline", back);
    this.back = back;
  }

  /** Reads the head of an entry behind its 1, and returns its kind, never other. */
  read(r: Reader): number {
    const kind = r.bits(2);
    if (this.bits === 64) {
      this.key = this.cut(BigInt(this.key) + r.zigzag64("key"));
    } else {
      const key = Number(this.key) + r.zigzag32("key");
      this.key = this.signed ? key | 0 : key >>> 0;
      if (!this.has(this.key)) r.fail("key", "range", this.key, this.keys);
    }
    if (kind !== Kind.other) return kind;
    this.back = r.varint16("baseline");
    return Kind.delta;
  }
}

import { FieldError, type Reader, type Writer } from "../codec/index.js";

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

/** A Keys is the type of the keys, as Go has it: shorter ones are as those of 32 bits. */
export type Keys = "uint32" | "int32" | "uint64" | "int64";

/** A Config says what the values are, and has the limits of a Sender or a Receiver. */
export interface Config<T> {
  /** Of the values. */
  type: Type<T>;
  /** Of the keys; uint32. Keys of 64 bits are bigints. */
  keys?: Keys;
  /** How many values there may be, those included whose end the peer may not know of; 4096. */
  maxKeys?: number;
  /** Of a Sender: how many messages may have no fate yet; what went in older ones becomes no baseline; 256. */
  maxOpen?: number;
  /** The schema version that both ends use, for values with fields that came or went; the newest. */
  version?: number;
}

/** What can be wrong with a key. */
export type KeyReason = "keys" | "twice" | "baseline" | "value";

const texts: Record<KeyReason, string> = {
  keys: "no more keys than maxKeys",
  twice: "put twice into one message",
  baseline: "the baseline is not here: not every message was read; reset the Sender",
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
  key: Key;
  back = 0; // of the last that had one
  private wide: boolean;

  constructor(private keys: Keys = "uint32") {
    this.wide = keys.endsWith("64");
    this.key = this.wide ? 0n : 0;
  }

  reset(key: Key = this.wide ? 0n : 0, back = 0): void {
    this.key = key;
    this.back = back;
  }

  /** Writes the head of an entry, and makes it the place; back is of a delta. */
  write(w: Writer, kind: number, key: Key, back = 0): void {
    const other = kind === Kind.delta && back !== this.back;
    w.bits(1 + 2 * (other ? Kind.other : kind), 3);
    if (this.wide) {
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
    if (this.wide) {
      const key = BigInt(this.key) + r.zigzag64("key");
      this.key = this.keys === "int64" ? BigInt.asIntN(64, key) : BigInt.asUintN(64, key);
    } else {
      const key = Number(this.key) + r.zigzag32("key");
      this.key = this.keys === "int32" ? key | 0 : key >>> 0;
    }
    if (kind !== Kind.other) return kind;
    this.back = r.varint16("baseline");
    return Kind.delta;
  }
}

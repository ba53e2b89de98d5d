import { want } from "../wire/error.js";
import { Reader } from "../wire/reader.js";
import { cleanText } from "../wire/text.js";
import { join, same, takeShort } from "./bytes.js";
import { openX, sealX } from "./chacha.js";
import { maxItems } from "./pad.js";

/**
 * The packets of a handshake (SPEC.md, 3.1 and 3.6): a byte that all begin with, and one for each. A client of
 * ours asks for no client id in them, so that those of the server have none.
 */
export const prefix = 7;
export enum Kind {
  offer = 1,
  accept = 2,
  reason = 3,
  resume = 4,
  retry = 5,
}

export const wireVersion = 1;
const mostText = 200;
const rowBytes = 12;
const nothing: Uint8Array = new Uint8Array(0);

/** Seals what stands behind head, with a random nonce between. */
export function sealed(
  key: Uint8Array,
  nonce: Uint8Array,
  head: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  return join(head, nonce, sealX(key, nonce, head, plain));
}

/**
 * Opens a packet of a kind, and reads what was sealed; more is what else it was sealed with. Undefined: it is
 * another packet, a forgery, or breaks the layout, of which read throws.
 */
export function opened<T>(
  kind: number,
  key: Uint8Array,
  b: Uint8Array,
  more: Uint8Array,
  read: (r: Reader) => T,
): T | undefined {
  if (b[0] !== prefix || b[1] !== kind) return undefined;
  const plain = openX(key, b.subarray(2, 26), join(prefix, kind, more), b.subarray(26));
  try {
    return plain && read(new Reader(plain));
  } catch {
    return undefined;
  }
}

/** An Accept is what the server says in ACCEPT. */
export interface Accept {
  readonly id: Uint8Array;
  readonly share: Uint8Array;
  /** The endpoint goes on. */
  readonly continues: boolean;
  readonly items: Uint8Array;
  readonly hello: Uint8Array;
}

/** Reads ACCEPT. */
export function readAccept(
  key: Uint8Array,
  b: Uint8Array,
  share: Uint8Array,
  mayContinue: boolean,
): Accept | undefined {
  return opened(Kind.accept, key, b, share, (r) => {
    const id = r.take(4);
    const theirs = r.take(32);
    const flags = r.u8();
    want((id[3]! & 7) === 0 && (flags === 0 || (flags === 2 && mayContinue)));
    const items = takeShort(r, maxItems);
    r.skip(28); // how many clients there are, and where the server sees us
    return { id, share: theirs, continues: flags > 0, items, hello: r.take(r.left) };
  });
}

/** A Refusal is why a server does not let us in; with a code of 64 to 255 it is this side's own. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
  /** Seconds; 0: no advice. */
  readonly retryAfter: number;
  /** The server's channel rows, of MISMATCH. */
  readonly rows: Uint8Array;
}

/** A refusal of this side's own, or one without more than a code. */
export const refusal = (code: number, text = "", retryAfter = 0, rows = nothing): Refusal => ({
  code,
  text,
  retryAfter,
  rows,
});

/** Reads REASON, which begins with an echo of eight bytes. */
export function readReason(key: Uint8Array, b: Uint8Array, echo: Uint8Array): Refusal | undefined {
  return opened(Kind.reason, key, b, nothing, (r) => {
    want(same(r.take(8), echo.subarray(0, 8)));
    const code = r.u8();
    const retryAfter = r.u16();
    const text = cleanText(r.take(r.atMost(mostText)));
    want(code < 64 && r.left % rowBytes === 0);
    return refusal(code, text, retryAfter, r.take(r.left));
  });
}

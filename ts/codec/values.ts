/** A netip.AddrPort: addr has 4 bytes, 16, or none. */
export interface AddrPort {
  addr: Uint8Array;
  port: number;
}

/** Reports whether two slices have the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** Reports whether two addresses and their ports are the same. */
export function equalAddrPorts(a: Readonly<AddrPort>, b: Readonly<AddrPort>): boolean {
  return equalBytes(a.addr, b.addr) && a.port === b.port;
}

/** The value of lo..hi that is the nearest to v. */
export function nearest<T extends number | bigint>(v: T, lo: T, hi: T): T {
  return v < lo ? lo : v > hi ? hi : v;
}

/** Reports whether two arrays have the same elements; without same, ones that === each other. */
export function equalArrays<T>(
  a: readonly T[],
  b: readonly T[],
  same: (x: T, y: T) => boolean = identical,
): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!same(a[i]!, b[i]!)) return false;
  }
  return true;
}

/** Reports whether two maps have the same entries. */
export function equalMaps<K, V>(
  a: ReadonlyMap<K, V>,
  b: ReadonlyMap<K, V>,
  same: (x: V, y: V) => boolean = identical,
): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !same(value, other)) return false;
  }
  return true;
}

/** Reports whether two values that may be missing are both missing, or the same. */
export function equalOptional<T>(
  a: T | null,
  b: T | null,
  same: (x: T, y: T) => boolean = identical,
): boolean {
  return a === null || b === null ? a === b : same(a, b);
}

function identical(x: unknown, y: unknown): boolean {
  return x === y;
}

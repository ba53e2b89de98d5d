/** A netip.AddrPort: addr has 4 bytes, 16, or none. */
export interface AddrPort {
  addr: Uint8Array;
  port: number;
}

/** The value of lo..hi that is the nearest to v. */
export function nearest<T extends number | bigint>(v: T, lo: T, hi: T): T {
  return v < lo ? lo : v > hi ? hi : v;
}

import { want } from "./error.js";
import { type Reader } from "./reader.js";

/** An Address is where a server is: 4 or 16 bytes in network order, and a port. */
export interface Address {
  ip: Uint8Array;
  port: number;
}

/** Reads an address as tokens have it. */
export function readAddress(r: Reader): Address {
  const kind = r.u8();
  want(kind === 1 || kind === 2);
  const ip = r.take(kind === 1 ? 4 : 16).slice();
  if (kind === 2) swapPairs(ip);
  return { ip, port: r.u16() };
}

/** IPv6 stands as eight u16, each little-endian. */
export function swapPairs(ip: Uint8Array): void {
  for (let i = 0; i < ip.length; i += 2) [ip[i], ip[i + 1]] = [ip[i + 1]!, ip[i]!];
}

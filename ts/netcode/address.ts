import { readAddress, type Address } from "../wire/address.js";
import { want } from "../wire/error.js";
import type { Reader } from "../wire/reader.js";

/** Reads addresses behind their number, 1 to 32 (SPEC.md, 2). */
export function readAddresses(r: Reader): Address[] {
  const n = r.u32();
  want(n >= 1 && n <= 32, "there are 1 to 32 addresses");
  return Array.from({ length: n }, () => readAddress(r));
}

/** The IP of an address as text: 192.0.2.1, 2001:db8:0:0:0:0:0:1. */
export function hostOf({ ip }: Address): string {
  if (ip.length === 4) return ip.join(".");
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((ip[i]! * 256 + ip[i + 1]!).toString(16));
  return groups.join(":");
}

/** An address as it stands in a URL: with its port. */
export function addressText(a: Address): string {
  return a.ip.length === 4 ? `${hostOf(a)}:${a.port}` : `[${hostOf(a)}]:${a.port}`;
}

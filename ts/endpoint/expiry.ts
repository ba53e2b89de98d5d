import { type Common } from "./common.js";

/** Something that is kept is of no use any more from then on. */
export function expireLater(c: Common, at: number): void {
  c.expireAt = Math.min(c.expireAt, at);
}

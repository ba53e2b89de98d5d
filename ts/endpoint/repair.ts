import { type Message } from "./message.js";
import { Rebuilders } from "./rebuild.js";
import { Sums, type Repaired } from "./sums.js";

/**
 * What an {@link Endpoint} repairs messages with (SPEC.md, 6.9). It is apart, so that who plays over a
 * reliable transport, which loses nothing, need not load it.
 */
export const repair = {
  sums: (of: Repaired<Message>) => new Sums(of, "auto"),
  rebuilders: () => new Rebuilders(),
};

export type Repair = typeof repair;

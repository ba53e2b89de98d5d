/**
 * Sends values that change a little and often: of each only what differs from the newest that the other
 * end is known to have. The names are those of Go's package delta; SPEC.md, 10.6, has the bits.
 *
 *     game ─ put ─▶ Sender ─ message ─▶ an Unreliable channel ─▶ Receiver ─ heard ─▶ game
 *                      ▲                                             │
 *                      └──────── delivered and lost ◀── receipts ────┘
 */
export { ConfigError } from "../wire/config.js";
export { encoded, type Encoded } from "./encoded.js";
export { Sender } from "./sender.js";
export { Receiver, type Heard } from "./receiver.js";
export { KeyError, type Config, type Key, type KeyReason, type Keys, type Type } from "./type.js";

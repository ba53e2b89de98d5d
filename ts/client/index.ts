/** tickwire for browsers and Node: a Client, its Conns and their channels, with the names of Go. */
export { Channel, RawChannel, type AnyChannel, type MessageType } from "./channel.js";
export { Client } from "./client.js";
export { systemClock, type Clock } from "./clock.js";
export type { ClientConfig } from "./config.js";
export type { Conn } from "./conn.js";
export type { Event, State } from "./event.js";
export { preload, type Part } from "./loading.js";
export { Reason } from "./reason.js";
export { registry, type Kinds, type Registered } from "./registry.js";
export { ConnError, dial, resume, Session, type Message } from "./session.js";
export type { ChannelStats, ConnStats, PathStats } from "./stats.js";
export type { PathState, PathUse } from "../endpoint/claims.js";
export type { ClockSample } from "../endpoint/clock.js";
export {
  Delivery,
  type ChannelConfig,
  type Compression,
  type FullPolicy,
} from "../endpoint/config.js";
export { SendError, type LossReason } from "../endpoint/event.js";
export type { SendOptions } from "../endpoint/sender.js";
export { TokenError } from "../netcode/token.js";
export { web, type WebConfig } from "../transport/web.js";
export type { Climber, Door, Kind, Transport, Way } from "../transport/way.js";
export type { Address } from "../wire/address.js";
export { ConfigError } from "../wire/config.js";
export { Code } from "../wire/error.js";

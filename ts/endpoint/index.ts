/**
 * One end of a conversation of messages: channels with a guarantee each, in virtual time and without sockets.
 * An {@link Endpoint} is written from SPEC.md, sections 5 to 7, as the side has them that opens the connection.
 */
export { Endpoint } from "./endpoint.js";
export { Outgoing } from "./departure.js";
export {
  Delivery,
  type ChannelConfig,
  type Compression,
  type EndpointConfig,
  type FullPolicy,
} from "./config.js";
export { SendError, type Event, type LossReason, type Stats } from "./event.js";
export { type ClockSample } from "./clock.js";
export { type SendOptions } from "./sender.js";
export { type Refusal } from "./meeting.js";
export { type Way } from "./way.js";
export { noRoute, type PathState, type PathUse } from "./claims.js";

/**
 * One end of a conversation of messages: channels with a guarantee each, in virtual time and without sockets.
 * An {@link Endpoint} is written from SPEC.md, sections 5 to 7, as the side has them that opens the connection:
 *
 *     const e = learn(new Endpoint(now, { channels: [{ id: 1, delivery: Delivery.reliableOrdered }], random }));
 *     const out = new Outgoing(1500);
 *     // the handshake carries e.hello(now) there, and e.handleHello(now, body) takes the answer; then,
 *     // whenever something was sent or came, and no later than e.deadline():
 *     e.timeout(now);
 *     while (e.nextPacket(now, out)) seal(out.path, out.number, out.frames.written()); // and off it goes
 *     for (let m; (m = e.receive(1)); ) play(m);
 *     for (let event; (event = e.nextEvent()); ) tell(event);
 *
 * Who reads the code: an Endpoint conducts an Inbox (a Receiver for each channel), an Outbox (a Sender for
 * each, with its Queue), Paths (what was sent where, and what became of it) and a Life (holds, drains, the end).
 * An Arrival reads packets for them, and a Departure makes them.
 *
 * Each of these is two classes, since a page should not wait for what it does not need at once. The first, in
 * sender.ts and so on, is for the way on which a page begins: nothing is lost there, and nothing overtakes. The second
 * extends it, in sender_full.ts and so on, and knows the rest. {@link learn} makes an endpoint that plays one of the
 * second kind, whenever that is loaded: it is the same one, in the middle of whatever it does. Before, what it
 * cannot take is not acknowledged, so that it comes again, what it cannot send waits, and it calls
 * {@link EndpointConfig.needs} for either: so it is with large messages, those with options (a key, a group, a ttl),
 * compression, the peer's limits, and windows that are too narrow.
 *
 * An endpoint of the second kind is handed what few games need, and asks for it likewise: a Keeping, which knows holds,
 * drains and a peer that is away, and Rebuilders and Sums, by which lost messages come back without a round trip.
 */
export { Endpoint } from "./endpoint.js";
export { learn } from "./parts.js";
export { type FullEndpoint } from "./endpoint_full.js";
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
export { type PathState, type PathUse } from "./claims.js";
export { noRoute } from "./constants.js";

import type { Keys, Type } from "./type.js";

/** An Encoded is what a Sender has written, as the type of a Channel. */
export interface Encoded {
  encode(message: Uint8Array): Uint8Array;
  decode(message: Uint8Array): Uint8Array;
  readonly schema: readonly string[];
}

/** The form of values of a form under keys of a type, against what the peer has: SPEC.md, 6.4. */
export function deltasOf(schema: readonly string[], keys: Keys): string[] {
  return schema.map((text) => {
    const [name, ...fields] = text.split("\n");
    return [`deltas of ${name}`, `key ${keys}`, ...fields].join("\n");
  });
}

/**
 * The type of the messages of Senders and Receivers, for their channel, so that the two ends agree on what
 * the values look like:
 *
 *     const world = new Channel({ id: 3, delivery: Delivery.unreliable }, encoded(Entity, "uint16"));
 *     for (const message of world.receive(conn)) receiver.read(message, heard);
 */
export function encoded(type: Pick<Type<unknown>, "schema">, keys: Keys): Encoded {
  return {
    encode: (message) => message,
    decode: (message) => message,
    schema: deltasOf(type.schema ?? [], keys),
  };
}

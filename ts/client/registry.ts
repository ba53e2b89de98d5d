import { FieldError, type Reader, type Writer } from "../codec/index.js";
import { registryOf } from "../endpoint/forms.js";
import { ConfigError } from "../wire/config.js";
import type { MessageType } from "./channel.js";

/** Kinds are the types of a registry by their names in Go, each with its number. */
export type Kinds = Readonly<Record<string, readonly [number: number, type: MessageType<any>]>>;

/** A Registered is a message of one of the kinds. */
export type Registered<K extends Kinds> = {
  [N in keyof K & string]: K[N] extends readonly [number, MessageType<infer T>]
    ? { kind: N; value: T }
    : never;
}[keyof K & string];

const mostKind = 16383;

/**
 * The type of a channel that carries several, each behind its number: Go's Registry.
 *
 *     const orders = new Channel(config, registry("Order", { Walk: [1, Walk], Build: [2, Build] }));
 *     orders.send(conn, { kind: "Walk", value: { path } });
 *     for (const { kind, value } of orders.receive(conn)) …
 *
 * @param name of the interface in Go that all of them have; throws a ConfigError for numbers that cannot be
 */
export function registry<K extends Kinds>(name: string, kinds: K): MessageType<Registered<K>> {
  const names = new Map<number, string>();
  for (const [kind, [number]] of Object.entries(kinds)) {
    const fine = Number.isInteger(number) && number >= 0 && number <= mostKind;
    if (!fine || names.has(number)) {
      throw new ConfigError(`${name}.${kind}`, number, `a number from 0 to ${mostKind}, each once`);
    }
    names.set(number, kind);
  }
  let memory = new Uint8Array(256);
  return {
    encode({ kind, value }, w: Writer) {
      const of = kinds[kind];
      if (!of) throw new FieldError(name, "union", kind);
      const [number, type] = of;
      const body = type.encode(value, w);
      const head = number > 127 ? 2 : 1;
      const n = head + body.length;
      if (memory.length < n) memory = new Uint8Array(2 * n);
      memory[0] = number > 127 ? (number & 127) | 128 : number;
      if (head > 1) memory[1] = number >> 7;
      memory.set(body, head);
      return memory.subarray(0, n);
    },

    decode(b, into, r: Reader) {
      const [first = 128, second = 0] = b;
      const [number, head] = first > 127 ? [(first & 127) | (second << 7), 2] : [first, 1];
      const kind = first > 127 && (second === 0 || second > 127) ? undefined : names.get(number);
      if (kind === undefined) throw new FieldError(name, "union", b.length > 0 ? number : undefined);
      const before = into?.kind === kind ? into.value : undefined;
      const value: unknown = kinds[kind]![1].decode(b.subarray(head), before, r);
      return { kind, value } as Registered<K>;
    },

    schema: registryOf(
      name,
      Object.entries(kinds).map(([kind, [number, type]]) => ({
        number,
        name: kind,
        ...(type.schema && { schema: type.schema }),
      })),
    ),
  };
}

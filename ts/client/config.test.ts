import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChannelConfig } from "../endpoint/config.js";
import { udp } from "../transport/udp.js";
import type { ClientConfig } from "./config.js";
import { Client, ConfigError, Delivery, RawChannel } from "./index.js";

const channel: ChannelConfig = { id: 1, delivery: Delivery.reliableOrdered };
const transport = udp();

/** What JavaScript may pass, and what of it has no place there. */
type Wrong<T> = { readonly [Name in keyof Required<T>]: readonly unknown[] };

const noNumber = [NaN, 0.5, Infinity, "5", true];

const wrongClient: Wrong<ClientConfig> = {
  channels: [undefined, null, {}, "all", [undefined], [{ id: 1, delivery: 0 }]],
  transport: [undefined, null, {}, "web", udp],
  protocolId: [5, "5"],
  minSchemaVersion: [...noNumber, -1, 1],
  ackHold: [...noNumber, 251, 9999],
  maxHold: [...noNumber, 999, 65_536_000],
  maxReceipts: [...noNumber, 2 ** 24 + 1],
  maxPaths: [...noNumber, 9],
  resumeFor: noNumber,
  resume: ["keep", 5, true],
  stayPut: [5, "no"],
  maxEvents: [...noNumber, -1],
  clock: [5, "now"],
  random: [5, {}],
};

const wrongChannel: Wrong<ChannelConfig> = {
  id: [...noNumber, undefined, null, 0, -1, 16384],
  delivery: [...noNumber, undefined, null, -1, 5, "reliableOrdered"],
  name: [5, {}],
  maxMessageBytes: [...noNumber, -1, 2 ** 28 + 1],
  maxQueuedBytes: [...noNumber, -1, 1 << 20, 2 ** 30 + 1],
  full: ["drop", 5, true],
  priority: [...noNumber, 128],
  weight: [...noNumber, -1, 2 ** 16 + 1],
  bytesPerSecond: [...noNumber, 2 ** 30 + 1],
  maxAttempts: [...noNumber, -1],
  repair: ["on", 5, true],
  windowBytes: [...noNumber, -1, 2 ** 30 + 1],
  compression: [5, "zstd"],
};

const configure = (more: object) => () =>
  new Client({ channels: [new RawChannel(channel)], transport, ...more });
const declare =
  (...more: object[]) =>
  () =>
    new Client({ channels: more.map((m) => new RawChannel({ ...channel, ...m })), transport });

/** Wants an error that names a field, what it is, and what would do. */
function refuses(make: () => void, field: string, value: unknown): void {
  assert.throws(make, (e: unknown) => {
    assert.ok(e instanceof ConfigError, String(e));
    assert.equal(e.field, field);
    assert.ok(Object.is(e.value, value), e.message);
    const text = typeof value === "string" ? `"${value}"` : String(value);
    assert.equal(e.message, `tickwire: ${field} is ${text}: want ${e.want}`);
    assert.ok(e.want.length > 4, e.message);
    return true;
  });
}

test("a field that cannot be is told with its value and what would do, by new Client", () => {
  for (const [name, values] of Object.entries(wrongClient))
    for (const value of values) refuses(configure({ [name]: value }), name, value);
  for (const [name, values] of Object.entries(wrongChannel))
    for (const value of values)
      refuses(declare({}, { id: 2, [name]: value }), `channels[1].${name}`, value);
});

test("a name that is none is told: it is misspelt", () => {
  refuses(configure({ ackhold: 5 }), "ackhold", 5);
  refuses(declare({ weigth: 3 }), "channels[0].weigth", 3);
  assert.throws(declare({ weigth: 3 }), /weight/);
});

test("fields are held against each other", () => {
  refuses(declare({}, {}), "channels[1].id", 1);
  const loose = { delivery: Delivery.unreliable, maxMessageBytes: 1000 };
  refuses(declare({ ...loose, maxAttempts: 3 }), "channels[0].maxAttempts", 3);
  for (const name of ["maxQueuedBytes", "windowBytes"]) {
    refuses(declare({ ...loose, [name]: 1031 }), `channels[0].${name}`, 1031);
    declare({ ...loose, [name]: 1032 })();
  }
  refuses(declare({ windowBytes: 1023 }), "channels[0].windowBytes", 1023);
  declare({ maxMessageBytes: 1 << 20, windowBytes: 1024 })();
});

test("nothing, 0, and negative where it turns something off, are fine", () => {
  for (const nothing of [undefined, 0]) {
    const all = (names: object) =>
      Object.fromEntries(Object.keys(names).map((name) => [name, nothing]));
    const { channels, transport, ...client } = all(wrongClient);
    const { id, delivery, ...of } = all(wrongChannel);
    configure(client)();
    declare(of)();
  }
  configure({ ackHold: -1, maxHold: -1, maxReceipts: -1, maxPaths: -1, resumeFor: -1 })();
  configure({ ackHold: 250, maxHold: 1000, maxPaths: 8, protocolId: 5n, resume: "loseMessages" })();
  declare({ priority: -128, bytesPerSecond: -1, full: "dropNewest", repair: "off", maxAttempts: 3 })();
});

// Reads the messages of games, by a Receiver each. A line begins a game, with the type of its keys and how many
// there may be, or is a message as hex. The answer to a message is what it told, how it was refused, and what there
// is then: all on one line.
import { readFileSync } from "node:fs";
import { FieldError } from "@tickwire/client/codec";
import { KeyError, Receiver } from "@tickwire/client/delta";
import { Snapshot } from "./out/messages.js";

const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hexOf = (m) => Buffer.from(Snapshot.encode(m)).toString("hex");
let to;

function refusal(err) {
  if (err instanceof KeyError) {
    const { field, reason } = err.cause ?? {};
    return `! key ${err.key}: ${err.cause === undefined ? err.reason : `${field}: ${reason}`}`;
  }
  if (err instanceof FieldError) return `! ${err.field}: ${err.reason}`;
  throw err;
}

function read(message) {
  let told = "";
  try {
    to.read(message, (key, value, gone) => (told += gone ? `${key} gone ` : `${key} ${hexOf(value)} `));
  } catch (err) {
    told += refusal(err) + " ";
  }
  const all = [...to.all()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, m]) => `${key} ${hexOf(m)}`);
  return `${told}= ${to.size} ${to.late} ${all.join(" ")}`;
}

for (const line of readFileSync(0, "utf8").split("\n")) {
  const [keys, maxKeys] = line.split(" ");
  if (maxKeys !== undefined) to = new Receiver({ type: Snapshot, keys, maxKeys: Number(maxKeys) });
  console.log(maxKeys === undefined ? read(bytesOf(line)) : "game");
}

// A bot in Node, by UDP. Whoever asks it something on the page gets an answer, and a spark.
//
//     node examples/browser/bot.mjs http://127.0.0.1:7777
import { Delivery, RawChannel, dial } from "@tickwire/client";
import { udp } from "@tickwire/client/udp";

const [site = "http://127.0.0.1:7777"] = process.argv.slice(2);
const chat = new RawChannel({ id: 1, name: "chat", delivery: Delivery.reliableOrdered });
const sparks = new RawChannel({ id: 2, name: "sparks", delivery: Delivery.unreliable });

const fail = (why) => (console.error(`bot: ${site} lets nobody in: ${why.cause?.message ?? why.message}`), process.exit(1));
const login = await fetch(`${site}/token`, { method: "POST" }).catch(fail);
const token = await login.arrayBuffer();
const session = await dial({ channels: [chat, sparks], transport: udp() }, token).catch(fail);
process.on("SIGINT", () => session.conn.drain());

for await (const event of session.events()) {
  if (event.kind === "Disconnected") console.log(`it is over: ${event.reason}`);
  if (event.kind !== "Message" || event.channel !== chat.config.id) continue;
  const line = new TextDecoder().decode(event.payload);
  console.log(line);
  if (!line.endsWith("?")) continue;
  chat.send(session.conn, new TextEncoder().encode(Math.random() < 0.5 ? "yes" : "no"));
  sparks.send(session.conn, Uint8Array.of(128, 64));
}
session.close();

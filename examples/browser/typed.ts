// Sparks alone, in TypeScript. What a Spark is spark/spark.go says: `tickwire gen --ts` wrote spark/spark.ts from it.
import { Channel, Client, Delivery, RawChannel, web } from "@tickwire/client";
import { Spark } from "./spark/spark.js";

const chat = new RawChannel({ id: 1, name: "chat", delivery: Delivery.reliableOrdered });
const sparks = new Channel<Spark>({ id: 2, name: "sparks", delivery: Delivery.unreliable }, Spark);
const client = new Client({ channels: [chat, sparks], transport: web(`ws://${location.host}/tickwire`) });
const login = await fetch("/token", { method: "POST" });
const conn = client.connect(await login.arrayBuffer());

function show({ x, y }: Spark): void {
  const spark = document.body.appendChild(document.createElement("div"));
  spark.className = "spark";
  spark.style.left = `${x / 2.55}%`;
  spark.style.top = `${y / 2.55}%`;
  setTimeout(() => spark.remove(), 1000);
}

client.onNews = () => {
  for (const event of client.events())
    if (event.kind === "Disconnected") document.body.textContent = `it is over: ${event.reason}`;
  for (const spark of sparks.receive(conn)) show(spark);
  for (const _ of chat.receive(conn)); // what is not taken holds up the server
};
onpagehide = () => client.close();
onclick = ({ clientX, clientY }) => {
  const x = Math.floor((255 * clientX) / innerWidth);
  const y = Math.floor((255 * clientY) / innerHeight);
  if (conn.open) sparks.send(conn, { x, y });
};

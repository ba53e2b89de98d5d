import { Client, Delivery, RawChannel, web } from "@tickwire/client";

const moves = new RawChannel({ id: 1, name: "moves", delivery: Delivery.unreliableLatest });
const dots = new RawChannel({ id: 2, name: "dots", delivery: Delivery.unreliableLatest });
const lines = new RawChannel({ id: 3, name: "lines", delivery: Delivery.reliableOrdered });
const url = location.origin.replace("http", "ws") + "/tickwire";
const client = new Client({ channels: [moves, dots, lines], transport: web(url) });
const login = await fetch("/token", { method: "POST" });
const conn = client.connect(await login.arrayBuffer());
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

client.onNews = () => {
  const newest = dots.latest(conn);
  if (newest) draw(JSON.parse(text(newest)));
  for (const line of lines.receive(conn)) say(text(line));
  for (const event of client.events()) if (event.kind === "Disconnected") say(`it is over: ${event.reason}`);
};

onclick = ({ clientX, clientY }) => conn.open && moves.send(conn, bytes(JSON.stringify({ x: clientX, y: clientY })));
onkeydown = ({ key }) => conn.open && lines.send(conn, bytes(key));

import { type Kind } from "@tickwire/client";
import { askForToken, Door } from "./door.js";
import { Game } from "./game.js";

const kinds = new Map<string, readonly Kind[]>([
  ["websocket", []],
  ["webrtc", ["webrtc"]],
  ["webtransport", ["webtransport"]],
]);

/** The transports that the address of the page asks for: ?transport=webrtc, say; undefined: all. */
const transports = kinds.get(new URLSearchParams(location.search).get("transport") ?? "");

const door = new Door();
const game = new Game(transports);
game.onOver = (reason) => door.tellReason(reason);
game.onConnected = () => door.close();

async function enter(name: string): Promise<void> {
  try {
    game.play(await askForToken(), name);
  } catch (e) {
    door.tellError(e);
  }
}

door.onKnock = (name) => void enter(name);
door.open();
addEventListener("pagehide", () => game.leave());

declare global {
  interface Window {
    /** What tests and the curious read. */
    arena: Game["readings"];
  }
}
window.arena = game.readings;

import { type Kind } from "@tickwire/client";
import { askForToken, Door } from "./door.js";
import { Game } from "./game.js";
import { find } from "./page.js";
import { takeSeat } from "./seat.js";

const kinds = new Map<string, readonly Kind[]>([
  ["websocket", []],
  ["webrtc", ["webrtc"]],
  ["webtransport", ["webtransport"]],
]);

/** The transports that the address of the page asks for: ?transport=webrtc, say; undefined: all. */
const transports = kinds.get(new URLSearchParams(location.search).get("transport") ?? "");

const door = new Door();
const game = new Game(transports);

async function enter(name: string): Promise<void> {
  try {
    game.play({ token: await askForToken() }, name);
  } catch (e) {
    door.tellError(e);
  }
}

/** How long a ticket is tried: a server that was started again has no answer for it. */
const patience = 10_000; // milliseconds

/** Who played before the page was loaded goes on, if his seat is still there; else he comes in anew. */
let seat = takeSeat();

function goOn(): void {
  if (!seat) return door.open();
  find("banner").textContent = "Coming back…";
  find("banner").hidden = false;
  try {
    game.play(seat, seat.name);
    setTimeout(comeAnew, patience);
  } catch {
    comeAnew(); // what was stored is no ticket
  }
}

/** Comes in with a token in place of the ticket. */
function comeAnew(): void {
  if (!seat) return; // it was good
  const { name } = seat;
  seat = undefined;
  game.forget();
  door.waits();
  void enter(name);
}

game.onConnected = () => {
  seat = undefined;
  door.close();
};
game.onOver = (reason) => {
  if (seat) comeAnew();
  else door.tellReason(reason);
};
door.onKnock = (name) => void enter(name);
goOn();
addEventListener("pagehide", () => game.leave());

declare global {
  interface Window {
    /** What tests and the curious read. */
    arena: Game["readings"];
  }
}
window.arena = game.readings;

import { type Kind } from "@tickwire/client";
import { askForToken, Door } from "./door.js";
import { Game } from "./game.js";
import { links } from "./link.js";
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

/** Which run of the server answers; "": none, or it does not say. */
const whichRun = async () => (await links())?.run ?? "";

async function enter(name: string): Promise<void> {
  try {
    const [token, run] = await Promise.all([askForToken(), whichRun()]);
    game.play({ token }, name, run);
  } catch (e) {
    door.tellError(e);
  }
}

/** How long a ticket is tried, where nothing else says that the server was started again. */
const patience = 10_000; // milliseconds
const askEvery = 1000; // likewise: a silent server, which it is

/** Who played before the page was loaded goes on, if his seat is still there; else he comes in anew. */
let seat = takeSeat();

function goOn(): void {
  if (!seat) return door.open();
  find("banner").textContent = "Coming back…";
  find("banner").hidden = false;
  try {
    game.play(seat, seat.name, seat.run);
    setTimeout(comeAnew, patience);
    void whichRun().then((run) => {
      if (run !== "" && run !== seat?.run) comeAnew(); // which has no answer for the ticket
    });
  } catch {
    comeAnew(); // what was stored is no ticket
  }
}

/** Comes in with a token in place of the ticket. */
function comeAnew(): void {
  if (!seat) return; // it was good
  const { name } = seat;
  seat = undefined;
  begin(name);
}

function begin(name: string): void {
  game.forget();
  door.waits();
  void enter(name);
}

/** A server that was started again knows nobody: who played in the run before begins anew, and does not wait. */
async function lookForAnother(): Promise<void> {
  while (game.silent && !seat) {
    const run = await whichRun();
    if (game.silent && run !== "" && game.run !== "" && run !== game.run) return begin(game.name);
    await new Promise((done) => setTimeout(done, askEvery));
  }
}

game.onConnected = () => {
  seat = undefined;
  door.close();
};
game.onOver = (reason) => {
  if (seat) comeAnew();
  else door.tellReason(reason);
};
game.onSilent = () => void lookForAnother();
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

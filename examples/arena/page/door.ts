import { Code, TokenError, type Reason } from "@tickwire/client";
import { links } from "./link.js";
import { find } from "./page.js";
import { explain } from "./words.js";

const remembered = "arena.name";
const mostLetters = 16;
const askEvery = 2000; // milliseconds

/** Why a server is not there any more, or not yet. */
const gone: readonly number[] = [Code.goingAway, Code.timeout, Code.unreachable];

/** Why one did not get in. */
export class DoorError extends Error {
  constructor(
    readonly headline: string,
    readonly detail: string,
    readonly gone = false,
  ) {
    super(`${headline} (${detail})`);
  }
}

/** A connect token for a guest. */
export async function askForToken(): Promise<Uint8Array> {
  let answer: Response;
  try {
    answer = await fetch("/token", { cache: "no-store" });
  } catch (e) {
    throw new DoorError("The server cannot be reached.", String((e as Error).message), true);
  }
  if (!answer.ok) {
    const text = (await answer.text()).trim().slice(0, 200);
    throw new DoorError("The server gives no ticket.", text || `${answer.status} ${answer.statusText}`);
  }
  return new Uint8Array(await answer.arrayBuffer());
}

/** The Door is where one says one's name, and reads why one is outside. */
export class Door {
  /** Somebody wants to play. */
  onKnock: (name: string) => void = () => {};
  private readonly door = find("door");
  private readonly name = find<HTMLInputElement>("name");
  private readonly button = find<HTMLButtonElement>("play");
  private readonly why = find("why");
  private asks: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.name.maxLength = mostLetters;
    this.name.value = new URLSearchParams(location.search).get("name") ?? recall();
    find<HTMLFormElement>("knock").addEventListener("submit", (e) => {
      e.preventDefault();
      const name = this.name.value.trim().slice(0, mostLetters) || "guest";
      recall(name);
      this.waits();
      this.onKnock(name);
    });
  }

  /** One is on the way in. */
  waits(): void {
    this.door.hidden = false;
    clearTimeout(this.asks);
    this.button.disabled = true;
    this.button.textContent = "Connecting…";
    this.why.hidden = true;
  }

  open(): void {
    this.door.hidden = false;
    document.body.classList.remove("playing");
    this.button.disabled = false;
    this.button.textContent = this.why.hidden ? "Play" : "Play again";
    if (matchMedia("(pointer: fine)").matches) this.name.focus();
  }

  close(): void {
    this.door.hidden = true;
    document.body.classList.add("playing");
    this.button.blur();
  }

  /** Says why one is outside. */
  tell(headline: string, detail: string): void {
    find("why-headline").textContent = headline;
    find("why-detail").textContent = detail;
    this.why.hidden = false;
    this.open();
  }

  /** Asks for a server that is gone until there is one. */
  private await(): void {
    clearTimeout(this.asks);
    this.asks = setTimeout(async () => {
      const back = !document.hidden && (await links()) !== undefined;
      if (this.door.hidden || this.button.disabled) return; // one plays, or is on the way
      if (back) this.tell("The server is back.", "It may be another one: then you begin anew.");
      else this.await();
    }, askEvery);
  }

  tellReason(reason: Reason): void {
    const { headline, detail } = explain(reason);
    this.tell(headline, detail);
    if (gone.includes(reason.code)) this.await();
  }

  tellError(e: unknown): void {
    if (e instanceof DoorError) {
      this.tell(e.headline, e.detail);
      if (e.gone) this.await();
    } else if (e instanceof TokenError) this.tell("The server gave a ticket that is none.", e.message);
    else throw e;
  }
}

/** The name of the last time; sets it if one is given. */
function recall(name?: string): string {
  try {
    if (name !== undefined) localStorage.setItem(remembered, name);
    return localStorage.getItem(remembered) ?? "";
  } catch {
    return name ?? ""; // a browser that keeps nothing
  }
}

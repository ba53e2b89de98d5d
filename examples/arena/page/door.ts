import { TokenError, type Reason } from "@tickwire/client";
import { find } from "./page.js";
import { explain } from "./words.js";

const remembered = "arena.name";
const mostLetters = 16;

/** Why one did not get in. */
export class DoorError extends Error {
  constructor(
    readonly headline: string,
    readonly detail: string,
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
    throw new DoorError("The server cannot be reached.", String((e as Error).message));
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
  private waits(): void {
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

  tellReason(reason: Reason): void {
    const { headline, detail } = explain(reason);
    this.tell(headline, detail);
  }

  tellError(e: unknown): void {
    if (e instanceof DoorError) this.tell(e.headline, e.detail);
    else if (e instanceof TokenError) this.tell("The server gave a ticket that is none.", e.message);
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

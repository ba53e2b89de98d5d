import type { Move } from "./arena.js";
import { Stick } from "./stick.js";

const keys: Record<string, readonly [dx: number, dy: number]> = {
  KeyW: [0, -1],
  KeyA: [-1, 0],
  KeyS: [0, 1],
  KeyD: [1, 0],
  ArrowUp: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowRight: [1, 0],
};

const sign = (v: number) => Math.max(-1, Math.min(v, 1));

/** What one wants to do, but for the aim if somebody else is to find it. */
export type Wish = Pick<Move, "dx" | "dy" | "fire">;

/** The Controls are keyboard, mouse and fingers. */
export class Controls {
  /** Where the mouse points; undefined: the next one is to be aimed at. */
  pointer: { x: number; y: number } | undefined;
  /** A walk begins, or ends. */
  onChange: () => void = () => {};
  private readonly held = new Set<string>();
  private mouse = false;
  private readonly stick: Stick;
  private trigger = false;

  constructor(field: HTMLElement, stick: HTMLElement, fire: HTMLElement) {
    this.stick = new Stick(stick, () => this.onChange());
    addEventListener("keydown", (e) => this.key(e, true));
    addEventListener("keyup", (e) => this.key(e, false));
    addEventListener("blur", () => this.release());
    field.addEventListener("pointermove", (e) => this.point(e));
    field.addEventListener("pointerdown", (e) => {
      this.point(e);
      if (e.pointerType === "mouse" && e.button === 0) this.mouse = true;
    });
    addEventListener("pointerup", (e) => {
      if (e.pointerType === "mouse") this.mouse = false;
    });
    field.addEventListener("contextmenu", (e) => e.preventDefault());
    this.hold(fire);
  }

  private point(e: PointerEvent): void {
    if (e.pointerType === "mouse") this.pointer = { x: e.clientX, y: e.clientY };
  }

  /** Makes a button a trigger. */
  private hold(button: HTMLElement): void {
    button.addEventListener("pointerdown", (e) => {
      e.preventDefault();
      button.setPointerCapture(e.pointerId);
      button.classList.add("held");
      this.trigger = true;
      this.pointer = undefined;
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
      button.addEventListener(end, () => {
        button.classList.remove("held");
        this.trigger = false;
      });
  }

  private key(e: KeyboardEvent, down: boolean): void {
    const known = e.code in keys || e.code === "Space";
    const elsewhere = isFor(e.target, e.code);
    if (!known || (down && (elsewhere || e.ctrlKey || e.metaKey || e.altKey))) return;
    if (!elsewhere) e.preventDefault();
    if (down && e.repeat) return;
    if (down) this.held.add(e.code);
    else this.held.delete(e.code);
    if (down && e.code === "Space") this.pointer = undefined; // who shoots by the keyboard points at nothing
    this.onChange();
  }

  private release(): void {
    this.held.clear();
    this.mouse = this.trigger = false;
    this.onChange();
  }

  /** What is wanted now. */
  wish(): Wish {
    let [dx, dy] = this.stick.direction;
    for (const code of this.held) {
      const [x, y] = keys[code] ?? [0, 0];
      dx += x;
      dy += y;
    }
    return { dx: sign(dx), dy: sign(dy), fire: this.mouse || this.trigger || this.held.has("Space") };
  }
}

/** Whether a key is for what has the focus: all are for a text, and a button has its own. */
function isFor(target: EventTarget | null, code: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("input:not([type=checkbox])")) return true;
  return target.closest("button:not(#fire), input") !== null && !code.startsWith("Key");
}

import type { Move } from "./arena.js";

/** The rules that the page has to know; world.go has them for the server, and testdata/rules.json for the tests of both. */
export const rules = {
  ticksPerSecond: 60,
  fieldSize: 4096,
  walkSpeed: 14,
  slantSpeed: 10,
  shotSpeed: 60,
  shotLife: 60,
  reload: 15,
  hitRadius: 60,
  fullHealth: 5,
} as const;

/** A Place is where somebody is on the field. */
export interface Place {
  x: number;
  y: number;
}

export const inField = (v: number) => Math.max(0, Math.min(v, rules.fieldSize - 1));

/** Where a move leads in a tick; the server steps its world by the same rule. */
export function walk({ x, y }: Place, { dx, dy }: Pick<Move, "dx" | "dy">): Place {
  const speed = dx !== 0 && dy !== 0 ? rules.slantSpeed : rules.walkSpeed;
  return { x: inField(x + dx * speed), y: inField(y + dy * speed) };
}

/** Where a shot goes in a tick. */
export function flight(aim: number): Place {
  const angle = (aim * 2 * Math.PI) / 256;
  return {
    x: Math.round(Math.cos(angle) * rules.shotSpeed),
    y: Math.round(Math.sin(angle) * rules.shotSpeed),
  };
}

/** The aim from one place at another. */
export const aimAt = (from: Place, to: Place) =>
  Math.round((Math.atan2(to.y - from.y, to.x - from.x) * 256) / (2 * Math.PI)) & 255;

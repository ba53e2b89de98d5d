import type { View } from "@tickwire/client/timeline";
import type { State } from "./arena.js";
import { flight, inField, rules, type Place } from "./walk.js";

/** Somebody as he is drawn. */
export interface Figure extends Place {
  id: number;
  aim: number; // 256ths of a turn, with a fraction
  health: number;
  /** How far he walks in a tick. */
  vx: number;
  vy: number;
}

/** A shot as it is drawn. */
export interface Streak extends Place {
  aim: number;
}

/** Jumps above this are no walks, but somebody who comes back elsewhere. */
const leap = 200;

const stands = { vx: 0, vy: 0 };

/** A view of one state, as it is: for who would see the others without interpolation. */
export const bare = (state: State): View<State> => ({ from: state, to: state, at: 0, fraction: 0, starved: false });

/** So many ticks are guessed while the next state is late: the others walk on. */
const guessed = 6;

/**
 * The others, at the moment between two states that is drawn; where there is only one, as they were drawn before, and
 * so many ticks beyond it.
 */
export function figures({ from, to, fraction, starved }: View<State>, before: readonly Figure[] = [], beyond = 0): Figure[] {
  if (starved) return onward(from, before, Math.min(beyond, guessed));
  const ticks = Math.max(1, to.tick - from.tick);
  const then = new Map(to.avatars.map((a) => [a.id, a]));
  return from.avatars
    .filter((a) => a.id !== from.you)
    .map((a) => {
      const b = then.get(a.id) ?? a;
      const far = Math.hypot(b.x - a.x, b.y - a.y) > leap;
      const [dx, dy] = far ? [0, 0] : [b.x - a.x, b.y - a.y];
      const turn = ((b.aim - a.aim + 384) & 255) - 128; // the short way round
      return {
        id: a.id,
        x: a.x + dx * fraction,
        y: a.y + dy * fraction,
        aim: a.aim + turn * fraction,
        health: a.health,
        vx: dx / ticks,
        vy: dy / ticks,
      };
    });
}

/** The others some ticks after the last state there is. */
function onward(from: State, before: readonly Figure[], ticks: number): Figure[] {
  const known = new Map(before.map((f) => [f.id, f]));
  return from.avatars
    .filter((a) => a.id !== from.you)
    .map((a) => {
      const { vx, vy } = a.health > 0 ? (known.get(a.id) ?? stands) : stands;
      return { ...a, x: inField(a.x + vx * ticks), y: inField(a.y + vy * ticks), vx, vy };
    });
}

/** The shots of the others at that moment, or of all: they fly straight. */
export function streaks({ from, to, fraction, starved }: View<State>, beyond = 0, all = false): Streak[] {
  const ticks = starved ? Math.min(beyond, guessed) : Math.max(1, to.tick - from.tick) * fraction;
  return from.shots
    .filter((s) => all || s.by !== from.you)
    .map((s) => {
      const { x, y } = flight(s.aim);
      return { x: s.x + x * ticks, y: s.y + y * ticks, aim: s.aim };
    });
}

/** The nearest of those who stand, within reach of a shot. */
export function nearest(of: Place, all: readonly Figure[]): Figure | undefined {
  let found: Figure | undefined;
  let away = rules.shotSpeed * rules.shotLife;
  for (const f of all) {
    const d = Math.hypot(f.x - of.x, f.y - of.y);
    if (f.health > 0 && d < away) [found, away] = [f, d];
  }
  return found;
}

/**
 * Where somebody will be when a shot gets there: he is drawn so many ticks ago, and the shot takes some more.
 */
export function meeting(from: Place, target: Figure, gap: number): Place {
  let place: Place = target;
  for (let i = 0; i < 3; i++) {
    const ticks = gap + Math.hypot(place.x - from.x, place.y - from.y) / rules.shotSpeed;
    place = { x: target.x + target.vx * ticks, y: target.y + target.vy * ticks };
  }
  return place;
}

import type { Move } from "./arena.js";
import { flight, inField, rules, type Place } from "./walk.js";

/** A Bullet is a shot of one's own, as the page believes it to fly. */
export interface Bullet extends Place {
  readonly aim: number;
  readonly since: number; // the tick
  readonly from: Place;
}

/**
 * Shots are those of one's own, which are seen when the trigger is pulled and not a round trip later. The server
 * alone knows whom they hit.
 */
export class Shots {
  readonly flying: Bullet[] = [];
  /** How many there were. */
  fired = 0;
  private until = 0; // the tick in which the next one can be

  /** Lets a tick pass. It reports whether a shot was fired in it. */
  step(tick: number, move: Move, at: Place): boolean {
    const fires = move.fire && tick >= this.until;
    if (fires) {
      this.until = tick + rules.reload;
      this.fired++;
      this.flying.push({ x: at.x, y: at.y, aim: move.aim, since: tick, from: at });
    }
    for (let i = this.flying.length - 1; i >= 0; i--) {
      const b = this.flying[i]!;
      const { x, y } = flight(b.aim);
      b.x += x;
      b.y += y;
      const gone = tick - b.since >= rules.shotLife - 1 || b.x !== inField(b.x) || b.y !== inField(b.y);
      if (gone) this.flying.splice(i, 1);
    }
    return fires;
  }

  /** Takes away the shot that hit somebody: the one that is next to him. */
  land(at: Place): void {
    let nearest = -1;
    let away = 700;
    this.flying.forEach((b, i) => {
      const d = Math.hypot(b.x - at.x, b.y - at.y);
      if (d < away) [nearest, away] = [i, d];
    });
    if (nearest >= 0) this.flying.splice(nearest, 1);
  }

  forget(): void {
    this.flying.length = 0;
    this.until = 0;
  }
}

import type { Camera } from "./camera.js";
import type { Place } from "./walk.js";

/** A ring that grows and fades. */
interface Ring extends Place {
  since: number;
  lasts: number;
  radius: number;
  own: boolean;
}

const most = 64;

/** The Effects are what happened a moment ago: a shot, a hit, a fall. */
export class Effects {
  private readonly rings: Ring[] = [];
  private hurtAt = -Infinity;

  constructor(private readonly still: boolean) {}

  shot(now: number, at: Place): void {
    this.add({ ...at, since: now, lasts: 140, radius: 34, own: true });
  }

  hit(now: number, at: Place, own: boolean): void {
    this.add({ ...at, since: now, lasts: 320, radius: 90, own });
  }

  fall(now: number, at: Place, own: boolean): void {
    this.add({ ...at, since: now, lasts: 700, radius: 220, own });
    this.add({ ...at, since: now + 90, lasts: 700, radius: 140, own });
  }

  hurt(now: number): void {
    this.hurtAt = now;
  }

  private add(ring: Ring): void {
    if (this.rings.push(ring) > most) this.rings.shift();
  }

  draw(ctx: CanvasRenderingContext2D, camera: Camera, now: number, own: string, other: string): void {
    for (let i = this.rings.length - 1; i >= 0; i--) {
      const r = this.rings[i]!;
      const age = (now - r.since) / r.lasts;
      if (age >= 1) {
        this.rings.splice(i, 1);
        continue;
      }
      if (age < 0) continue;
      const eased = 1 - (1 - age) ** 3;
      ctx.globalAlpha = (1 - age) * 0.8;
      ctx.strokeStyle = r.own ? own : other;
      ctx.lineWidth = 1 + 3 * (1 - age);
      ctx.beginPath();
      const radius = this.still ? r.radius / 2 : r.radius * (0.25 + 0.75 * eased);
      ctx.arc(camera.x(r.x), camera.y(r.y), radius * camera.scale, 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
    this.drawHurt(ctx, camera, now, other);
  }

  /** The rim of the screen, for a moment. */
  private drawHurt(ctx: CanvasRenderingContext2D, { width, height }: Camera, now: number, color: string): void {
    const age = (now - this.hurtAt) / 260;
    if (age >= 1) return;
    ctx.globalAlpha = (1 - age) * 0.2;
    ctx.strokeStyle = color;
    ctx.lineWidth = 10;
    ctx.strokeRect(0, 0, width, height);
    ctx.globalAlpha = 1;
  }
}

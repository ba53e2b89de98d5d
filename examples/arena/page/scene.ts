import { Camera } from "./camera.js";
import { Effects } from "./effects.js";
import type { Figure, Streak } from "./sight.js";
import { rules, type Place } from "./walk.js";

/** The colours of style.css that the canvas needs. */
const colors = {
  outside: "#090c11",
  field: "#0f141c",
  grid: "#141b25",
  dots: "#273141",
  border: "#2a3545",
  other: "#a9bdd6",
  otherFill: "#233247",
  pale: "#e9edf3",
  accent: "#ffb454",
  accentFill: "#3a2a14",
};

const radius = 48; // of somebody, in units
const gridEvery = 256;

/** What there is to be drawn in a frame. */
export interface Sight {
  me: Place;
  aim: number;
  health: number;
  /** Until one is back, 0 to 1; undefined: one stands. */
  waits: number | undefined;
  others: readonly Figure[];
  streaks: readonly Streak[];
  own: readonly Streak[];
  /** Of the tick that runs. */
  over: number;
  /** Where the server had one when it was last heard, if that is to be seen. */
  ghost: Place | undefined;
  target: Figure | undefined;
  nameOf(id: number): string;
}

/** A Scene is the field on a canvas. */
export class Scene {
  readonly camera = new Camera();
  readonly effects: Effects;
  private readonly ctx: CanvasRenderingContext2D;
  private readonly glow = glowing(colors.accent);
  private readonly coolGlow = glowing(colors.other);
  private ratio = 1;
  private small = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    still: boolean,
  ) {
    this.ctx = canvas.getContext("2d", { alpha: false })!;
    this.effects = new Effects(still);
  }

  /** Takes the size of the window. */
  resize(width: number, height: number, insets: Camera["insets"], small: boolean): void {
    this.small = small;
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.camera.resize(width, height, insets);
  }

  /** The field as one sees it from outside, with nobody on it. */
  drawEmpty(at: Place): void {
    this.camera.follow(at);
    this.ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.drawField();
  }

  draw(now: number, sight: Sight): void {
    const { ctx, camera } = this;
    camera.follow(sight.me);
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.drawField();
    for (const s of sight.streaks) this.drawStreak(s, colors.pale, 0);
    for (const s of sight.own) this.drawStreak(s, colors.accent, sight.over);
    for (const f of sight.others) this.drawOther(f, sight.nameOf(f.id), f === sight.target);
    if (sight.ghost) this.drawGhost(sight.ghost);
    this.drawMe(sight);
    this.effects.draw(ctx, camera, now, colors.accent, colors.pale);
    this.drawMap(sight);
  }

  private drawField(): void {
    const { ctx, camera } = this;
    const { width, height, scale } = camera;
    ctx.fillStyle = colors.outside;
    ctx.fillRect(0, 0, width, height);
    const [left, top, size] = [camera.x(0), camera.y(0), rules.fieldSize * scale];
    ctx.fillStyle = colors.field;
    ctx.fillRect(left, top, size, size);
    this.drawGrid(left, top, size);
    ctx.strokeStyle = colors.border;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(left, top, size, size);
  }

  /** Lines, and a point where they cross, for without them nothing seems to move. */
  private drawGrid(left: number, top: number, size: number): void {
    const { ctx, camera } = this;
    const step = gridEvery * camera.scale;
    ctx.fillStyle = colors.grid;
    for (let i = 1; i < rules.fieldSize / gridEvery; i++) {
      ctx.fillRect(Math.round(left + i * step), top, 1, size);
      ctx.fillRect(left, Math.round(top + i * step), size, 1);
    }
    ctx.fillStyle = colors.dots;
    for (let i = 1; i < rules.fieldSize / gridEvery; i++) {
      const y = Math.round(top + i * step);
      if (y < 0 || y > camera.height) continue;
      for (let j = 1; j < rules.fieldSize / gridEvery; j++) {
        const x = Math.round(left + j * step);
        if (x >= 0 && x <= camera.width) ctx.fillRect(x - 1, y - 1, 3, 3);
      }
    }
  }

  private drawStreak(s: Streak, color: string, over: number): void {
    const { ctx, camera } = this;
    const angle = (s.aim * 2 * Math.PI) / 256;
    const [c, n] = [Math.cos(angle) * camera.scale, Math.sin(angle) * camera.scale];
    const ahead = over * rules.shotSpeed;
    const [x, y] = [camera.x(s.x) + c * ahead, camera.y(s.y) + n * ahead];
    ctx.strokeStyle = color;
    ctx.lineCap = "round";
    for (const [length, width, alpha] of [
      [110, 2, 0.25],
      [46, 3, 1],
    ] as const) {
      ctx.globalAlpha = alpha;
      ctx.lineWidth = width;
      ctx.beginPath();
      ctx.moveTo(x - c * length, y - n * length);
      ctx.lineTo(x, y);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }

  private drawOther(f: Figure, name: string, aimed: boolean): void {
    const { ctx, camera } = this;
    const [x, y, r] = [camera.x(f.x), camera.y(f.y), radius * camera.scale];
    if (x < -80 || y < -80 || x > camera.width + 80 || y > camera.height + 80) return;
    if (f.health > 0) ctx.drawImage(this.coolGlow, x - 3 * r, y - 3 * r, 6 * r, 6 * r);
    ctx.globalAlpha = f.health > 0 ? 1 : 0.25;
    this.drawBody(x, y, r, f.aim, colors.otherFill, colors.other);
    if (f.health > 0) this.drawHealth(x, y, r, f.health, colors.other);
    if (aimed) this.drawAim(x, y, r);
    ctx.fillStyle = colors.other;
    ctx.font = `${camera.scale > 0.45 ? 12 : 11}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    if (f.health > 0) ctx.fillText(name, x, y - r - 14);
    ctx.globalAlpha = 1;
  }

  private drawMe({ me, aim, health, waits }: Sight): void {
    const { ctx, camera } = this;
    const [x, y, r] = [camera.x(me.x), camera.y(me.y), radius * camera.scale];
    if (waits === undefined) {
      const glow = r * 4;
      ctx.drawImage(this.glow, x - glow, y - glow, 2 * glow, 2 * glow);
      this.drawBody(x, y, r, aim, colors.accentFill, colors.accent);
      this.drawHealth(x, y, r, health, colors.accent);
      return;
    }
    ctx.strokeStyle = colors.border;
    ctx.lineWidth = 3;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.strokeStyle = colors.accent;
    ctx.beginPath();
    ctx.arc(x, y, r, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * waits);
    ctx.stroke();
  }

  private drawGhost({ x, y }: Place): void {
    const { ctx, camera } = this;
    ctx.strokeStyle = colors.accent;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([4, 5]);
    ctx.beginPath();
    ctx.arc(camera.x(x), camera.y(y), radius * camera.scale, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** A disc with a barrel. */
  private drawBody(x: number, y: number, r: number, aim: number, fill: string, line: string): void {
    const { ctx } = this;
    const angle = (aim * 2 * Math.PI) / 256;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    ctx.strokeStyle = line;
    ctx.lineCap = "round";
    ctx.lineWidth = Math.max(3, r * 0.32);
    ctx.beginPath();
    ctx.moveTo(x + c * r * 0.5, y + s * r * 0.5);
    ctx.lineTo(x + c * r * 1.35, y + s * r * 1.35);
    ctx.stroke();
    ctx.fillStyle = fill;
    ctx.lineWidth = Math.max(1.5, r * 0.1);
    ctx.beginPath();
    ctx.arc(x, y, r * 0.86, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }

  /** A part of a ring for each hit that is left. */
  private drawHealth(x: number, y: number, r: number, health: number, color: string): void {
    const { ctx } = this;
    const part = (2 * Math.PI) / rules.fullHealth;
    ctx.lineWidth = Math.max(2, r * 0.12);
    ctx.lineCap = "butt";
    for (let i = 0; i < rules.fullHealth; i++) {
      ctx.strokeStyle = i < health ? color : colors.border;
      ctx.beginPath();
      ctx.arc(x, y, r * 0.55, -Math.PI / 2 + i * part + 0.14, -Math.PI / 2 + (i + 1) * part - 0.14);
      ctx.stroke();
    }
  }

  /** Four corners around whom the next shot is for. */
  private drawAim(x: number, y: number, r: number): void {
    const { ctx } = this;
    ctx.strokeStyle = colors.accent;
    ctx.lineWidth = 1.5;
    for (let i = 0; i < 4; i++) {
      const middle = Math.PI / 4 + (i * Math.PI) / 2;
      ctx.beginPath();
      ctx.arc(x, y, r * 1.7, middle - 0.28, middle + 0.28);
      ctx.stroke();
    }
  }

  /** The whole field, small. */
  private drawMap({ me, others, waits }: Sight): void {
    const { ctx, camera } = this;
    const { width, height, insets } = camera;
    const size = this.small ? 76 : 132;
    const x = width - insets.right - size - (this.small ? 14 : 24);
    const y = this.small ? insets.top + 4 : height - size - 24;
    const inside = 5;
    const to = (size - 2 * inside) / rules.fieldSize;
    const [left, top] = [x + inside, y + inside];
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = colors.outside;
    ctx.strokeStyle = colors.border;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.roundRect(x, y, size, size, 8);
    ctx.fill();
    ctx.stroke();
    ctx.fillStyle = colors.other;
    for (const f of others) if (f.health > 0) ctx.fillRect(left + f.x * to - 1, top + f.y * to - 1, 2.5, 2.5);
    if (waits === undefined) {
      ctx.fillStyle = colors.accent;
      ctx.beginPath();
      ctx.arc(left + me.x * to, top + me.y * to, 3, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }
}

/** A spot of light, painted once, for gradients are slow. */
function glowing(color: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const half = (canvas.width = canvas.height = 128) / 2;
  const ctx = canvas.getContext("2d")!;
  const light = ctx.createRadialGradient(half, half, 0, half, half, half);
  light.addColorStop(0, `${color}30`);
  light.addColorStop(0.5, `${color}10`);
  light.addColorStop(1, `${color}00`);
  ctx.fillStyle = light;
  ctx.fillRect(0, 0, 2 * half, 2 * half);
  return canvas;
}

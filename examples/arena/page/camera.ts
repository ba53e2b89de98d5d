import { rules, type Place } from "./walk.js";

/** How much of the field is seen: so many units along the shorter side of the screen. */
const seen = 1750;
const [smallest, largest] = [0.3, 0.6]; // pixels to a unit

/** Beyond the border of the field so many pixels are seen at most. */
const margin = 110;

/** What covers the field on each side, in pixels. */
export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** A Camera follows somebody, and stays on the field. */
export class Camera {
  /** Pixels to a unit of the field. */
  scale = 1;
  width = 0;
  height = 0;
  insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  private at: Place = { x: 0, y: 0 }; // what is in the middle of what is not covered

  resize(width: number, height: number, insets: Insets): void {
    this.width = width;
    this.height = height;
    this.insets = insets;
    const free = Math.min(width - insets.left - insets.right, height - insets.top - insets.bottom);
    this.scale = Math.max(smallest, Math.min(free / seen, largest));
  }

  follow({ x, y }: Place): void {
    const { width, height, insets } = this;
    this.at.x = this.within(x, width - insets.left - insets.right);
    this.at.y = this.within(y, height - insets.top - insets.bottom);
  }

  private within(v: number, pixels: number): number {
    const half = pixels / 2 / this.scale;
    const beyond = margin / this.scale;
    const [least, most] = [half - beyond, rules.fieldSize - half + beyond];
    return least > most ? rules.fieldSize / 2 : Math.max(least, Math.min(v, most));
  }

  x(x: number): number {
    const { width, insets } = this;
    return (width + insets.left - insets.right) / 2 + (x - this.at.x) * this.scale;
  }

  y(y: number): number {
    const { height, insets } = this;
    return (height + insets.top - insets.bottom) / 2 + (y - this.at.y) * this.scale;
  }

  /** The place on the field that is under a point of the screen. */
  place(x: number, y: number): Place {
    return { x: this.at.x + (x - this.x(this.at.x)) / this.scale, y: this.at.y + (y - this.y(this.at.y)) / this.scale };
  }
}

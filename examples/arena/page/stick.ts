const slack = 0.28; // of the way to the rim: a thumb that rests is no wish

/** A Stick is a joystick under a thumb; it points in eight directions. */
export class Stick {
  /** Each -1, 0 or 1. */
  direction: readonly [dx: number, dy: number] = [0, 0];
  private readonly knob: HTMLElement;
  private pointer: number | undefined;

  constructor(
    private readonly base: HTMLElement,
    private readonly onChange: () => void,
  ) {
    this.knob = base.querySelector("i")!;
    base.addEventListener("pointerdown", (e) => {
      e.preventDefault();
      this.pointer = e.pointerId;
      base.setPointerCapture(e.pointerId);
      this.move(e);
    });
    base.addEventListener("pointermove", (e) => {
      if (e.pointerId === this.pointer) this.move(e);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"] as const)
      base.addEventListener(end, (e) => {
        if (e.pointerId === this.pointer) this.rest();
      });
  }

  private move(e: PointerEvent): void {
    const { left, top, width, height } = this.base.getBoundingClientRect();
    const x = (e.clientX - left) / (width / 2) - 1;
    const y = (e.clientY - top) / (height / 2) - 1;
    const away = Math.hypot(x, y);
    const within = Math.min(1, 1 / Math.max(away, 1e-6));
    this.show(x * within, y * within);
    this.point(away < slack ? [0, 0] : eighth(Math.atan2(y, x)));
  }

  private rest(): void {
    this.pointer = undefined;
    this.show(0, 0);
    this.point([0, 0]);
  }

  private show(x: number, y: number): void {
    const reach = this.base.clientWidth * 0.3;
    this.knob.style.transform = `translate(${x * reach}px, ${y * reach}px)`;
    this.base.classList.toggle("held", this.pointer !== undefined);
  }

  private point(direction: readonly [number, number]): void {
    const [dx, dy] = this.direction;
    if (dx === direction[0] && dy === direction[1]) return;
    this.direction = direction;
    this.onChange();
  }
}

/** The nearest of eight directions. */
function eighth(angle: number): readonly [number, number] {
  const part = Math.round((angle * 4) / Math.PI) * (Math.PI / 4);
  return [Math.round(Math.cos(part)), Math.round(Math.sin(part))];
}

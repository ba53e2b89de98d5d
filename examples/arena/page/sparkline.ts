import { kept, type Series } from "./gauges.js";

const lossColor = "#ff7b72";

/** A Sparkline is a small graph of half a minute, the newest at the right. */
export class Sparkline {
  readonly canvas = document.createElement("canvas");
  private readonly ctx: CanvasRenderingContext2D;
  /** The most that is seen. */
  most = 0;
  private top = 0; // of the graph, which follows what it shows

  /**
   * @param least what the top of the graph stands for at least, so that noise looks like noise
   * @param lost what gets a stroke each, of the same samples
   */
  constructor(
    private readonly series: Series,
    private readonly marks: readonly number[],
    private readonly least: number,
    private readonly color: string,
    private readonly line: string,
    private readonly lost?: Series,
  ) {
    this.canvas.setAttribute("aria-hidden", "true");
    this.ctx = this.canvas.getContext("2d")!;
  }

  draw(): void {
    const { canvas, ctx, series } = this;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0) return;
    if (canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    this.drawMarks(width, height);
    if (series.count < 2) return;
    this.most = 0;
    for (let i = 0; i < series.count; i++) this.most = Math.max(this.most, series.ago(i));
    const top = Math.max(this.most, this.least) * 1.15;
    this.top = Math.max(top, this.top + (top - this.top) * 0.2); // it comes down little by little
    const x = (i: number) => width - (i * width) / (kept - 1);
    const y = (v: number) => height - 1.5 - (Math.max(0, v) / this.top) * (height - 3);
    const path = new Path2D();
    path.moveTo(x(0), y(series.ago(0)));
    for (let i = 1; i < series.count; i++) path.lineTo(x(i), y(series.ago(i)));
    ctx.strokeStyle = this.color;
    ctx.lineWidth = 1.5;
    ctx.lineJoin = "round";
    ctx.stroke(path);
    path.lineTo(x(series.count - 1), height);
    path.lineTo(width, height);
    ctx.globalAlpha = 0.12;
    ctx.fillStyle = this.color;
    ctx.fill(path);
    ctx.globalAlpha = 1;
    this.drawLost(x);
  }

  /** What did not come. */
  private drawLost(x: (i: number) => number): void {
    const { ctx, lost } = this;
    if (!lost) return;
    ctx.fillStyle = lossColor;
    for (let i = 0; i < lost.count; i++) {
      const n = lost.ago(i);
      if (n > 0) ctx.fillRect(x(i) - 1, 0, 1.5, Math.min(4 + 2 * n, 14));
    }
  }

  /** When the link was switched. */
  private drawMarks(width: number, height: number): void {
    this.ctx.fillStyle = this.line;
    for (const i of this.marks) this.ctx.fillRect(width - (i * width) / (kept - 1), 0, 1, height);
  }
}

import type { Conn, Kind } from "@tickwire/client";
import { kindNames } from "./words.js";
import { Gauges, type Own, type Series } from "./gauges.js";
import { LinkSwitch } from "./linkswitch.js";
import { element, find } from "./page.js";
import { Sparkline } from "./sparkline.js";

/** A Tile is one figure with its graph. */
interface Tile {
  value: HTMLElement;
  unit: HTMLElement;
  most: HTMLElement;
  graph: Sparkline;
  series: Series;
  /** Over how many samples the number is a mean. */
  over: number;
  digits: (v: number) => string;
}

const whole = (v: number) => v.toFixed(0);
const tenth = (v: number) => (v < 9.95 ? v.toFixed(1) : v.toFixed(0));
const fewFrames = 45; // a second: below that the numbers are those of a page that stutters, too
const [accent, calm] = ["#ffb454", "#8fa3bd"];

/** What the panel tells beside what the connection measures, in milliseconds. */
export interface Told {
  /** How far one acts ahead of the server, and how far behind it the others are drawn. */
  readonly pace: readonly [ahead: number, behind: number];
  /** How long the last key took to be seen; 0: there was none. */
  readonly key: number;
  readonly framesPerSecond: number;
}

/** The Panel is what the network does, and what the page does about it. */
export class Panel {
  readonly gauges = new Gauges();
  private readonly tiles: Tile[];
  private readonly paths = find("paths");
  private readonly transport = find("transport");
  private readonly boxes = {
    predicts: find<HTMLInputElement>("predict"),
    interpolates: find<HTMLInputElement>("interpolate"),
    ghost: find<HTMLInputElement>("ghost"),
  };
  private shownPaths = "";

  constructor() {
    const g = this.gauges;
    this.tiles = [
      this.tile("Round trip", "ms", g.rtt, { least: 20, over: 3, digits: whole }),
      this.tile("Jitter", "ms", g.jitter, { least: 5, over: 3, digits: tenth }),
      this.tile("Loss, up", "%", g.loss, { least: 4, over: 3, digits: tenth, lost: g.missed }),
      this.tile("Corrections", "px/s", g.corrections, { least: 8, over: 1, digits: tenth }),
      this.tile("Down", "kbit/s", g.down, { least: 60, over: 10, digits: whole }),
      this.tile("Up", "kbit/s", g.up, { least: 20, over: 10, digits: whole }),
    ];
    new LinkSwitch(() => g.mark());
  }

  private tile(
    label: string,
    unit: string,
    series: Series,
    how: { least: number; over: number; digits: Tile["digits"]; lost?: Series },
  ): Tile {
    const [value, small, most] = [element("b"), element("small", unit), element("i")];
    most.title = "the most in half a minute";
    const color = series === this.gauges.corrections ? accent : calm;
    const graph = new Sparkline(series, this.gauges.marks, how.least, color, "#3a485c", how.lost);
    find("gauges").append(element("div", element("span", label), element("span", value, small), most, graph.canvas));
    return { value, unit: small, most, graph, series, over: how.over, digits: how.digits };
  }

  /** Measures, ten times a second. */
  sample(now: number, conn: Conn, own: Own, settled: boolean): void {
    this.gauges.sample(now, conn, own, settled);
  }

  /** Whether one's own place is predicted, or drawn where the server last had one. */
  get predicts(): boolean {
    return this.boxes.predicts.checked;
  }

  /** Whether the others are drawn between two states, or as the last one has them. */
  get interpolates(): boolean {
    return this.boxes.interpolates.checked;
  }

  /** Whether it is to be seen where the server has one. */
  get ghost(): boolean {
    return this.boxes.ghost.checked;
  }

  draw(conn: Conn, kind: Kind | undefined, told: Told): void {
    for (const { value, most, graph, series, over, digits } of this.tiles) {
      value.textContent = kind && series.count > 0 ? digits(series.mean(over)) : "–";
      graph.draw();
      most.textContent = series.count > 0 ? `max ${digits(graph.most)}` : "";
    }
    if (kind) this.drawLoss(kind);
    this.transport.textContent = kind ? kindNames[kind] : "nothing now";
    this.drawPaths(conn, kind);
    const frames = find("frames");
    frames.hidden = told.framesPerSecond >= fewFrames;
    frames.textContent = `only ${told.framesPerSecond.toFixed(0)} frames a second here: the figures are rough`;
    find("own-pace").textContent = this.ownPace(told);
    const [, behind] = told.pace;
    find("others-pace").textContent = this.interpolates
      ? `drawn ${behind.toFixed(0)} ms in the past, evenly`
      : "drawn as their packets come";
  }

  private ownPace({ pace: [ahead], key }: Told): string {
    const seen = key > 0 ? `; keys show in ${key.toFixed(0)}\u00a0ms` : "";
    return this.predicts ? `${ahead.toFixed(0)} ms ahead of the server${seen}` : `where the server has you${seen}`;
  }

  /** What TCP loses it sends again, and nobody is told: it shows as jitter. */
  private drawLoss(kind: Kind): void {
    const tile = this.tiles.find(({ series }) => series === this.gauges.loss)!;
    const hidden = kind === "websocket";
    if (hidden) [tile.value.textContent, tile.most.textContent] = ["–", ""];
    tile.unit.textContent = hidden ? "resent by TCP" : "%";
  }

  /** The paths there are; the one that plays is that of the transport which is shown, and has the round trip that is. */
  private drawPaths(conn: Conn, kind: Kind | undefined): void {
    const trip = this.gauges.rtt.mean(3);
    const all = conn.paths();
    const leads = conn.stats()?.path;
    const leader = all.find((p) => p.path === leads && p.kind === kind) ?? all.find((p) => p.kind === kind);
    const rows = all.flatMap((p) => {
      const plays = p === leader;
      const does = plays ? "plays" : p.state === "active" ? (p.use === "share" ? "stands by" : p.use) : "rests";
      const rtt = plays ? trip : p.rtt;
      return p.kind ? [{ name: kindNames[p.kind], does, rtt: rtt > 0 ? `${rtt.toFixed(0)} ms` : "–" }] : []; // of one that is gone there is nothing to say
    });
    if (rows.length === 0) rows.push({ name: "–", does: "looking for a way", rtt: "–" });
    const shown = JSON.stringify(rows);
    if (shown === this.shownPaths) return;
    this.shownPaths = shown;
    this.paths.replaceChildren(
      ...rows.map(({ name, does, rtt }) => {
        const row = element("li", element("span", name), element("em", does), element("span", rtt));
        row.classList.toggle("leads", does === "plays");
        return row;
      }),
    );
  }
}

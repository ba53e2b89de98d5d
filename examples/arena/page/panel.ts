import type { Conn, Kind } from "@tickwire/client";
import { kindNames } from "./words.js";
import { Gauges, type Series } from "./gauges.js";
import { inWords, links, switchLink, type Links } from "./link.js";
import { element, find } from "./page.js";
import { Sparkline } from "./sparkline.js";

const askEvery = 4000; // milliseconds: others may switch the link too

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

/** The Panel is what the network does. */
export class Panel {
  readonly gauges = new Gauges();
  private readonly tiles: Tile[];
  private readonly paths = find("paths");
  private readonly presets = find("presets");
  private readonly words = find("link-words");
  private readonly transport = find("transport");
  private shownPaths = "";
  private links: Links | undefined;

  constructor() {
    const g = this.gauges;
    const accent = "#ffb454";
    const calm = "#8fa3bd";
    const tile = (label: string, unit: string, series: Series, least: number, over: number, digits: Tile["digits"]) =>
      this.tile(label, unit, series, { least, over, digits, color: series === g.corrections ? accent : calm });
    this.tiles = [
      tile("Round trip", "ms", g.rtt, 20, 3, whole),
      tile("Jitter", "ms", g.jitter, 5, 3, tenth),
      tile("Loss", "%", g.loss, 4, 3, tenth),
      tile("Corrections", "px/s", g.corrections, 8, 1, tenth),
      tile("Down", "kbit/s", g.down, 60, 10, whole),
      tile("Up", "kbit/s", g.up, 20, 10, whole),
    ];
    void this.ask();
    this.presets.addEventListener("keydown", (e) => this.arrow(e));
  }

  private tile(
    label: string,
    unit: string,
    series: Series,
    how: { least: number; over: number; digits: Tile["digits"]; color: string },
  ): Tile {
    const [value, small, most] = [element("b"), element("small", unit), element("i")];
    most.title = "the most in half a minute";
    const graph = new Sparkline(series, this.gauges.marks, how.least, how.color, "#3a485c");
    find("gauges").append(element("div", element("span", label, most), element("span", value, small), graph.canvas));
    return { value, unit: small, most, graph, series, over: how.over, digits: how.digits };
  }

  /** Measures, ten times a second. */
  sample(now: number, conn: Conn, corrections: number, settled: boolean): void {
    this.gauges.sample(now, conn, corrections, settled);
  }

  /** Whether it is to be seen where the server has one. */
  get ghost(): boolean {
    return find<HTMLInputElement>("ghost").checked;
  }

  draw(conn: Conn, kind: Kind | undefined, [ahead, behind]: readonly [ahead: number, behind: number]): void {
    for (const { value, most, graph, series, over, digits } of this.tiles) {
      value.textContent = kind && series.count > 0 ? digits(series.mean(over)) : "–";
      graph.draw();
      most.textContent = series.count > 0 ? digits(graph.most) : "";
    }
    if (kind) this.drawLoss(kind);
    this.transport.textContent = kind ? kindNames[kind] : "no connection";
    find("pace").textContent =
      `You act ${ahead.toFixed(0)} ms ahead of the server; the others are drawn ${behind.toFixed(0)} ms behind it.`;
    this.drawPaths(conn);
  }

  /** What TCP loses it sends again, and nobody is told: it shows as jitter. */
  private drawLoss(kind: Kind): void {
    const tile = this.tiles.find(({ series }) => series === this.gauges.loss)!;
    const hidden = kind === "websocket";
    if (hidden) [tile.value.textContent, tile.most.textContent] = ["–", ""];
    tile.unit.textContent = hidden ? "TCP sends it again" : "%";
  }

  private drawPaths(conn: Conn): void {
    const leads = conn.stats()?.path;
    const rows = conn.paths().flatMap((p) => {
      const does = p.path === leads ? "plays" : p.active ? (p.use === "share" ? "stands by" : p.use) : "rests";
      const rtt = p.rtt > 0 ? `${p.rtt.toFixed(0)} ms` : "–";
      return p.kind ? [{ name: kindNames[p.kind], does, rtt }] : []; // of one that is gone there is nothing to say
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

  private async ask(): Promise<void> {
    const found = document.hidden ? this.links : await links();
    if (found) this.show(found);
    if (this.links) setTimeout(() => void this.ask(), askEvery);
  }

  /** Shows the links that there are, and which it is. */
  private show(found: Links): void {
    const before = this.links;
    this.links = found;
    find("link").hidden = false;
    if (before && before.now !== found.now) this.gauges.mark();
    if (before?.presets.length !== found.presets.length) {
      this.presets.replaceChildren(...found.presets.map(({ name }) => this.choice(name)));
    }
    for (const button of this.presets.children) {
      const chosen = (button as HTMLElement).dataset["name"] === found.now;
      button.setAttribute("aria-checked", String(chosen));
      (button as HTMLElement).tabIndex = chosen ? 0 : -1;
    }
    const preset = found.presets.find(({ name }) => name === found.now);
    this.words.textContent = preset ? inWords(preset) : "";
  }

  private choice(name: string): HTMLElement {
    const button = element("button", name);
    button.type = "button";
    button.setAttribute("role", "radio");
    button.dataset["name"] = name;
    button.addEventListener("click", () => void this.choose(name));
    return button;
  }

  private async choose(name: string): Promise<void> {
    const found = await switchLink(name);
    if (found) this.show(found);
    else this.words.textContent = "the server did not switch the link";
  }

  /** Arrow keys go from one choice to the next, as in any group of radio buttons. */
  private arrow(e: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.code];
    const all = [...this.presets.children] as HTMLElement[];
    const at = all.findIndex((b) => b === document.activeElement);
    if (!step || at < 0) return;
    e.preventDefault();
    const next = all[(at + step + all.length) % all.length]!;
    next.focus();
    next.click();
  }
}

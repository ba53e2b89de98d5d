import type { Kind, Reason } from "@tickwire/client";
import type { Hit, Move, Scores } from "./arena.js";
import { Controls } from "./controls.js";
import { Readings } from "./readings.js";
import { Hud } from "./hud.js";
import { Match, now as clock, type Audience } from "./match.js";
import { Settled } from "./meter.js";
import { find, small } from "./page.js";
import { Panel } from "./panel.js";
import { sampleEvery } from "./gauges.js";
import { Scene } from "./scene.js";
import type { Insets } from "./camera.js";
import { keepSeat } from "./seat.js";
import { bare, figures, meeting, nearest, streaks, type Figure } from "./sight.js";
import { aimAt, rules, walk, type Place } from "./walk.js";
import { kindNames } from "./words.js";

const panelDraws = 250; // milliseconds
const keepEvery = 1000; // likewise: a page that is killed has no time for it

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** A Game is the page while one plays: each frame it takes what is wished, and draws what is known. */
export class Game implements Audience {
  onConnected: () => void = () => {};
  onOver: (reason: Reason) => void = () => {};
  /** Nothing is heard of the server, which may have been started again. */
  onSilent: () => void = () => {};
  readonly readings = new Readings();
  private match: Match | undefined;
  private readonly canvas = find<HTMLCanvasElement>("field");
  private readonly scene = new Scene(this.canvas, still.matches);
  private readonly controls = new Controls(this.canvas, find("stick"), find("fire"));
  private readonly hud = new Hud();
  private readonly panel = new Panel();
  private others: readonly Figure[] = [];
  private aim = 0;
  private fellAt = 0;
  private lastFrame = 0;
  private lastSample = 0;
  private lastPanel = 0;
  private lastKept = 0;
  private kind = new Settled<Kind>(1000);
  private walks = false;
  silent = false;
  /** Which run of the server one plays in, and as whom. */
  run = "";
  get name(): string {
    return this.match?.name ?? "";
  }

  constructor(private readonly transports: readonly Kind[] | undefined) {
    this.hud.onSay = (text) => this.match?.say(text);
    this.controls.onChange = () => this.pressed();
    addEventListener("resize", () => this.resize());
    small.addEventListener("change", () => this.resize());
    document.addEventListener("visibilitychange", () => this.rest());
    find("open-panel").addEventListener("click", () => this.togglePanel());
    find("close-panel").addEventListener("click", () => this.togglePanel());
    find("predict").addEventListener("change", () => this.readings.reaction.forget());
    addEventListener("keydown", (e) => {
      if (e.key === "Escape" && document.body.classList.contains("panel-open")) this.togglePanel();
    });
    // Who clicks there with the mouse goes on playing with the keys.
    for (const id of ["panel", "bar"])
      find(id).addEventListener("click", (e) => {
        if (e.detail > 0 && document.activeElement instanceof HTMLElement) document.activeElement.blur();
      });
    this.resize();
    requestAnimationFrame((at) => this.frame(at));
  }

  /** Begins to play, with a connect token or a resume ticket of a run of the server. Throws a TokenError. */
  play(by: { token: Uint8Array } | { ticket: Uint8Array }, name: string, run: string): void {
    this.match?.close();
    this.run = run;
    this.match = new Match(by, name, this, this.transports);
    this.readings.follow(this.match, this.panel.gauges);
    this.kind = new Settled<Kind>(1000);
  }

  /** The page ends. Who has a ticket keeps his seat for a while, for the page may be loaded again. */
  leave(): void {
    if (this.match && !this.keep(this.match)) this.match.close();
  }

  /** Gives up what has not begun, or cannot go on. */
  forget(): void {
    const { match } = this;
    this.match = undefined;
    this.silent = false;
    this.hud.banner("");
    match?.close();
  }

  /** Keeps the newest ticket for the next page, if there is one. */
  private keep({ conn, name }: Match): boolean {
    const ticket = conn.ticket();
    if (ticket) keepSeat({ ticket, name, run: this.run });
    return ticket !== undefined;
  }

  /** There are no frames while nobody looks: one stands still. */
  private rest(): void {
    if (document.hidden) this.match?.frame(clock(), { dx: 0, dy: 0, aim: this.aim, fire: false });
  }

  private togglePanel(): void {
    const open = document.body.classList.toggle("panel-open");
    find("open-panel").setAttribute("aria-expanded", String(open));
    this.resize();
  }

  private resize(): void {
    const { innerWidth: width, innerHeight: height } = window;
    const { offsetWidth: wide } = find("panel");
    this.scene.resize(width, height, small.matches ? this.narrowInsets(width, height) : { top: 0, right: wide + 32, bottom: 0, left: 0 }, small.matches);
  }

  /** What the bar covers, the thumbs' places, and the panel, which is below or at the right. */
  private narrowInsets(width: number, height: number): Insets {
    const { offsetWidth: wide, offsetHeight: high } = find("panel");
    const top = find("bar").getBoundingClientRect().bottom;
    const open = document.body.classList.contains("panel-open");
    if (!open) return { top, right: 0, bottom: height > 560 ? 150 : 0, left: 0 };
    return wide < width ? { top, right: wide, bottom: 0, left: 0 } : { top, right: 0, bottom: high, left: 0 };
  }

  /** A key or a thumb moved. If one stands, and nothing is in the way: how long until that is seen? */
  private pressed(): void {
    const prediction = this.match?.prediction;
    if (!prediction?.standing || this.walks) return;
    const { at } = prediction;
    const { x, y } = walk(at, this.controls.wish());
    const seen = this.seen(at);
    if ((x !== at.x || y !== at.y) && seen.x === at.x && seen.y === at.y) this.readings.reaction.press(performance.now(), at);
  }

  /** Where one is drawn who is predicted to be at a place. */
  private seen(predicted: Place): Place {
    return this.panel.predicts ? predicted : (this.match?.me ?? predicted);
  }

  private frame(at: number): void {
    requestAnimationFrame((next) => this.frame(next));
    const since = Math.min(100, at - this.lastFrame);
    this.lastFrame = at;
    const { match } = this;
    if (!match) {
      this.drawEmpty(at);
      return;
    }
    match.prediction.settle(since);
    const move = this.move(match);
    const { predicts, interpolates } = this.panel;
    match.pace.predicts = predicts;
    const between = match.frame(clock(), move);
    if (!match.state) {
      this.readings.drawn(at, undefined);
      this.drawEmpty(at);
      return;
    }
    this.walks = move.dx !== 0 || move.dy !== 0;
    if (this.walks || move.fire) this.hud.hint(false);
    const view = interpolates ? between : bare(match.state);
    const beyond = view && interpolates ? match.pace.beyond(view) : 0;
    if (view) this.others = figures(view, this.others, beyond);
    const me = this.seen(match.drawn(move));
    if (match.fired && predicts) this.scene.effects.shot(at, me);
    const stands = match.prediction.standing;
    this.scene.draw(at, {
      me,
      aim: move.aim,
      health: match.me?.health ?? 0,
      waits: stands ? undefined : Math.min(1, (at - this.fellAt) / 2000),
      others: this.others,
      streaks: view ? streaks(view, beyond, !predicts) : [],
      own: predicts ? match.shots.flying : [],
      over: match.pace.ticks.over,
      ghost: this.panel.ghost && stands ? match.me : undefined,
      target: this.controls.pointer ? undefined : nearest(me, this.others),
      nameOf: (id) => match.nameOf(id),
    });
    this.readings.drawn(at, stands ? this.seen(match.prediction.between(move, match.pace.ticks.over)) : undefined);
    this.measure(at, match);
  }

  /** What is done now: nothing, while nobody hears it. */
  private move(match: Match): Move {
    const silent = match.silent(clock());
    if (silent !== this.silent) {
      this.silent = silent;
      this.hud.banner(silent ? "The server is silent…" : "");
      if (silent) this.onSilent();
    }
    const { dx, dy, fire } = silent ? { dx: 0, dy: 0, fire: false } : this.controls.wish();
    const me = match.prediction.standing ? match.prediction.at : (match.me ?? { x: 0, y: 0 });
    const { pointer } = this.controls;
    const target = nearest(me, this.others);
    if (pointer) this.aim = aimAt(me, this.scene.camera.place(pointer.x, pointer.y));
    else if (target) this.aim = aimAt(me, this.lead(match, me, target));
    else if (dx !== 0 || dy !== 0) this.aim = aimAt({ x: 0, y: 0 }, { x: dx, y: dy });
    return { dx, dy, aim: this.aim, fire };
  }

  private lead(match: Match, me: Place, target: Figure): Place {
    const { prediction, state, pace } = match;
    if (!this.panel.interpolates && state) return meeting(me, target, prediction.tick - state.tick);
    return pace.shown ? meeting(me, target, pace.gap(pace.shown)) : target;
  }

  private drawEmpty(at: number): void {
    const middle = rules.fieldSize / 2;
    const turn = still.matches ? 0 : at / 20_000;
    this.scene.drawEmpty({ x: middle + 700 * Math.cos(turn), y: middle + 700 * Math.sin(turn) });
  }

  /** Measures ten times a second, and shows that four times. */
  private measure(at: number, match: Match): void {
    const { conn } = match;
    if (at - this.lastSample >= sampleEvery) {
      this.lastSample = at;
      const before = this.kind.value;
      const now = this.kind.take(at, conn.transport);
      if (before && now && now !== before) this.hud.note(`now over ${kindNames[now]}`);
      this.panel.sample(at, conn, this.readings, now === conn.transport);
    }
    if (at - this.lastPanel < panelDraws) return;
    this.lastPanel = at;
    const transport = this.kind.value;
    this.panel.draw(conn, transport, this.readings);
    if (at - this.lastKept >= keepEvery) {
      this.lastKept = at;
      this.keep(match);
    }
    const rtt = this.panel.gauges.rtt.mean(3);
    find("pill").textContent = transport ? `${kindNames[transport]} · ${rtt.toFixed(0)} ms` : "connecting";
  }

  // What the match tells.

  connected(): void {
    this.hud.banner("");
    this.hud.hint(true);
    this.onConnected();
    this.resize();
  }

  away(): void {
    this.hud.banner("The server is silent. Coming back…");
  }

  back(): void {
    this.hud.banner("");
  }

  over(reason: Reason): void {
    this.match = undefined;
    this.silent = false;
    keepSeat(undefined);
    this.readings.over(reason);
    this.hud.banner("");
    this.onOver(reason);
  }

  chat(from: string, text: string): void {
    this.hud.chat(from, text);
  }

  scores(table: Scores): void {
    this.hud.scores(table, this.match?.state?.you);
  }

  corrected(units: number): void {
    this.readings.corrected(performance.now(), units * this.scene.camera.scale);
  }

  hit(hit: Hit): void {
    const { match } = this;
    if (!match) return;
    const at = performance.now();
    const mine = hit.by === match.state?.you;
    const own = hit.health === 0 ? match.me : match.prediction.at; // who fell lies where the server has him
    const place = mine ? this.others.find(({ id }) => id === hit.on) : own;
    if (place && hit.health > 0) this.scene.effects.hit(at, { x: place.x, y: place.y }, mine);
    if (place && hit.health === 0) this.scene.effects.fall(at, { x: place.x, y: place.y }, mine);
    if (!mine) this.scene.effects.hurt(at);
    if (hit.health > 0) return;
    if (mine) this.hud.note(`You felled ${match.nameOf(hit.on)}`);
    else {
      this.fellAt = at;
      this.hud.note(`${match.nameOf(hit.by)} felled you`);
    }
  }
}

import type { PathStats, Reason } from "@tickwire/client";
import type { Gauges } from "./gauges.js";
import type { Match } from "./match.js";
import { Reaction, Recent } from "./meter.js";
import type { Place } from "./walk.js";

const nearby = 800; // units
const framesLately = 2000; // milliseconds
const enoughFrames = 100;
const lately = 5000; // milliseconds over which corrections are told

/** The Readings are what the page measures of itself, for the panel, for tests and for the curious. */
export class Readings {
  readonly reaction = new Reaction();
  /** Corrections of one's own place since one plays, in pixels, and how many. */
  correctedPixels = 0;
  correctedTimes = 0;
  /** Frames that were drawn, and for how many milliseconds one stood on the field. */
  frames = 0;
  playedMilliseconds = 0;
  /** Why it was over the last time. */
  reason = "";
  private readonly recent = new Recent(lately);
  private readonly recentFrames = new Recent(framesLately);
  private match: Match | undefined;
  private gauges: Gauges | undefined;
  private lastAt = 0;
  private at: Place | undefined;

  follow(match: Match, gauges: Gauges): void {
    this.match = match;
    this.gauges = gauges;
    this.reason = "";
    gauges.begin();
  }

  over(reason: Reason): void {
    this.match = undefined;
    this.reason = String(reason);
  }

  corrected(at: number, pixels: number): void {
    this.recent.add(at, pixels);
    this.correctedPixels += pixels;
    this.correctedTimes++;
  }

  /** A frame was drawn, with one at a place, if one stands. */
  drawn(at: number, place: Place | undefined): void {
    this.frames++;
    this.recentFrames.add(performance.now(), 1);
    if (place) this.playedMilliseconds += Math.min(1000, at - this.lastAt);
    this.lastAt = at;
    this.at = place;
    this.reaction.drawn(performance.now(), this.at);
  }

  /** Of the last two seconds; as many as there should be, while there were too few to tell. */
  get framesPerSecond(): number {
    if (this.frames < enoughFrames) return Infinity;
    return this.recentFrames.perSecond(performance.now());
  }

  get connected(): boolean {
    return this.match?.conn.open ?? false;
  }

  get transport(): string {
    return this.match?.conn.transport ?? "";
  }

  get paths(): PathStats[] {
    return this.match?.conn.paths() ?? [];
  }

  /** Pixels a second by which one's own place was put right lately. */
  get corrections(): number {
    return this.recent.perSecond(performance.now());
  }

  /** How long the last key took to be seen, in milliseconds; 0: there was none. */
  get key(): number {
    return this.reaction.lastMilliseconds;
  }

  /** How many states of the server did not come, or too late. */
  get missed(): number {
    return this.match?.missed ?? 0;
  }

  /** By which number one is known in the game; 0: not yet. */
  get id(): number {
    return this.match?.state?.you ?? 0;
  }

  get rtt(): number {
    return this.gauges?.latest?.rtt ?? 0;
  }

  get loss(): number {
    return this.gauges?.latest?.lossOut ?? 0;
  }

  /** Where one is drawn, without what is left of an error; undefined: one waits to come back. */
  get me(): Place | undefined {
    return this.at;
  }

  get health(): number {
    return this.match?.me?.health ?? 0;
  }

  /** How often one has shot. */
  get fired(): number {
    return this.match?.shots.fired ?? 0;
  }

  /** How many one sees beside oneself. */
  get others(): number {
    return Math.max(0, (this.match?.state?.avatars.length ?? 0) - 1);
  }

  /** How many of them are so near that one sees them on every screen. */
  get near(): number {
    const { state, me } = this.match ?? {};
    if (!state || !me) return 0;
    return state.avatars.filter((a) => a.id !== me.id && a.health > 0 && Math.hypot(a.x - me.x, a.y - me.y) < nearby).length;
  }

  /** The server's newest tick, and ours. */
  get ticks(): [server: number, own: number] {
    return [this.match?.state?.tick ?? 0, this.match?.prediction.tick ?? 0];
  }

  /** How far ahead of the server one acts, and how far behind it the others are drawn, in milliseconds. */
  get pace(): [ahead: number, behind: number] {
    const pace = this.match?.pace;
    return pace ? [pace.lead.ahead / 1000, pace.states.delay / 1000] : [0, 0];
  }
}

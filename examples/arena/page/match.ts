import { Channel, Client, Delivery, web, type Conn, type Kind, type Reason } from "@tickwire/client";
import { FieldError } from "@tickwire/client/codec";
import { type View } from "@tickwire/client/timeline";
import { Anchor, Chat, Hit, Input, Name, Scores, State, type Avatar, type Move } from "./arena.js";
import { fresh, Moves } from "./moves.js";
import { Pace } from "./pace.js";
import { Prediction } from "./prediction.js";
import { Shots } from "./shots.js";
import { rules, type Place } from "./walk.js";

const protocolId = 0x6172656e6103n;
const comesBackFor = 10_000; // milliseconds: a server that was started again does not know us
const silence = 1_000_000; // after which nobody knows where one would walk

/** The channels, as doc.go of the arena has them. */
const inputs = new Channel<Input>({ id: 1, name: "inputs", delivery: Delivery.unreliableLatest }, Input);
const states = new Channel<State>({ id: 2, name: "states", delivery: Delivery.unreliableLatest }, State);
const hits = new Channel<Hit>({ id: 3, name: "hits", delivery: Delivery.reliableUnordered }, Hit);
const chats = new Channel<Chat>({ id: 4, name: "chat", delivery: Delivery.reliableOrdered }, Chat);
const scores = new Channel<Scores>({ id: 5, name: "scores", delivery: Delivery.reliableLatest }, Scores);
const names = new Channel<Name>({ id: 6, name: "names", delivery: Delivery.reliableLatest }, Name);
const anchors = new Channel<Anchor>({ id: 7, name: "anchors", delivery: Delivery.reliableLatest }, Anchor);
const channels = [inputs, states, hits, chats, scores, names, anchors];

/** What a match tells whoever shows it. */
export interface Audience {
  connected(): void;
  /** Nothing is heard of the server. */
  away(): void;
  back(): void;
  over(reason: Reason): void;
  chat(from: string, text: string): void;
  hit(hit: Hit): void;
  scores(table: Scores): void;
  /** Where one is was put right by so many units of the field. */
  corrected(units: number): void;
}

/** The clock of the client: microseconds. */
export const now = () => Math.floor(performance.now() * 1000);

/**
 * A Match is one connection to the game, and what it has shown so far. Messages are taken when they come; what is done
 * and drawn, in the frames.
 */
export class Match {
  readonly conn: Conn;
  readonly pace = new Pace();
  readonly prediction = new Prediction();
  readonly shots = new Shots();
  /** The newest that came of the world, and of oneself in it. */
  state: State | undefined;
  me: Avatar | undefined;
  table: Scores = { rows: [] };
  /** What the ticks since the last frame made of the trigger. */
  fired = false;
  private readonly client: Client;
  private readonly moves = new Moves();
  private heardAt = 0; // when a state came
  /** How many states of the server did not come, or too late. */
  missed = 0;

  /** Begins with a connect token, or with a resume ticket. Throws a TokenError. */
  constructor(
    by: { token: Uint8Array } | { ticket: Uint8Array },
    readonly name: string,
    private readonly audience: Audience,
    transports: readonly Kind[] | undefined,
  ) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const url = `${scheme}://${location.host}/tickwire`;
    this.client = new Client({
      channels,
      protocolId,
      transport: web(url, transports ? { transports } : {}),
      resumeFor: comesBackFor,
    });
    this.conn = "token" in by ? this.client.connect(by.token) : this.client.resume(by.ticket);
    this.client.onNews = () => this.take();
  }

  /** Takes what came. */
  private take(): void {
    this.pace.awake.beat(now());
    for (const event of this.client.events()) {
      if (event.kind === "Connected") {
        names.send(this.conn, { text: this.name });
        this.audience.connected();
      }
      if (event.kind === "Away") this.audience.away();
      if (event.kind === "Back") {
        if (!event.kept) this.begin();
        this.audience.back();
      }
      if (event.kind === "Disconnected") this.audience.over(event.reason);
    }
    this.pace.listen(this.conn);
    const { conn, audience } = this;
    each(() => anchors.next(conn), (anchor) => this.pace.moor(anchor));
    each(() => states.next(conn), (state) => this.look(state));
    each(() => scores.next(conn), (table) => {
      this.table = table;
      audience.scores(table);
    });
    each(() => hits.next(conn), (hit) => {
      if (hit.by === this.state?.you) this.landed(hit.on);
      audience.hit(hit);
    });
    each(() => chats.next(conn), ({ from, text }) => audience.chat(this.nameOf(from), text));
  }

  private begin(): void {
    this.pace.reset();
    this.prediction.forget();
    names.send(this.conn, { text: this.name });
  }

  /** Takes a state, and has it put us right. */
  private look(state: State): void {
    this.heardAt = now();
    this.pace.take(this.heardAt, state);
    const apart = state.tick - (this.state?.tick ?? state.tick);
    if (apart > 1 && apart < rules.ticksPerSecond) this.missed += apart - 1; // beyond that one was away
    this.state = state;
    this.me = state.avatars.find((a) => a.id === state.you);
    if (this.me && this.me.health > 0) {
      const off = this.prediction.correct(state.tick, this.me, state.late);
      if (off > 0) this.audience.corrected(off);
    } else if (this.prediction.standing) {
      this.prediction.forget();
      this.shots.forget();
    }
  }

  /** Whether no state has come for a while. */
  silent(at: number): boolean {
    return this.state !== undefined && at - this.heardAt > silence;
  }

  private landed(on: number): void {
    const target = this.state?.avatars.find((a) => a.id === on);
    if (target) this.shots.land(target);
  }

  /** Does what is due: each tick that has begun has the move of now, and the server is told. */
  frame(at: number, move: Move): View<State> | undefined {
    this.pace.awake.beat(at);
    const [from, to] = this.pace.advance(at);
    this.fired = false;
    this.moves.begin(from, to, move, (tick, does) => {
      this.step(tick, at, does);
      // What the page has missed says nothing of the way.
      if (tick >= fresh(from, to)) this.pace.lead.sent(tick, at);
    });
    if (from <= to && this.conn.open) inputs.send(this.conn, { tick: to, moves: this.moves.last });
    this.client.flush();
    return this.pace.show(at);
  }

  private step(tick: number, at: number, move: Move): void {
    this.prediction.step(tick, move, this.pace.serverTick(at));
    if (this.prediction.standing) {
      this.fired = this.shots.step(tick, move, this.prediction.at) || this.fired;
    }
  }

  /** Where one is in this frame. */
  drawn(move: Move): Place {
    return this.prediction.standing
      ? this.prediction.drawn(move, this.pace.ticks.over)
      : (this.me ?? { x: 2048, y: 2048 });
  }

  say(text: string): void {
    if (this.conn.open) chats.send(this.conn, { number: 0, from: 0, text });
  }

  nameOf(id: number): string {
    return this.table.rows.find((row) => row.id === id)?.name ?? "somebody";
  }

  close(): void {
    this.client.close();
  }
}

/** Takes all messages there are; one that nobody can read counts as not sent. */
function each<T>(next: () => T | undefined, take: (m: T) => void): void {
  for (;;) {
    try {
      const m = next();
      if (m === undefined) return;
      take(m);
    } catch (e) {
      if (!(e instanceof FieldError)) throw e;
    }
  }
}

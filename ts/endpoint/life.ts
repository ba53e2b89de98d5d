import { Code, WireError, type Hello, type Reader } from "../wire/first.js";
import { never, second } from "./constants.js";
import { type Common } from "./common.js";
import { answer, farewell } from "./farewell.js";
import { type Inbox } from "./inbox.js";
import { type Outbox } from "./outbox.js";
import { type Packet } from "./packet.js";
import { type Paths } from "./paths.js";
import { type Way } from "./way.js";

export const mostSilence = 5 * second; // without a PING

/**
 * Where an endpoint is in its life:
 *
 *     meeting → open ⇄ away → dead
 *                 ↘ closing → dead
 */
export type State = "meeting" | "open" | "away" | "closing" | "dead";

/** How an end was asked to come that waits until what was sent is through. */
export interface Parting {
  until: number;
  code: number;
  text: string;
}

/**
 * A Life is where the connection is in its life, and how it ends. This one is open or over; a {@link FullLife} may be
 * held, drained, and kept while the peer is away.
 */
export class Life {
  state: State = "meeting";
  /** The frame that is said last. */
  last: Uint8Array = answer;
  /** What the peer said of itself. */
  peer: Hello | undefined;
  parting: Parting | undefined;
  openedAt = 0;
  heardAt: number;

  constructor(
    protected c: Common,
    protected inbox: Inbox,
    protected outbox: Outbox,
    protected paths: Paths<Packet, Way>,
  ) {
    this.heardAt = c.now;
  }

  opened(now: number, peer: Hello): void {
    this.peer = peer;
    this.state = "open";
    this.openedAt = now;
    this.heard(now);
    this.c.events.push({ kind: "opened" });
  }

  get ended(): boolean {
    return this.state === "closing" || this.state === "dead";
  }

  /** Messages flow, or wait for a peer that is away. */
  get lives(): boolean {
    return this.state === "open" || this.state === "away";
  }

  get accepts(): boolean {
    return !this.ended && !this.parting;
  }

  /** How long nothing may be heard until a PING goes. */
  get pingInterval(): number {
    return Math.min(this.c.cfg.timeout / 4, mostSilence);
  }

  /** When a PING is due on a path that owes no answer. */
  pingAt(p: Way): number {
    const may = this.state === "open" && p.claims.active && p.eliciting === 0;
    return may ? p.claims.heardAt + this.pingInterval : never;
  }

  /** Something authentic came. */
  heard(now: number): void {
    this.heardAt = now;
  }

  /** This end closes the connection. */
  close(now: number, code: number, text: string): void {
    if (this.ended) return;
    this.over(code, text, false);
    this.last = farewell(code, text);
    this.leave(now, -1);
  }

  /** What the peer sent breaks a rule. */
  blame(now: number, err: unknown): undefined {
    if (!(err instanceof WireError)) throw err;
    this.close(now, err.code, err.rule);
  }

  /** The peer has closed it: everything that came before may be received. */
  closed(now: number, path: number, code: number, text: string): void {
    this.over(code, text, true);
    this.leave(now, path);
  }

  /** There is one thing left to say, to who closed on a path; -1: we did. */
  protected leave(_now: number, _path: number): void {
    this.state = "closing";
  }

  protected over(code: number, text: string, remote: boolean): void {
    this.c.events.push({ kind: "closed", code, text, remote, ...this.outbox.abandon() });
  }

  /** The peer has been silent for too long. */
  giveUp(): void {
    this.over(Code.timeout, "nothing was heard for the timeout", false);
    this.state = "dead";
  }

  /** When the silence of the peer ends the connection, or it is away. */
  protected timeoutAt(): number {
    return this.heardAt + this.c.cfg.timeout;
  }

  /** When {@link timeout} has something to do. */
  deadline(): number {
    return this.ended ? never : Math.min(this.timeoutAt(), this.partAt());
  }

  /** When a parting is over: before its time if there is who knows how far it is. */
  protected partAt(): number {
    return this.parting?.until ?? never;
  }

  /** Does what is due. */
  timeout(now: number): void {
    if (!this.ended) this.due(now);
  }

  /** Does what is due before the end. */
  protected due(now: number): void {
    if (now >= this.timeoutAt()) this.giveUp();
    this.part(now);
  }

  protected part(now: number): void {
    const { parting } = this;
    if (parting && now >= this.partAt()) this.close(now, parting.code, parting.text);
  }

  /** Reads a packet that came after the end: this one waits until that is over. */
  readClosing(_now: number, _path: number, _r: Reader): void {}
}

import type { ClockSample } from "../endpoint/clock.js";
import { SendError } from "../endpoint/event.js";
import type { SendOptions } from "../endpoint/sender.js";
import type { Ticket } from "../netcode/ticket.js";
import type { Token } from "../netcode/token.js";
import type { Kind } from "../transport/way.js";
import type { Address } from "../wire/address.js";
import { Code } from "../wire/error.js";
import { Dialed } from "./dialed.js";
import type { Host, Led } from "./host.js";
import { loaded } from "./loading.js";
import type { Reason } from "./reason.js";
import type { ChannelStats, ConnStats, PathStats } from "./stats.js";

/**
 * A Conn is a live association with a server. It is never used again: after it has ended its methods throw
 * a SendError or return nothing.
 */
export class Conn {
  /** The application's: the library never looks at it. */
  value: unknown;
  /** Why it ended; undefined before. */
  reason: Reason | undefined;
  /** @internal The Client's. */
  readonly peer: Dialed;

  /** Unique within its Client. */
  readonly id: number;
  /** @internal Whose server has sent us to this one, until it is connected. */
  from: Conn | undefined;

  /** @internal The Client makes it. */
  constructor(
    private readonly host: Host,
    id: number,
    credentials: readonly (Token | Ticket)[],
    led?: Led,
  ) {
    this.id = id;
    this.from = led?.from;
    this.value = this.from?.value;
    this.peer = new Dialed(host, this, credentials, led);
  }

  /** @internal Is called by the peer, once. */
  ended(reason: Reason, undelivered = 0, unreliable = 0): void {
    if (this.reason) return;
    this.reason = reason;
    this.host.report({ kind: "Disconnected", conn: this, reason, undelivered, unreliable });
  }

  /** Messages can be sent. */
  get open(): boolean {
    const { line, end } = this.peer;
    return line !== undefined && !this.reason && end!.open;
  }

  /** Nothing is heard of the server, and the Conn tries to come back. */
  get away(): boolean {
    return this.peer.seat?.away === true && !this.reason;
  }

  /** The version of typed messages that both ends use. */
  get schemaVersion(): number {
    return this.peer.end?.schema || Infinity;
  }

  /**
   * Sends a message; it leaves at the end of the task that runs. Throws a SendError.
   *
   * @returns its receipt, 0 if none was asked for
   */
  send(channel: number, b: Uint8Array, options?: SendOptions): number {
    const { line, end } = this.peer;
    if (!line || this.reason) throw new SendError(channel, "closed");
    const receipt = end!.send(channel, b, options);
    this.host.wake();
    return receipt;
  }

  /** Takes the messages of a channel that came. */
  *receive(channel: number): Generator<Uint8Array> {
    for (let b = this.next(channel); b; b = this.next(channel)) yield b;
  }

  /** Takes the next message of a channel; undefined if none is there. It is good until the next call. */
  next(channel: number): Uint8Array | undefined {
    const b = this.peer.end?.receive(channel);
    if (b) this.host.wake(); // its credit returns
    return b;
  }

  /** Takes all messages of a channel that came, and returns the newest. */
  latest(channel: number): Uint8Array | undefined {
    let last: Uint8Array | undefined;
    for (let b = this.next(channel); b; b = this.next(channel)) last = b;
    return last;
  }

  /** Whether a message of a channel waits. */
  waits(channel: number): boolean {
    return this.peer.end?.waits(channel) ?? false;
  }

  /** Ends it at once: the server is told, and what is under way may not arrive. */
  close(code: number = Code.none, text = ""): void {
    if (this.reason) return;
    this.peer.close(code, text);
    this.host.wake();
  }

  /** Ends it when what was sent has arrived, or after so many milliseconds. */
  drain(code: number = Code.none, text = "", within = 5000): void {
    const { line, end } = this.peer;
    if (!line || this.reason) return this.close(code, text);
    end!.drain(this.host.clock.now(), code, text, within * 1000);
    this.host.wake();
  }

  /**
   * Announces that nothing is sent or read for so many milliseconds; 0 ends that. False: the server does not grant
   * it, or what it takes is being loaded, which a call begins: ask again in a moment.
   */
  hold(milliseconds: number): boolean {
    this.host.wake();
    return this.peer.sit()?.hold(milliseconds * 1000) ?? false;
  }

  /** Has the keys of what goes to the server changed as soon as that is possible. */
  changeKeys(): void {
    const { line } = this.peer;
    if (line) line.session.sealer.left = 0;
  }

  /**
   * What a client needs to come back with another process, or after a page was loaded again, without its
   * backend: see Client.resume. It is as secret as a password. Undefined: the server gives none, or none
   * has come yet.
   */
  ticket(): Uint8Array | undefined {
    return this.reason ? undefined : this.peer.seat?.ticket();
  }

  /** The addresses of the server, as it told them. */
  get serverAddresses(): readonly Address[] {
    return this.peer.seat?.addresses ?? [];
  }

  /** What carries messages now; undefined before it is connected, and while nothing does. */
  get transport(): Kind | undefined {
    const { line, end } = this.peer;
    return line?.ways.get(end!.paths.lead.claims.route)?.kind;
  }

  /** Who knows numbers, once that is loaded. */
  private get asked() {
    this.peer.need("stats");
    return loaded.stats;
  }

  /**
   * What was counted and measured; undefined until it is connected, and the part "stats" of the client is loaded. The first call
   * begins that, and onNews is called when it is there; after preload("stats") it is there at once.
   */
  stats(): ConnStats | undefined {
    return this.asked?.stats(this.peer);
  }

  /** What was counted of a channel; undefined like {@link stats}, and where there is none. */
  channelStats(channel: number): ChannelStats | undefined {
    return this.asked?.channelStats(this.peer, channel);
  }

  /**
   * About how many bytes of messages sent now would leave within so many milliseconds, with all headers: as much as congestion
   * control, pacing and the limits of the server allow, less what waits already; of a channel, less what goes before its messages
   * or with them. A game that sends no more than that keeps its queues near empty. 0: nothing, or nobody has measured yet, as
   * before {@link stats} are there.
   */
  budget(within = 1000 / 60, channel?: number): number {
    return this.asked?.budget(this.peer, within, channel) ?? 0;
  }

  /** What was counted and measured of each path that is not closed; none before {@link stats} are there. */
  paths(): PathStats[] {
    return this.asked?.paths(this.peer) ?? [];
  }

  /** Exchanges of clocks since the last call, for a timeline; they are kept from the first call on, once {@link stats} are there. */
  clockSamples(): readonly ClockSample[] {
    return this.asked?.clockSamples(this.peer) ?? [];
  }
}

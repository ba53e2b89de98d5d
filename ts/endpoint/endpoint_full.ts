import { READS_PATHS, difference, readControl, readRows, type ControlMessage } from "../wire/index.js";
import { become } from "./become.js";
import { FullAcks } from "./acks_full.js";
import { FullArrival } from "./arrival_full.js";
import { budget } from "./budget.js";
import { type ClockSample } from "./clock.js";
import { rowsOf } from "./config.js";
import { never } from "./constants.js";
import { FullDeparture } from "./departure_full.js";
import { Endpoint } from "./endpoint.js";
import type { ChannelCounts, MessageCounts } from "./event.js";
import type { Refusal } from "./meeting.js";
import { FullInbox } from "./inbox_full.js";
import { FullLife } from "./life_full.js";
import { FullOutbox } from "./outbox_full.js";
import { type Packet } from "./packet.js";
import type { SendOptions } from "./sender.js";
import { SeveralPaths } from "./several.js";
import { type FullWay, type Way } from "./way.js";

const windowPool = 64 << 20;

/**
 * A FullEndpoint knows all of SPEC.md, 5 to 7: it speaks over several ways, which may lose and delay packets, and
 * goes on after silence.
 */
export class FullEndpoint extends Endpoint {
  declare readonly paths: SeveralPaths<Packet, FullWay>;
  declare protected readonly outbox: FullOutbox;
  declare protected readonly life: FullLife;
  declare protected readonly arrival: FullArrival;

  /**
   * Has an endpoint know all that. It stays the same one: who has it need not hear of it, and it may learn at any
   * time.
   *
   * @param repairs whether lost messages come back without a round trip, where that is of use
   */
  static of(endpoint: Endpoint, repairs = true): FullEndpoint {
    if (endpoint instanceof FullEndpoint) return endpoint;
    const e = become(endpoint, FullEndpoint, {});
    Object.assign(e.c, { expireAt: never, windowPool, pool: windowPool, trip: 0 });
    Object.assign(e.c.stats, {
      messagesResent: 0,
      fragmentsResent: 0,
      messagesDuplicate: 0,
      messagesStale: 0,
      messagesExpired: 0,
      messagesRebuilt: 0,
    });
    const outbox = FullOutbox.of(e.outbox, e.c.now);
    const inbox = FullInbox.of(e.inbox);
    if (repairs) {
      outbox.repairLost();
      inbox.rebuildLost();
    }
    const { maxPaths, timeout } = e.c.cfg;
    const more = { token: () => e.token(), limit: Math.max(maxPaths, 1), timeout };
    SeveralPaths.of<Packet, Way>(endpoint.paths, e.c.now, more, (p) => {
      FullAcks.of(p.acks);
      p.ackHold = e.peerAckHold;
    });
    FullLife.of(e.life);
    FullArrival.of(e.arrival);
    FullDeparture.of(e.departure);
    e.limit();
    return e;
  }

  override handleHello(now: number, body: Uint8Array): Refusal | undefined {
    const refusal = super.handleHello(now, body);
    if (!refusal) this.limit();
    return refusal;
  }

  private get peerAckHold(): number {
    return Math.min(this.life.peer?.ackHold ?? 0, 250) * 1000;
  }

  /** Goes by what the peer has said of itself, once that is known. */
  private limit(): void {
    const { life, outbox, paths, c } = this;
    for (const p of paths.all) p.ackHold = this.peerAckHold;
    paths.known = c.cfg.maxPaths > 0 && life.peerReads(READS_PATHS);
    try {
      if (life.peer) outbox.limit(c.now, life.peer);
    } catch (err) {
      life.blame(c.now, err);
    }
  }

  override deadline(): number {
    const at = super.deadline();
    return this.life.lives ? Math.max(Math.min(at, Math.ceil(this.paths.deadline())), this.c.now) : at;
  }

  override timeout(now: number): void {
    super.timeout(now);
    if (this.life.lives) this.paths.onTimeout(now);
  }

  override send(channel: number, bytes: Uint8Array, options?: SendOptions): number {
    const receipt = super.send(channel, bytes, options);
    this.life.wake();
    return receipt;
  }

  /** What the rows of a refusal differ in from the channels here, for people. */
  difference(rows: Uint8Array): string {
    return difference(rowsOf(this.c.cfg.channels), readRows(rows));
  }

  /** How many bytes of messages would leave within a time, in microseconds; on a channel: {@link budget}. */
  budget(now: number, within: number, channel?: number): number {
    this.at(now);
    if (!this.open || this.away) return 0;
    const of = channel === undefined ? undefined : this.outbox.senders.get(channel);
    if (channel !== undefined && !of) return 0;
    return budget(now, within, this.paths, this.outbox, of);
  }

  /** What was counted of a channel; undefined: there is none. */
  channelCounts(channel: number): ChannelCounts | undefined {
    const [s, r] = [this.outbox.senders.get(channel), this.inbox.receivers.get(channel)];
    return (
      s &&
      r && {
        messagesSent: s.taken,
        messagesReceived: r.delivered,
        messagesLost: this.c.lost.get(channel) ?? 0,
        bytesSent: s.bytesSent,
        bytesReceived: r.bytesReceived,
        queuedMessages: s.queue.length,
        queuedBytes: s.queue.charged,
      }
    );
  }

  /** What was counted of all channels of the application together. */
  messageCounts(): MessageCounts {
    const sum: MessageCounts = { messagesSent: 0, messagesReceived: 0, messagesLost: 0 };
    for (const { id } of this.c.cfg.channels) {
      if (id === 0) continue; // the library's own
      const counts = this.channelCounts(id)!;
      for (const name of Object.keys(sum) as (keyof MessageCounts)[]) sum[name] += counts[name];
    }
    return sum;
  }

  get away(): boolean {
    return this.life.state === "away";
  }

  /** Whether every message has its fate. */
  get drained(): boolean {
    return this.outbox.drained;
  }

  get stats() {
    return this.c.stats;
  }

  /** The peer's instance; 0 before its HELLO. */
  get peerInstance(): bigint {
    return this.life.peer?.instance ?? 0n;
  }

  override get lead(): FullWay {
    return this.paths.lead;
  }

  /** Exchanges of clocks since the last call, for a timeline; they are kept from the first call on. */
  clockSamples(): readonly ClockSample[] {
    return this.arrival.clocks.take();
  }

  /** Takes the next message of channel 0, the library's own. */
  receiveControl(): ControlMessage | undefined {
    const message = this.take(0);
    try {
      return message && readControl(message);
    } catch (err) {
      return this.life.blame(this.c.now, err);
    }
  }

  /** One that cannot be opened ends the connection. */
  protected override take(channel: number): Uint8Array | undefined {
    try {
      return super.take(channel);
    } catch (err) {
      return this.life.blame(this.c.now, err);
    }
  }

  override drain(now: number, code: number, text: string, within: number): void {
    const { life } = this;
    super.drain(now, code, text, within);
    if (life.ended) return;
    if (!life.drain.on) life.endHold(now);
    life.drain.begin(life.parting!);
    life.timeout(now);
  }

  /** Announces silence, in microseconds; 0 ends it. False: the peer does not grant it, or there is no connection. */
  hold(now: number, time: number): boolean {
    const { life } = this;
    this.at(now);
    if (life.state !== "open" || (time > 0 && (life.drain.on || time > life.grantedHold))) return false;
    if (time > 0) life.hold(now, time);
    else life.endHold(now);
    return true;
  }

  /** Goes on under new keys: path 0 begins anew, all else goes on. False: there is nothing to go on with. */
  continue(now: number, route: number, reliable: boolean): boolean {
    const { life } = this;
    this.at(now);
    if (!life.lives) return false;
    this.paths.restart(now, route, reliable);
    life.continued(now);
    this.paths.all[0]!.probes = 1;
    return true;
  }

  /** For how long the connection is kept after the timeout. */
  setKeepFor(time: number): void {
    this.life.keepFor = Math.max(time, 0);
  }
}

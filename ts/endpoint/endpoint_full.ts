import { READS_PATHS } from "../wire/index.js";
import { become } from "./become.js";
import { FullAcks } from "./acks_full.js";
import { FullArrival } from "./arrival_full.js";
import { never } from "./constants.js";
import { FullDeparture } from "./departure_full.js";
import { Endpoint } from "./endpoint.js";
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
  // Who learns more knows these too.
  declare readonly inbox: FullInbox;
  declare readonly outbox: FullOutbox;
  declare readonly life: FullLife;
  declare readonly arrival: FullArrival;

  /**
   * Has an endpoint know all that. It stays the same one: who has it need not hear of it, and it may learn at any
   * time.
   */
  static of(endpoint: Endpoint): FullEndpoint {
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
    FullOutbox.of(e.outbox, e.c.now);
    FullInbox.of(e.inbox);
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
    this.life.keeping?.wake();
    return receipt;
  }

  /** Whether every message has its fate. */
  get drained(): boolean {
    return this.outbox.drained;
  }

  get stats() {
    return this.c.stats;
  }

  /** One that cannot be opened ends the connection. */
  override take(channel: number): Uint8Array | undefined {
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
    life.keeping?.parts(now);
    life.timeout(now);
  }
}

import {
  ACK,
  CLOSE,
  CLOSE_ACK,
  FRAGMENT,
  PING,
  Ack,
  readRanges,
  readClose,
  reads,
  type Reader,
} from "../wire/index.js";
import { become } from "./become.js";
import { never, second } from "./constants.js";
import { Closing } from "./closing.js";
import { answer } from "./farewell.js";
import { type FullInbox } from "./inbox_full.js";
import type { Keeping } from "./keeping.js";
import { Life } from "./life.js";
import { type FullOutbox } from "./outbox_full.js";
import { type Packet } from "./packet.js";
import { type SeveralPaths } from "./several.js";
import { type FullWay } from "./way.js";

const ack = new Ack();
const rateInterval = second / 4;

/** What a path carries in a second. */
const rateOf = (p: FullWay) => (p.windowBytes * 1e6) / Math.max(p.rtt.smooth, 1);

/** A FullLife knows what paths carry, and ends where packets are lost. */
export class FullLife extends Life {
  declare protected inbox: FullInbox;
  declare protected outbox: FullOutbox;
  declare protected paths: SeveralPaths<Packet, FullWay>;
  /** There was nothing more to send behind the last packet. */
  limited!: boolean;
  readonly closing!: Closing;
  /** Once it is learnt: holds, drains, and a peer that is away. */
  keeping: Keeping | undefined;
  private rate!: number; // that was told last, and when
  private rateAt!: number;

  /** Has a life know all that. */
  static of(life: Life): FullLife {
    const l = become(life, FullLife, {
      peer: life.peer,
      parting: life.parting,
      limited: true,
      closing: new Closing(),
      keeping: undefined,
      rate: 0,
      rateAt: 0,
    });
    l.rate = rateOf(l.paths.lead); // which a game may assume
    if (l.state === "closing") l.leave(l.c.now, l.last === answer ? 0 : -1);
    return l;
  }

  peerReads(capability: number): boolean {
    return this.peer !== undefined && reads(this.peer, capability);
  }

  /** No data goes, since an end is silent. */
  get quiet(): boolean {
    return this.keeping?.quiet ?? false;
  }

  override pingAt(p: FullWay): number {
    const at = super.pingAt(p);
    return this.keeping?.pingAt(p, at) ?? at;
  }

  override heard(now: number): void {
    super.heard(now);
    this.keeping?.heard(now);
  }

  protected override leave(now: number, path: number): void {
    super.leave(now, path);
    const { closing } = this;
    closing.answerOn = path;
    if (path < 0) closing.begin(now);
    else closing.bury(now, this.paths.patience);
  }

  /** Tells how much the paths carry, four times a second at most; that it is more only to who has more to send. */
  tellRate(now: number): void {
    if (this.state !== "open" || now - this.rateAt < rateInterval) return;
    let rate = 0;
    for (const p of this.paths.all) if (p.claims.active) rate += rateOf(p);
    const more = rate - this.rate;
    if (4 * Math.abs(more) < this.rate || (this.limited && more > 0)) return;
    this.rate = rate;
    this.rateAt = now;
    this.c.events.push({ kind: "RateChanged", bytesPerSecond: Math.round(rate) });
  }

  protected override timeoutAt(): number {
    return this.keeping ? this.keeping.timeoutAt() : super.timeoutAt();
  }

  protected override partAt(): number {
    return this.keeping ? this.keeping.partAt() : super.partAt();
  }

  override deadline(): number {
    if (this.state === "closing") return this.closing.until;
    return Math.min(super.deadline(), this.ended ? never : this.moreAt());
  }

  /** When something is due beside the end. */
  private moreAt(): number {
    return Math.min(this.c.expireAt, this.keeping?.deadline() ?? never);
  }

  override timeout(now: number): void {
    if (this.state === "closing" && now >= this.closing.until) this.state = "dead";
    super.timeout(now);
  }

  protected override due(now: number): void {
    this.keeping?.due(now);
    if (now >= this.c.expireAt) {
      this.c.expireAt = never;
      this.outbox.expire(now);
      this.inbox.expire(now);
    }
    if (!this.ended) super.due(now);
  }

  /** Of CLOSE and CLOSE_ACK the peer has to know, and we, that it knows: SPEC.md, 7.9. */
  override readClosing(now: number, path: number, r: Reader): void {
    const { closing } = this;
    while (r.left > 0) {
      const type = r.u8();
      if (type >= ACK && type < FRAGMENT) {
        readRanges(r, type, ack);
      } else if (type === CLOSE || type === CLOSE_ACK) {
        if (type === CLOSE) {
          readClose(r);
          closing.answerOn = path;
        }
        if (!closing.tombstone) closing.bury(now, this.paths.patience);
        return;
      } else if (type !== PING) {
        return;
      }
    }
  }
}

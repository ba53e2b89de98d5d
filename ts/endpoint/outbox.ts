import { CHANNEL_LIMITS, LIMITS, type Hello } from "../wire/first.js";
import type { Common } from "./common.js";
import { SendError } from "./event.js";
import type { Builder } from "./packet.js";
import { Sender, type SendOptions } from "./sender.js";

/**
 * An Outbox is what goes to the peer: a sender for each channel. This one
 * knows no limits: who has any waits for a {@link FullOutbox}.
 */
export class Outbox {
  readonly senders = new Map<number, Sender>();
  private limited = false; // by the peer

  constructor(protected c: Common) {
    for (const ch of c.cfg.channels) this.senders.set(ch.id, new Sender(c, ch));
  }

  /** Takes the credit and the limits of the peer's HELLO. */
  opened(_now: number, h: Hello): void {
    this.limited = h.items.some(([kind]) => kind === LIMITS || kind === CHANNEL_LIMITS);
    for (const s of this.senders.values()) s.limit = h.defaultWindow;
    for (const { channel, bytes } of h.windows) {
      const s = this.senders.get(channel);
      if (s) s.limit = bytes;
    }
  }

  send(channel: number, bytes: Uint8Array, o: SendOptions): number {
    const s = channel > 0 ? this.senders.get(channel) : undefined;
    if (!s) throw new SendError(channel, "no channel");
    const { cfg, openReceipts, events } = this.c;
    const receipts = openReceipts + events.length;
    if (o.receipt && receipts >= cfg.maxReceipts) {
      throw new SendError(channel, "full", "maxReceipts", receipts, cfg.maxReceipts);
    }
    return s.send(bytes, o);
  }

  /** Appends what is to be sent, if no limit says when. */
  write(b: Builder): void {
    if (this.limited) return this.c.cfg.needs();
    for (const s of this.senders.values()) s.write(b);
  }

  /** Ends all that has no fate: how many messages that were, and how many of them unreliable. */
  abandon(): { undelivered: number; unreliable: number } {
    const all = { undelivered: 0, unreliable: 0 };
    for (const s of this.senders.values()) {
      const n = s.abandon();
      all.undelivered += n;
      if (!s.reliable) all.unreliable += n;
    }
    return all;
  }
}

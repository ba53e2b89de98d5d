import { become } from "./become.js";
import { Outbox } from "./outbox.js";
import { type Builder } from "./packet.js";
import { FullSender } from "./sender_full.js";
import { Sums, type Line } from "./sums.js";

/** A FullOutbox sends again what was lost, and sums of messages (SPEC.md, 6.9). */
export class FullOutbox extends Outbox {
  declare readonly senders: Map<number, FullSender>;
  private repaired!: FullSender[];

  /** Has an outbox know all that. */
  static of(outbox: Outbox): FullOutbox {
    for (const s of outbox.senders.values()) FullSender.of(s);
    return become(outbox, FullOutbox, { repaired: [] });
  }

  /** Has lost messages come back without a round trip. */
  repairLost(): void {
    this.repaired = [...this.senders.values()].filter((s) => s.cfg.repair === "auto" && s.reliable);
    for (const s of this.repaired) s.sums = new Sums(s, "auto");
  }

  override write(b: Builder): void {
    for (const s of this.repaired) s.first = s.open.end;
    super.write(b);
  }

  /** Appends sums of messages behind all else. */
  repair(b: Builder, line: Line): void {
    for (const s of this.repaired) s.sums!.write(b.now, b.w, line, Math.min(s.first, s.open.end));
  }
}

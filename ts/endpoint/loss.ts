const packetThreshold = 3; // RFC 9002, 6.1.1
const calmLosses = 16; // RFC 8985, 6.2: as many recoveries keep what was learned

/**
 * A Reordering is what a path has shown of packets that overtake each other. As soon as a late ack has
 * proved three numbers and an eighth of a round trip wrong, time alone counts, and more of it as far as late acks
 * call for (SPEC.md, 7.5).
 */
export class Reordering {
  /** Microseconds beyond an eighth of a round trip. */
  slack = 0;
  private seen = false;
  private calm = 0; // times that packets were declared lost since the last mistake

  /** Reports whether a packet may still come that is so far behind the newest one that did, as far as numbers tell. */
  tolerates(behind: number, reliable: boolean): boolean {
    return (this.seen && !reliable) || behind < packetThreshold;
  }

  /** Learns from a packet that was declared lost and acknowledged so much later than it might have been. */
  mistaken(late: number, smooth: number): void {
    this.calm = 0;
    this.seen = true;
    this.slack = Math.min(Math.max(this.slack, late), smooth);
  }

  /** Notes that packets were declared lost. */
  declared(): void {
    if (++this.calm % calmLosses === 0) this.slack = Math.floor(this.slack / 2);
    if (this.calm >= calmLosses * calmLosses) {
      this.slack = 0;
      this.seen = false;
    }
  }
}

/** A LossMeter is the share of packets that are lost: each batch of 64 moves it an eighth of the way. */
export class LossMeter {
  private packets = 0;
  private lost = 0;
  private share = -1;

  add(packets: number, lost: number): void {
    this.packets += packets;
    this.lost += lost;
    if (this.packets < 64) return;
    const now = Math.max(this.lost, 0) / this.packets;
    this.share = this.share < 0 ? now : this.share + (now - this.share) / 8;
    this.packets = this.lost = 0;
  }

  /** Before the first batch what there is of it. */
  get rate(): number {
    if (this.share >= 0) return this.share;
    return this.packets === 0 ? 0 : Math.max(this.lost, 0) / this.packets;
  }
}

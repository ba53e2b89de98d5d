const packetThreshold = 3; // RFC 9002, 6.1.1
const calmLosses = 16; // RFC 8985, 6.2: as many recoveries keep what was learned

const watched = 256;

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

/**
 * A LossWatch is the losses of a path over the last 256 to 512 packets: their share, and how many come in a
 * row, which is what repair goes by.
 */
export class LossWatch {
  private sent = 0;
  private lost = 0;
  private bursts = 0;
  private before = { sent: 0, lost: 0, bursts: 0 };
  /** The number of the packet that was lost last; −1: none was. */
  last = -1;
  /** Packets since then. */
  since = 0;

  onSent(): void {
    this.since++;
    if (++this.sent < watched) return;
    const { before } = this;
    before.sent = this.sent;
    before.lost = this.lost;
    before.bursts = this.bursts;
    this.sent = this.lost = this.bursts = 0;
  }

  onLost(number: number): void {
    this.lost++;
    if (this.last < 0 || number !== this.last + 1) this.bursts++;
    this.last = number;
    this.since = 0;
  }

  /** A loss was none. */
  mistaken(): void {
    this.lost--;
  }

  private get losses(): number {
    return Math.max(this.lost + this.before.lost, 0);
  }

  /** The share of packets that are lost. */
  get rate(): number {
    return this.losses / Math.max(this.sent + this.before.sent, 1);
  }

  /** How many are lost in a row. */
  get inARow(): number {
    return this.losses / Math.max(this.bursts + this.before.bursts, 1);
  }
}

import { Acks } from "./acks.js";
import { PathClock } from "./clock.js";
import { type Common } from "./common.js";
import { Packet } from "./packet.js";
import { Path } from "./path.js";

/** A Way is a path of an endpoint, with what came on it. */
export class Way extends Path<Packet> {
  readonly acks = new Acks();
  readonly clock = new PathClock();
  /** The largest datagram that its carrier takes. */
  datagramBytes = Infinity;
  /** When a PING went that nothing but time asked for. */
  pingedAt = -Infinity;

  constructor(c: Common, id: number, now: number, ackHold: number) {
    super(
      {
        id,
        reliable: false,
        ackHold,
        random: c.cfg.random,
        make: () => new Packet(),
        settled: (packet, fate) => {
          if (packet.ackLargest >= 0 && (fate === "acked" || fate === "late")) {
            this.acks.acked(packet.ackLargest, packet.ackStamp);
          }
          packet.settle(fate, c.now);
        },
      },
      now,
    );
  }
}

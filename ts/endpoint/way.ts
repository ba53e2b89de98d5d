import { Acks } from "./acks.js";
import { type FullAcks } from "./acks_full.js";
import { type Common } from "./common.js";
import { Packet } from "./packet.js";
import { came, Path } from "./path.js";
import { type FullPath } from "./path_full.js";

/** What an endpoint has of a path besides: what came on it. */
interface Ends {
  acks: Acks;
  /** The largest datagram that its carrier takes. */
  datagramBytes: number;
  /** When a PING went that nothing but time asked for. */
  pingedAt: number;
}

/** A Way is a path of an endpoint. */
export type Way = Path<Packet> & Ends;

/** A FullWay is one of several, which may lose packets. */
export type FullWay = FullPath<Packet> & Ends & { acks: FullAcks };

export function makeWay(c: Common, id: number): Way {
  const acks = new Acks();
  const path = new Path<Packet>({
    id,
    reliable: false,
    random: c.cfg.random,
    needs: c.cfg.needs,
    make: () => new Packet(),
    settled: (packet, fate) => {
      if (packet.ackLargest >= 0 && came(fate)) acks.acked(packet.ackLargest, packet.ackStamp);
      packet.settle(fate, c.now);
    },
  });
  return Object.assign(path, { acks, datagramBytes: Infinity, pingedAt: -Infinity });
}

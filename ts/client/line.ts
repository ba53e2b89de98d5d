import type { Outgoing } from "../endpoint/departure.js";
import type { Session } from "../netcode/handshake.js";
import type { Way } from "../transport/way.js";
import type { Dialed } from "./dialed.js";

/** A Line carries the packets of a session over the ways to its server, each of which has a number: its route. */
export class Line {
  readonly ways = new Map<number, Way>();
  /** Datagrams that were dropped. */
  drops = 0;
  /** Sealed packets that their ways did not take yet, by route. */
  private readonly held = new Map<number, Uint8Array>();

  constructor(
    readonly session: Session,
    private readonly owner: Dialed,
  ) {}

  /** Takes a way that is open. */
  add(route: number, way: Way): void {
    this.ways.set(route, way);
    way.onDatagram = (b) => this.receive(route, b);
    way.onReady = () => this.ready(route);
    way.onEnded = () => {
      this.ways.delete(route);
      this.held.delete(route);
      this.owner.ended(route);
    };
  }

  private receive(route: number, b: Uint8Array): void {
    const { owner } = this;
    const { opener } = this.session;
    const { seat } = owner;
    const end = owner.end!;
    if (b[0] === 5 && seat?.gone(b)) return;
    for (const { id, claims } of end.paths.all) {
      if (claims.route !== route) continue;
      const now = owner.now();
      const frames = opener.open(now, b, id);
      if (!frames) break;
      end.handlePacket(now, id, route, opener.number, frames);
      seat?.heard();
      return owner.host.wake();
    }
    this.drops++;
    if (b[0]! & 4) owner.need("kept"); // a GONE, or what is sealed with other keys
  }

  private ready(route: number): void {
    const { owner, held } = this;
    const packet = held.get(route);
    if (packet && !this.ways.get(route)!.send(packet)) return;
    held.delete(route);
    for (const p of owner.end!.paths.all) if (p.claims.route === route) p.busy = false;
    owner.host.wake();
  }

  /** Seals and sends a packet. False: it waits, and nothing more is to go this way until it is ready. */
  send(now: number, out: Outgoing): boolean {
    const { path, route, number, numberBytes, frames } = out;
    const sealed = this.session.sealer.seal(now, path, number, numberBytes, frames.written());
    const way = this.ways.get(route);
    if (!way || way.send(sealed)) return true;
    this.held.set(route, sealed.slice());
    return false;
  }

  /** Closes all ways. */
  close(): void {
    for (const way of this.ways.values()) way.close();
    this.ways.clear();
  }
}

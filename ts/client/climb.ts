import type { Packet } from "../endpoint/packet.js";
import type { FullEndpoint } from "../endpoint/endpoint_full.js";
import { Ladder } from "../endpoint/ladder.js";
import { WebClimber } from "../transport/climber.js";
import type { Climber, Kind, Way } from "../transport/way.js";
import { WebSocketWay } from "../transport/websocket.js";
import type { Dialed } from "./dialed.js";
import type { Line } from "./line.js";

/** Ways are better the lower this is. */
const rankOf = (kind: Kind) => (kind === "websocket" ? 2 : kind === "webrtc" ? 1 : 0);

/** A Climb is how a connection comes to further ways than its first one, and goes over the best of them. */
export class Climb {
  private readonly route: number;
  private readonly end: FullEndpoint;
  private ladder: Ladder<Packet> | undefined; // once there are several
  private readonly climber: Climber | undefined;

  constructor(
    private readonly of: Dialed,
    readonly line: Line,
  ) {
    const { first } = of;
    const { transport, maxPaths = 0 } = of.host.cfg;
    this.route = of.route;
    this.end = of.full!;
    if (!first.reliable) this.several();
    const found = (way: Way) => this.found(way);
    if (maxPaths < 0) return;
    this.climber =
      first instanceof WebSocketWay
        ? new WebClimber(first, found)
        : transport.climb?.(first, found);
  }

  /** Has the endpoint take several ways. */
  private several(): Ladder<Packet> {
    const { of, end, route } = this;
    const { first } = of;
    const ladder = new Ladder(end.paths, route, rankOf(first.kind), first.reliable);
    if (!of.line!.ways.has(route)) ladder.down(of.now(), route);
    return (this.ladder = ladder);
  }

  private found(way: Way): void {
    const { of, end } = this;
    if (of.over || end !== of.end || end.over) return way.close();
    const ladder = this.ladder ?? this.several();
    const route = ++of.route;
    of.line!.add(route, way);
    ladder.up(of.now(), route, rankOf(way.kind), way.reliable);
    of.fit();
    of.host.wake();
  }

  deadline(): number {
    return this.ladder?.deadline() ?? Infinity;
  }

  handleTimeout(now: number): void {
    this.ladder?.onTimeout(now);
  }

  /** A path is in another state. */
  changed(now: number): void {
    this.ladder?.changed(now);
    if (!this.climber?.silent) return;
    const { known, all } = this.end.paths;
    this.climber.silent(known && !all.some(({ claims: c }) => c.active && !c.silent));
  }

  /** A way has ended; says whether that is seen to. */
  ended(now: number, route: number): boolean {
    this.ladder?.down(now, route);
    return this.ladder !== undefined;
  }

  /** Looks for no more ways. */
  stop(): void {
    this.climber?.stop();
  }
}

import type { Climber, Kind, Transport } from "./way.js";
import type { Found } from "./climber.js";
import { WebSocketWay } from "./websocket.js";

/** A WebConfig chooses between the transports of a browser. */
export interface WebConfig {
  /** Those that may be used beside the WebSocket, best first; by default both. Empty: the WebSocket alone. */
  transports?: readonly Kind[];
}

/**
 * The transports of browsers: a WebSocket, over which a game begins at once, and from there WebTransport or
 * a data channel of WebRTC, if the server and the network have one.
 *
 * @param url of the server's WebSocket, such as wss://game.example:7777/tickwire
 */
export function web(url: string | URL, cfg: WebConfig = {}): Transport {
  const kinds = cfg.transports ?? ["webtransport", "webrtc"];
  return {
    reliable: true,
    ways: () => [{ open: () => new WebSocketWay(String(url)) }],
    climb: (first, found) => new Climbing(first as WebSocketWay, kinds, found),
  };
}

/** A Climbing loads what it takes to climb; without that the game stays where it is. */
class Climbing implements Climber {
  private climber: Climber | undefined;
  private stopped = false;

  constructor(first: WebSocketWay, kinds: readonly Kind[], found: Found) {
    import("./climber.js").then(
      ({ WebClimber }) => {
        if (!this.stopped) this.climber = new WebClimber(first, kinds, found);
      },
      () => {},
    );
  }

  stop(): void {
    this.stopped = true;
    this.climber?.stop();
  }
}

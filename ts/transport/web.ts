import type { Address } from "../wire/address.js";
import type { Kind, Transport } from "./way.js";
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
 * @param url of the server's WebSocket, such as wss://game.example:7777/tickwire. With several servers, which hand
 *   players over to each other, what says the one of a server by the addresses that its tokens name.
 */
export function web(
  url: string | URL | ((addresses: readonly Address[]) => string | URL),
  cfg: WebConfig = {},
): Transport {
  const kinds = cfg.transports ?? ["webtransport", "webrtc"];
  return {
    reliable: true,
    ways: (to) => [
      { open: () => new WebSocketWay(String(typeof url === "function" ? url(to) : url), kinds) },
    ],
  };
}

import { readSignal, type Hello, type Signal } from "./signal.js";
import type { Climber, Way } from "./way.js";
import { WebRtcWay } from "./webrtc.js";
import { WebSocketWay } from "./websocket.js";
import { WebTransportWay } from "./webtransport.js";

const patience = 5000; // milliseconds for a way to open

/** Hears of a way that is open. */
export type Found = (way: Way) => void;

/** A Pause is twice as long each time. */
class Pause {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private milliseconds: number;

  constructor(
    private readonly first: number,
    private readonly last: number,
  ) {
    this.milliseconds = first;
  }

  /** Calls f after a while, unless it is told something else before. */
  then(f: () => void, after?: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(f, after ?? this.milliseconds);
    if (!after) this.milliseconds = Math.min(Math.max(2 * this.milliseconds, this.first), this.last);
  }

  /** Something worked, or there is nothing to wait for. */
  reset(milliseconds = this.first): void {
    clearTimeout(this.timer);
    this.milliseconds = milliseconds;
  }
}

/**
 * A WebClimber keeps the WebSocket, which also signals, and the best of the other transports that there is:
 *
 *     WebTransport ──not to be had──▶ WebRTC ──not to be had──▶ a pause, and again
 */
export class WebClimber implements Climber {
  private readonly forSocket = new Pause(250, 15_000);
  private readonly forBetter = new Pause(1000, 60_000);
  private next: WebSocketWay | undefined; // is being opened
  private hello: Hello | undefined; // of the WebSocket
  private better: Way | undefined; // stands, or is being opened
  private opens = false; // it is being opened
  private at = 0; // the kind that is tried
  private stopped = false;

  constructor(
    private socket: WebSocketWay,
    private readonly found: Found,
  ) {
    this.keep(socket);
  }

  /** Looks after a WebSocket that is open. */
  private keep(socket: WebSocketWay): void {
    this.socket = socket;
    this.hello = undefined;
    const { said } = socket;
    socket.onText = (text) => this.take(text);
    if (said) this.take(said);
    // one that was open for longer than there is to wait is opened anew at once
    this.forSocket.then(() => this.forSocket.reset(0));
    const again = () => this.forSocket.then(() => this.reconnect());
    if (socket.over) again();
    else this.after(socket, again);
  }

  /** Calls then when a way ends of which its owner knows. */
  private after(way: Way, then: () => void): void {
    const { onEnded } = way;
    way.onEnded = (reason) => {
      onEnded(reason);
      if (!this.stopped) then();
    };
  }

  private reconnect(): void {
    const socket = (this.next = new WebSocketWay(this.socket.url, this.socket.kinds));
    socket.onEnded = () => this.forSocket.then(() => this.reconnect());
    socket.onReady = () => {
      this.next = undefined;
      this.found(socket);
      this.keep(socket);
      socket.onReady();
    };
  }

  /** Looks for a transport that is better than the WebSocket, from one of the kinds on. */
  private look(at: number): void {
    this.better = undefined;
    this.at = at;
    const { hello } = this;
    if (!hello || this.stopped) return; // it will come, and then it begins
    const kind = this.socket.kinds[at];
    if (!kind) {
      this.forBetter.then(() => this.look(0));
    } else if (kind === "webtransport" && hello.webtransport && "WebTransport" in globalThis) {
      const { port, path, hashes } = hello.webtransport;
      const host = hello.webtransport.host || new URL(this.socket.url).hostname;
      this.open(() => new WebTransportWay(`https://${host}:${port}${path}`, hashes ?? []));
    } else if (kind === "webrtc" && hello.webrtc && "RTCPeerConnection" in globalThis) {
      this.say({ want: { transport: kind } });
      this.forBetter.then(() => this.look(at + 1), patience);
    } else {
      this.look(at + 1);
    }
  }

  private say(signal: Signal): void {
    this.socket.say(JSON.stringify(signal));
  }

  private take(text: string): void {
    const signal = readSignal(text);
    if (!signal || this.stopped) return; // a later version may say more
    const { better } = this;
    const { hello, offer, refused, candidate } = signal;
    this.hello = hello ?? this.hello;
    if (hello && !better) this.look(0);
    if (refused && !better) this.look(this.at + 1);
    if (offer && !better) {
      this.open(() => new WebRtcWay(offer.id, offer.sdp, (signal) => this.say(signal)));
    }
    if (candidate && better instanceof WebRtcWay && better.id === candidate.id)
      better.candidate(candidate.candidate, candidate.mid);
  }

  /** Makes a way, unless the browser throws, as those do that know no hashes of certificates, and waits for it to open. */
  private open(make: () => Way): void {
    const { at } = this;
    let way: Way;
    try {
      way = make();
    } catch {
      return this.look(at + 1);
    }
    this.better = way;
    this.opens = true;
    this.forBetter.then(() => {
      way.close();
      this.look(at + 1);
    }, patience);
    way.onEnded = () => this.look(at + 1);
    way.onReady = () => {
      this.forBetter.reset();
      this.opens = false;
      this.found(way);
      this.after(way, () => {
        this.better = undefined;
        this.forBetter.then(() => this.look(0));
      });
      way.onReady();
    };
  }

  stop(): void {
    this.stopped = true;
    this.forSocket.reset();
    this.forBetter.reset();
    this.next?.close();
    if (this.opens) this.better?.close();
  }
}

import { readSignal, type Hello, type Signal } from "./signal.js";
import type { Way } from "./way.js";

const subprotocol = "tickwire.1";
const maxDatagram = 1500;
// What waits here is late, and the endpoint would rather send what is newer.
const mostQueued = 16 << 10;
const againMilliseconds = 5;

/** A WebSocketWay carries datagrams as binary messages, and signals as text (SPEC.md, 12). */
export class WebSocketWay implements Way {
  readonly kind = "websocket";
  readonly reliable = true;
  readonly maxDatagram = maxDatagram;
  onDatagram: (datagram: Uint8Array) => void = () => {};
  onReady: () => void = () => {};
  onEnded: (reason: string) => void = () => {};
  onSignal: (signal: Signal) => void = () => {};
  /** It has ended. */
  over = false;
  /** What the server said that it offers. */
  hello: Hello | undefined;
  private readonly socket: WebSocket;
  private again: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly url: string) {
    const socket = new WebSocket(url, subprotocol);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.onReady();
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.takeSignal(data);
      else this.onDatagram(new Uint8Array(data as ArrayBuffer));
    };
    socket.onclose = ({ code, reason }) =>
      this.ended(reason || `the WebSocket to ${url} closed, or could not be opened (${code})`);
    // the close behind it says more, but Node 20 has none where nobody listens
    socket.onerror = () =>
      setTimeout(() => this.ended(`the WebSocket to ${url} could not be opened`), 0);
    this.socket = socket;
  }

  private ended(reason: string): void {
    const { onEnded } = this;
    this.close();
    onEnded(reason);
  }

  private takeSignal(text: string): void {
    const signal = readSignal(text);
    if (!signal) return; // a later version may say more
    if (signal.hello) this.hello = signal.hello;
    this.onSignal(signal);
  }

  /** Says something beside datagrams. */
  say(signal: Signal): void {
    if (this.socket.readyState === 1) this.socket.send(JSON.stringify(signal));
  }

  send(datagram: Uint8Array): boolean {
    const { socket } = this;
    if (socket.readyState !== 1) return false;
    if (socket.bufferedAmount > mostQueued) {
      // nothing tells when there is room
      this.again ??= setTimeout(() => {
        this.again = undefined;
        this.onReady();
      }, againMilliseconds);
      return false;
    }
    socket.send(datagram as Uint8Array<ArrayBuffer>);
    return true;
  }

  close(): void {
    this.over = true;
    clearTimeout(this.again);
    this.onEnded = () => {};
    this.socket.close();
  }
}

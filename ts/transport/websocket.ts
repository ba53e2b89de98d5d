import type { Kind, Way } from "./way.js";

const subprotocol = "tickwire.1";
const maxDatagram = 1500;
// What waits here is late, and the endpoint would rather send what is newer.
const mostQueued = 16 << 10;
const againMilliseconds = 5;

/** A WebSocketWay carries datagrams as binary messages, and as text what a climber reads (SPEC.md, 12). */
export class WebSocketWay implements Way {
  readonly kind = "websocket";
  readonly reliable = true;
  readonly maxDatagram = maxDatagram;
  onDatagram: (datagram: Uint8Array) => void = () => {};
  onReady: () => void = () => {};
  onEnded: (reason: string) => void = () => {};
  /** A text came. Until somebody listens the first one is kept, which says what the server offers. */
  onText: (text: string) => void = (text) => {
    this.said ??= text;
    // it may say false, too
    this.offers = this.kinds.some((kind) => RegExp(`"${kind}"[\\s:]+[{t]`).test(text));
  };
  said: string | undefined;
  offers = false;
  /** It has ended. */
  over = false;
  private readonly socket: WebSocket;
  private again: ReturnType<typeof setTimeout> | undefined;

  /** @param kinds of transports to which its owner would climb */
  constructor(
    readonly url: string,
    readonly kinds: readonly Kind[],
  ) {
    const socket = new WebSocket(url, subprotocol);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.onReady();
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.onText(data);
      else this.onDatagram(new Uint8Array(data as ArrayBuffer));
    };
    const why = `the WebSocket to ${url} closed, or could not be opened`;
    socket.onclose = ({ reason }) => this.ended(reason || why);
    // the close behind it may say more, but Node 20 has none where nobody listens
    socket.onerror = () => setTimeout(() => this.ended(why), 0);
    this.socket = socket;
  }

  private ended(reason: string): void {
    const { onEnded } = this;
    this.close();
    onEnded(reason);
  }

  /** Says something beside datagrams. */
  say(text: string): void {
    if (this.socket.readyState === 1) this.socket.send(text);
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
    this.onDatagram = this.onEnded = this.onReady = () => {};
    this.socket.close();
  }
}

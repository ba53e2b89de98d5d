import { createSocket, type Socket } from "node:dgram";
import { hostOf } from "../netcode/address.js";
import type { Climber, Transport, Way } from "./way.js";

const maxDatagram = 1472;
const mostQueued = 256 << 10;
const pause = 1000; // milliseconds
const firstSilence = 200; // milliseconds beyond which it is no hiccup
const lastSilence = 16_000; // between two sockets that are tried in a silence

/** A UdpWay is a socket of Node for one server, from which alone it takes datagrams. */
class UdpWay implements Way {
  readonly kind = "udp";
  readonly reliable = false;
  readonly maxDatagram = maxDatagram;
  onDatagram: (datagram: Uint8Array) => void = () => {};
  onReady: () => void = () => {};
  onEnded: (reason: string) => void = () => {};
  private readonly socket: Socket;
  private open = false;
  private closed = false;
  private full = false;

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {
    this.socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    this.socket.on("error", (e: NodeJS.ErrnoException) => this.failed(e));
    this.socket.on("message", (datagram) => this.onDatagram(datagram));
    this.socket.on("connect", () => {
      this.open = true;
      this.onReady();
    });
    this.socket.connect(port, host);
  }

  /** Another socket for the same server. */
  again(): UdpWay {
    return new UdpWay(this.host, this.port);
  }

  /** A refusal says that nobody listens there now: the handshake's, and the connection's, silence tells it. */
  private failed(e: NodeJS.ErrnoException): void {
    if (!this.closed && e.code !== "ECONNREFUSED") this.fail(e.message);
  }

  /** Ends it. */
  fail(reason: string): void {
    this.close();
    this.onEnded(reason);
  }

  send(datagram: Uint8Array): boolean {
    if (!this.open || this.closed) return false;
    if (this.socket.getSendQueueSize() > mostQueued) {
      this.full = true;
      return false;
    }
    // the socket may send later, when the memory is used again
    this.socket.send(datagram.slice(), this.sent);
    return true;
  }

  private readonly sent = (e: Error | null): void => {
    if (e) this.failed(e);
    if (!this.full || this.closed) return;
    this.full = false;
    this.onReady();
  };

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onDatagram = this.onReady = () => {};
    this.socket.close();
  }
}

/**
 * A Reopener has another socket for one that failed, as when the host went to another network, and beside one on which nobody
 * answers, as when a firewall has forgotten it: at once, and then 1, 2, … 16 seconds apart, as long as the silence lasts.
 */
class Reopener implements Climber {
  private readonly ways: UdpWay[] = []; // that stand, the oldest first
  private newest: UdpWay;
  private opening: UdpWay | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private search: ReturnType<typeof setTimeout> | undefined; // in a silence
  private stopped = false;

  constructor(
    way: UdpWay,
    private readonly found: (way: Way) => void,
  ) {
    this.newest = way;
    this.keep(way);
  }

  /** Opens another one when the last one ends. */
  private keep(way: UdpWay): void {
    const { onEnded } = way;
    this.ways.push(way);
    this.newest = way;
    way.onEnded = (reason) => {
      this.ways.splice(this.ways.indexOf(way), 1);
      onEnded(reason);
      if (!this.stopped && this.ways.length === 0) this.open();
    };
  }

  private open(): void {
    if (this.opening) return;
    const way = (this.opening = this.newest.again());
    way.onReady = () => {
      this.opening = undefined;
      this.found(way);
      this.keep(way);
      way.onReady();
    };
    way.onEnded = () => {
      this.opening = undefined;
      if (this.ways.length === 0) this.timer = setTimeout(() => this.open(), pause);
    };
  }

  silent(on: boolean): void {
    if (!on) {
      clearTimeout(this.search);
      this.search = undefined;
    } else {
      this.search ??= setTimeout(() => this.replace(pause), firstSilence);
    }
  }

  /** Has another socket beside the newest, and once more after a while. */
  private replace(wait: number): void {
    const [oldest, ...others] = this.ways;
    if (others.length > 0) oldest!.fail("nobody answers there");
    this.open();
    this.search = setTimeout(() => this.replace(Math.min(2 * wait, lastSilence)), wait);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.search);
    this.opening?.close();
  }
}

/** The transport of Node: UDP to the addresses that tokens name. */
export function udp(): Transport {
  return {
    reliable: false,
    ways: (addresses) =>
      addresses.map((address) => ({
        address,
        open: () => new UdpWay(hostOf(address), address.port),
      })),
    climb: (first, found) => new Reopener(first as UdpWay, found),
  };
}

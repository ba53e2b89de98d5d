import { createSocket, type Socket } from "node:dgram";
import { hostOf } from "../netcode/address.js";
import type { Transport, Way } from "./way.js";

const maxDatagram = 1472;
const mostQueued = 256 << 10;

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

  constructor(host: string, port: number) {
    this.socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    this.socket.on("error", (e: NodeJS.ErrnoException) => this.failed(e));
    this.socket.on("message", (datagram) => this.onDatagram(datagram));
    this.socket.on("connect", () => {
      this.open = true;
      this.onReady();
    });
    this.socket.connect(port, host);
  }

  /** A refusal says that nobody listens there now: the handshake's, and the connection's, silence tells it. */
  private failed(e: NodeJS.ErrnoException): void {
    if (this.closed || e.code === "ECONNREFUSED") return;
    this.close();
    this.onEnded(e.message);
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
    this.socket.close();
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
  };
}

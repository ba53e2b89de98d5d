import dgram from "node:dgram";
import { syncBuiltinESMExports } from "node:module";
import { udp } from "../transport/udp.js";
import type { Kind, Transport, Way } from "../transport/way.js";
import { web } from "../transport/web.js";
import { WebRtcWay } from "../transport/webrtc.js";
import { WebTransportWay } from "../transport/webtransport.js";

/** A Cable is a transport of one kind over a socket that a test has made: the test is its other end. */
export interface Cable {
  readonly transport: Transport;
  /** What came out of the socket, and nobody has taken. */
  readonly sent: Uint8Array[];
  /** How many sockets were made, and how many of them the client has closed. */
  readonly made: number;
  readonly closed: number;
  /** The socket stands, or has ended. */
  open(): void;
  ended(): void;
  /** A datagram comes, in memory of its own. */
  came(datagram: Uint8Array): void;
}

const nothing = (): void => {};

/** A Plug is what all of them have. */
abstract class Plug implements Cable {
  abstract readonly transport: Transport;
  readonly sent: Uint8Array[] = [];
  made = 0;
  closed = 0;
  abstract open(): void;
  abstract ended(): void;
  abstract came(datagram: Uint8Array): void;

  /** What opens a way of a transport that loses packets, whatever the addresses are. */
  protected opens(open: () => Way): Transport {
    return { reliable: false, ways: () => [{ open }] };
  }
}

class WebSocketPlug extends Plug {
  readonly transport = web("ws://game.example/tickwire");
  private socket!: {
    readyState: number;
    onopen(): void;
    onclose(e: { reason: string }): void;
    onmessage(e: { data: ArrayBuffer | string }): void;
  };

  constructor() {
    super();
    const plug = this;
    class FakeWebSocket {
      readyState = 0;
      readonly bufferedAmount = 0;
      onopen = nothing;
      onclose = nothing;
      onmessage = nothing;
      constructor() {
        plug.made++;
        plug.socket = this;
      }
      send(b: Uint8Array): void {
        plug.sent.push(b.slice());
      }
      close(): void {
        if (this.readyState < 2) plug.closed++;
        this.readyState = 3;
      }
    }
    Object.assign(globalThis, { WebSocket: FakeWebSocket });
  }

  open(): void {
    this.socket.readyState = 1;
    this.socket.onopen();
  }

  ended(): void {
    this.socket.readyState = 3;
    this.socket.onclose({ reason: "" });
  }

  came(datagram: Uint8Array): void {
    this.socket.onmessage({ data: datagram.slice().buffer });
  }

  /** A text comes. */
  says(text: string): void {
    this.socket.onmessage({ data: text });
  }
}

class WebRtcPlug extends Plug {
  readonly transport = this.opens(() => new WebRtcWay(1, "what the server has", nothing));
  private channel!: {
    readyState: string;
    onopen(): void;
    onclose(): void;
    onmessage(e: { data: ArrayBuffer }): void;
  };

  constructor() {
    super();
    const plug = this;
    class FakePeer {
      readonly channel = {
        readyState: "connecting",
        bufferedAmount: 0,
        onopen: nothing,
        onclose: nothing,
        onmessage: nothing,
        send: (b: Uint8Array) => void plug.sent.push(b.slice()),
      };
      constructor() {
        plug.made++;
        plug.channel = this.channel;
      }
      createDataChannel = () => this.channel;
      setRemoteDescription = async () => {};
      createAnswer = async () => ({ type: "answer", sdp: "what the page has" });
      setLocalDescription = async () => {};
      close(): void {
        if (this.channel.readyState !== "closed") plug.closed++;
        this.channel.readyState = "closed";
      }
    }
    Object.assign(globalThis, { RTCPeerConnection: FakePeer });
  }

  open(): void {
    this.channel.readyState = "open";
    this.channel.onopen();
  }

  ended(): void {
    this.channel.readyState = "closed";
    this.channel.onclose();
  }

  came(datagram: Uint8Array): void {
    this.channel.onmessage({ data: datagram.slice().buffer });
  }
}

type Read = { done: boolean; value?: Uint8Array };

class WebTransportPlug extends Plug {
  readonly transport = this.opens(() => new WebTransportWay("https://game.example/tickwire", []));
  /** What the next datagram meets: the room that there is, null if the stream has an error. */
  desiredSize: number | null = 1;
  /** What becomes of who waits for room. */
  room: Promise<void> = Promise.resolve();
  private readonly waiting: Uint8Array[] = [];
  private read: ((r: Read) => void) | undefined;
  private stands = nothing;
  private ends: (e: Error) => void = nothing;

  constructor() {
    super();
    const plug = this;
    const written = Promise.resolve();
    const writer = {
      closed: new Promise<void>(nothing),
      write: (b: Uint8Array) => {
        plug.sent.push(b);
        return written;
      },
      get desiredSize() {
        return plug.desiredSize;
      },
      get ready() {
        return plug.room;
      },
    };
    const read = (): Promise<Read> => {
      const value = plug.waiting.shift();
      return value
        ? Promise.resolve({ done: false, value })
        : new Promise((resolve) => (plug.read = resolve));
    };
    class FakeSession {
      readonly ready = new Promise<void>((resolve) => (plug.stands = resolve));
      readonly closed = new Promise<never>((_, reject) => (plug.ends = reject));
      readonly datagrams = {
        maxDatagramSize: 1200,
        writable: { getWriter: () => writer },
        readable: { getReader: () => ({ read }) },
      };
      constructor() {
        plug.made++;
      }
      close(): void {
        plug.closed = 1; // a second time is none
      }
    }
    Object.assign(globalThis, { WebTransport: FakeSession });
  }

  open(): void {
    this.stands();
  }

  ended(): void {
    this.ends(new Error("the session ended"));
  }

  came(datagram: Uint8Array): void {
    const { read } = this;
    this.read = undefined;
    if (read) read({ done: false, value: datagram.slice() });
    else this.waiting.push(datagram.slice());
  }
}

class UdpPlug extends Plug {
  readonly transport = { ...udp(), climb: undefined! };
  private readonly on = new Map<string, (v: unknown) => void>();

  constructor() {
    super();
    const plug = this;
    const createSocket = () => {
      plug.made++;
      return {
        on: (event: string, f: (v: unknown) => void) => plug.on.set(event, f),
        connect: nothing,
        getSendQueueSize: () => 0,
        send: (b: Uint8Array) => void plug.sent.push(b),
        close: () => void plug.closed++,
      };
    };
    Object.assign(dgram, { createSocket });
    syncBuiltinESMExports();
  }

  open(): void {
    this.on.get("connect")!(undefined);
  }

  ended(): void {
    this.on.get("error")!(new Error("the network is down"));
  }

  came(datagram: Uint8Array): void {
    this.on.get("message")!(Buffer.from(datagram));
  }
}

/** A Cable of each kind; the client takes the one that was made last. */
export const cables = {
  udp: () => new UdpPlug(),
  websocket: () => new WebSocketPlug(),
  webrtc: () => new WebRtcPlug(),
  webtransport: () => new WebTransportPlug(),
} satisfies Record<Kind, () => Cable>;

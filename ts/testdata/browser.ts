// What a page has of its browser, as far as the client asks for it, in virtual time and without a network:
// another program says what becomes of each connection (driven.ts).

/** What a browser asks of the world. */
export interface Wishes {
  /** Connections that are to be opened, by their numbers. */
  opens: [number, string][];
  /** Datagrams that go. */
  sends: [number, Uint8Array][];
  /** Connections that the page has closed. */
  closes: number[];
}

/** A Timer is a call that is due. */
interface Timer {
  id: number;
  at: number;
  call: () => void;
}

/** A Connection is what the world does to one that was opened. */
interface Connection {
  opened(): void;
  /** It is over, or could not be opened. */
  ended(reason: string): void;
  came(datagram: Uint8Array): void;
  /** How many bytes have not left yet. */
  holds(bytes: number): void;
}

/** How long a signal takes from one end to the other, in milliseconds. */
const signalTakes = 40;

/** A Browser is one page's. */
export class Browser {
  /** Microseconds. */
  now = 0;
  wishes: Wishes = { opens: [], sends: [], closes: [] };
  private timers: Timer[] = []; // the next one last
  private lastTimer = 0;
  private lastConnection = 0;
  private readonly connections = new Map<number, Connection>();

  /** When something is due, in microseconds; Infinity: never. */
  get deadline(): number {
    return this.timers[this.timers.length - 1]?.at ?? Infinity;
  }

  after(call: () => void, milliseconds: number): number {
    const timer = { id: ++this.lastTimer, at: this.now + Math.round(milliseconds * 1000), call };
    let i = this.timers.length;
    while (i > 0 && this.timers[i - 1]!.at <= timer.at) i--;
    this.timers.splice(i, 0, timer);
    return timer.id;
  }

  cancel(id: unknown): void {
    this.timers = this.timers.filter((t) => t.id !== id);
  }

  /** The next timer that is due. */
  due(): (() => void) | undefined {
    return this.deadline <= this.now ? this.timers.pop()!.call : undefined;
  }

  open(kind: string, connection: Connection): number {
    const id = ++this.lastConnection;
    this.connections.set(id, connection);
    this.wishes.opens.push([id, kind]);
    return id;
  }

  close(id: number): void {
    if (this.connections.delete(id)) this.wishes.closes.push(id);
  }

  opened(id: number): void {
    this.connections.get(id)?.opened();
  }

  ended(id: number, reason: string): void {
    const connection = this.connections.get(id);
    this.connections.delete(id);
    connection?.ended(reason);
  }

  came(id: number, datagram: Uint8Array): void {
    this.connections.get(id)?.came(datagram);
  }

  holds(id: number, bytes: number): void {
    this.connections.get(id)?.holds(bytes);
  }
}

/** Gives the program what pages have. */
export function install(browser: Browser): void {
  /** What WebSocket is to the client. The server at its other end offers everything. */
  class FakeWebSocket implements Connection {
    readyState = 0;
    bufferedAmount = 0;
    onopen = () => {};
    onmessage = (_: { data: string | ArrayBuffer }) => {};
    onclose = (_: { code: number; reason: string }) => {};
    onerror = () => {};
    private readonly id = browser.open("websocket", this);
    private offers = 0;

    opened(): void {
      this.readyState = 1;
      this.onopen();
      this.says({ hello: { webtransport: { port: 7777, path: "/tickwire" }, webrtc: true } });
    }

    private says(signal: object): void {
      if (this.readyState === 1) this.onmessage({ data: JSON.stringify(signal) });
    }

    ended(reason: string): void {
      const { readyState } = this;
      this.readyState = 3;
      if (readyState === 0) this.onerror();
      this.onclose({ code: 1006, reason });
    }

    came(datagram: Uint8Array): void {
      this.onmessage({ data: datagram.slice().buffer });
    }

    holds(bytes: number): void {
      this.bufferedAmount = bytes;
    }

    send(data: string | Uint8Array): void {
      if (typeof data !== "string") {
        this.bufferedAmount += data.length;
        browser.wishes.sends.push([this.id, data.slice()]);
      } else if (data.includes("want")) {
        const offer = { id: ++this.offers, sdp: "what the server has" };
        browser.after(() => this.says({ offer }), 2 * signalTakes);
      }
    }

    close(): void {
      this.readyState = 3;
      browser.close(this.id);
    }
  }

  /** What a data channel is to the client: it is made with its RTCPeerConnection, and stands with it. */
  class FakePeer implements Connection {
    connectionState = "new";
    onconnectionstatechange = () => {};
    onicecandidate = () => {};
    readonly channel = {
      readyState: "connecting",
      bufferedAmount: 0,
      onopen: () => {},
      onmessage: (_: { data: ArrayBuffer }) => {},
      onclose: () => {},
      send: (b: Uint8Array) => void browser.wishes.sends.push([this.id, b.slice()]),
    };
    private id = 0;
    private closed = false;

    createDataChannel(): object {
      return this.channel;
    }

    setRemoteDescription = async () => {};
    createAnswer = async () => ({ type: "answer", sdp: "what the page has" });

    async setLocalDescription(): Promise<void> {
      browser.after(() => {
        if (!this.closed) this.id = browser.open("webrtc", this);
      }, signalTakes);
    }

    async addIceCandidate(): Promise<void> {}

    opened(): void {
      this.channel.readyState = "open";
      this.channel.onopen();
    }

    ended(): void {
      const { readyState } = this.channel;
      this.channel.readyState = "closed";
      if (readyState === "open") return this.channel.onclose();
      this.connectionState = "failed";
      this.onconnectionstatechange();
    }

    came(datagram: Uint8Array): void {
      this.channel.onmessage({ data: datagram.slice().buffer });
    }

    holds(): void {}

    close(): void {
      this.closed = true;
      this.channel.readyState = "closed";
      if (this.id > 0) browser.close(this.id);
    }
  }

  /** What a WebTransport session is to the client. */
  class FakeSession implements Connection {
    readonly ready: Promise<void>;
    readonly closed: Promise<{ reason: string }>;
    readonly datagrams = {
      maxDatagramSize: 1200,
      writable: { getWriter: () => this.writer },
      readable: { getReader: () => ({ read: () => this.read() }) },
    };
    private readonly writer = {
      closed: new Promise<void>(() => {}),
      desiredSize: 1,
      ready: Promise.resolve(),
      write: async (b: Uint8Array) => void browser.wishes.sends.push([this.id, b]),
    };
    private readonly id = browser.open("webtransport", this);
    private readonly waiting: Uint8Array[] = [];
    private reads: ((r: { done: boolean; value?: Uint8Array }) => void) | undefined;
    private stands!: () => void;
    private fails!: (e: Error) => void;
    private ends!: (e: Error) => void;

    constructor() {
      this.ready = new Promise((resolve, reject) => {
        this.stands = resolve;
        this.fails = reject;
      });
      this.closed = new Promise((_, reject) => (this.ends = reject));
    }

    private async read(): Promise<{ done: boolean; value?: Uint8Array }> {
      const value = this.waiting.shift();
      return value ? { done: false, value } : new Promise((resolve) => (this.reads = resolve));
    }

    opened(): void {
      this.stands();
    }

    ended(reason: string): void {
      this.fails(new Error(reason)); // which it does only before it stands
      this.ends(new Error(reason));
      this.reads?.({ done: true });
    }

    came(datagram: Uint8Array): void {
      this.waiting.push(datagram.slice());
      const { reads } = this;
      this.reads = undefined;
      reads?.({ done: false, value: this.waiting.shift()! });
    }

    holds(): void {}

    close(): void {
      browser.close(this.id);
      this.ended("closed");
    }
  }

  Object.assign(globalThis, {
    WebSocket: FakeWebSocket,
    RTCPeerConnection: FakePeer,
    WebTransport: FakeSession,
    setTimeout: (f: () => void, milliseconds = 0) => browser.after(f, milliseconds),
    clearTimeout: (id: unknown) => browser.cancel(id),
  });
}

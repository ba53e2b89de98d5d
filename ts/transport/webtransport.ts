import type { Way } from "./way.js";

const mostDatagram = 1472;
const ignore = (): void => {};

/** What the standard has in place of writable, and Safari alone. */
interface NewerDatagrams {
  createWritable?(): WritableStream<Uint8Array>;
}

/** A WebTransportWay carries datagrams as those of a WebTransport session. */
export class WebTransportWay implements Way {
  readonly kind = "webtransport";
  readonly reliable = false;
  onDatagram: (datagram: Uint8Array) => void = () => {};
  onReady: () => void = () => {};
  onEnded: (reason: string) => void = () => {};
  private readonly session: WebTransport;
  private writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  private waits = false; // for room

  /** @param hashes of the certificate, in base64; none: it is one that browsers know */
  constructor(url: string, hashes: readonly string[]) {
    this.session = new WebTransport(url, {
      requireUnreliable: true,
      congestionControl: "low-latency",
      serverCertificateHashes: hashes.map((hash) => ({
        algorithm: "sha-256",
        value: Uint8Array.from(atob(hash), (c) => c.charCodeAt(0)),
      })),
    });
    this.session.closed.then(
      ({ reason }) => this.ended(reason || "the WebTransport session closed"),
      this.failed,
    );
    this.read().catch(this.failed);
  }

  get maxDatagram(): number {
    return Math.min(this.session.datagrams.maxDatagramSize, mostDatagram);
  }

  private async read(): Promise<void> {
    await this.session.ready;
    const { datagrams } = this.session;
    const writable = (datagrams as NewerDatagrams).createWritable?.() ?? datagrams.writable;
    this.writer = writable.getWriter() as typeof this.writer;
    this.writer!.closed.catch(ignore); // that of the session tells
    this.onReady();
    const reader = (datagrams.readable as ReadableStream<Uint8Array>).getReader();
    // an await would be garbage for each datagram
    const next = (): void => void reader.read().then(took, this.failed);
    const took = ({ done, value }: ReadableStreamReadResult<Uint8Array>): void => {
      if (done) return;
      next();
      this.onDatagram(value);
    };
    next();
  }

  private readonly failed = (e: Error): void => this.ended(e.message);

  private ended(reason: string): void {
    const { onEnded } = this;
    this.close();
    onEnded(reason);
  }

  send(datagram: Uint8Array): boolean {
    const { writer } = this;
    if (!writer) return false;
    if (writer.desiredSize! <= 0) {
      // one that failed has no room, ever
      if (!this.waits) writer.ready.then(this.room, this.failed);
      this.waits = true;
      return false;
    }
    writer.write(datagram.slice()).catch(ignore); // likewise
    return true;
  }

  private readonly room = (): void => {
    this.waits = false;
    this.onReady();
  };

  close(): void {
    this.onDatagram = this.onEnded = this.onReady = ignore;
    this.writer = undefined;
    // one that is not open yet cannot be closed: it is when it is
    this.session.ready.then(() => this.session.close()).catch(ignore);
  }
}

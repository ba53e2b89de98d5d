import { Handshake, type HandshakeConfig, type Try } from "../netcode/handshake.js";
import { refusal, type Refusal } from "../netcode/packet.js";
import { showToken } from "../netcode/offer.js";
import { protect } from "../netcode/pad.js";
import type { Ticket } from "../netcode/ticket.js";
import type { Token } from "../netcode/token.js";
import type { Door, Way } from "../transport/way.js";
import { Code, type WireError } from "../wire/error.js";
import type { Host } from "./host.js";
import { load, loaded } from "./loading.js";

/** A Meeting is what endpoints say to each other in a handshake. */
export interface Meeting extends Pick<HandshakeConfig<Try>, "hello" | "judge"> {
  /** The instance of the server's endpoint with which ours wants to go on, with a ticket. */
  readonly continues?: bigint;
}

/** A Knock is a try at a door. */
interface Knock extends Try {
  readonly door: Door;
}

/**
 * An Attempt gets in with tokens or tickets: it opens the ways to their servers, one after the other, and
 * has a {@link Handshake} go over them.
 */
export class Attempt {
  /** Undefined until what it needs is loaded. */
  shake: Handshake<Knock> | undefined;
  /** What the handshake goes by; once it is connected it is the caller's. */
  way!: Way;
  private failure: Refusal | undefined; // before it began
  private ready = false; // way takes datagrams
  private closed = false;

  constructor(
    private readonly host: Host,
    private readonly credentials: readonly (Token | Ticket)[],
    private readonly meeting: Meeting,
  ) {
    // a way that loses packets takes more than one that does not
    const part = credentials.some((c) => "ticket" in c) ? "kept" : !host.cfg.transport.reliable && "ways";
    const pads = credentials.map((c) => c.pad);
    if ((!part || loaded[part]) && !pads.some((pad) => pad.items.length)) this.begin();
    else this.load([part && load(part), ...pads.map(protect)]);
  }

  private load(parts: unknown[]): void {
    const { host } = this;
    Promise.all(parts)
      .then(() => this.closed || this.begin())
      .catch(({ rule, message }: Partial<WireError> & Error) => {
        // of a pad, of a part that could not be loaded, or of the transport
        this.failure = refusal(rule ? Code.pad : Code.unreachable, rule ?? message);
        host.wake();
      });
  }

  private begin(): void {
    const { meeting, host } = this;
    const { clock, random } = host;
    const { transport } = host.cfg;
    const unix = clock.unix();
    this.shake = new Handshake<Knock>(clock.now(), {
      tries: this.credentials.flatMap((credential) =>
        transport
          .ways(credential.addresses)
          .map((door) => ({ credential, door, address: door.address })),
      ),
      reliable: transport.reliable,
      random,
      show: ({ credential: c, door }) => {
        this.open(door);
        return "request" in c ? showToken(c) : loaded.kept!.showTicket(c, unix, meeting.continues);
      },
      hello: meeting.hello,
      judge: meeting.judge,
    });
    host.wake();
  }

  /** Why there is nothing more to try. */
  get refusal(): Refusal | undefined {
    return this.failure ?? this.shake?.refusal;
  }

  deadline(): number {
    return this.shake?.deadline() ?? Infinity;
  }

  /** Does what is due. */
  handleTimeout(now: number): void {
    const { shake } = this;
    shake?.handleTimeout(now);
    const b = this.ready && shake!.next();
    if (!b || this.way.send(b)) return;
    this.ready = false;
    shake!.unsent();
  }

  /** Has the handshake go by another way. */
  private open(door: Door): void {
    const { host } = this;
    this.way?.close();
    this.ready = false;
    const way = (this.way = door.open());
    way.onReady = () => {
      this.ready = true;
      host.wake();
    };
    way.onDatagram = (b) => {
      if (way === this.way) this.shake!.receive(host.clock.now(), b);
      host.wake();
    };
    way.onEnded = (reason) => {
      this.ready = false;
      this.shake!.giveUp(host.clock.now(), refusal(Code.unreachable, reason));
      host.wake();
    };
  }

  /** Ends it; a way that a session goes by stays open. */
  close(): void {
    this.closed = true;
    if (!this.shake?.session) this.way?.close();
  }
}

import { Handshake, type HandshakeConfig, type Try } from "../netcode/handshake.js";
import { refusal, type Refusal } from "../netcode/packet.js";
import { showToken } from "../netcode/offer.js";
import { hasProtection, loadProtection } from "../netcode/suite.js";
import type { Ticket } from "../netcode/ticket.js";
import type { Token } from "../netcode/token.js";
import type { Door, Way } from "../transport/way.js";
import { Code } from "../wire/error.js";
import type { Host } from "./host.js";
import { loadRest, rest } from "./loading.js";

/** A Meeting is what endpoints say to each other in a handshake. */
export interface Meeting extends Pick<HandshakeConfig, "hello" | "judge"> {
  /** The instance of the server's endpoint with which ours wants to go on, with a ticket. */
  readonly continues?: bigint;
}

/**
 * An Attempt gets in with tokens or tickets: it opens the ways to their servers, one after the other, and
 * has a {@link Handshake} go over them.
 */
export class Attempt {
  /** Undefined until what it needs is loaded. */
  shake: Handshake | undefined;
  /** What the handshake goes by; once it is connected it is the caller's. */
  way: Way | undefined;
  private failure: Refusal | undefined; // before it began
  private opened = -1; // the target of way
  private ready = false; // way takes datagrams
  private closed = false;
  private unix = 0; // when it began
  private readonly tries: Try[] = [];
  private readonly doors: Door[] = [];

  constructor(
    private readonly host: Host,
    credentials: readonly (Token | Ticket)[],
    private readonly meeting: Meeting,
  ) {
    const { transport } = host.cfg;
    for (const credential of credentials) {
      const show = () =>
        "request" in credential
          ? showToken(credential)
          : rest!.showTicket(credential, this.unix, meeting.continues);
      for (const door of transport.ways(credential.addresses)) {
        const { address } = door;
        this.tries.push({ credential, show, target: this.doors.length, address });
        this.doors.push(door);
      }
    }
    // a way that loses packets takes more than one that does not
    const needsRest = !transport.reliable || credentials.some((c) => "ticket" in c);
    const pads = credentials.map((c) => c.pad);
    if ((rest || !needsRest) && pads.every(hasProtection)) this.begin();
    else this.load([...pads.map(loadProtection), ...(needsRest ? [loadRest()] : [])]);
  }

  private load(parts: readonly Promise<unknown>[]): void {
    Promise.all(parts).then(
      () => this.begin(),
      (e: Error) => {
        this.failure = refusal(
          Code.unreachable,
          `a part of the client could not be loaded: ${e.message}`,
        );
        this.host.wake();
      },
    );
  }

  private begin(): void {
    if (this.closed) return;
    const { clock, random } = this.host;
    this.unix = clock.unix();
    this.shake = new Handshake(clock.now(), { ...this.meeting, tries: this.tries, random });
    this.host.wake();
  }

  /** Why there is nothing more to try. */
  get refusal(): Refusal | undefined {
    if (this.failure) return this.failure;
    return this.shake?.state === "failed" ? this.shake.refusal : undefined;
  }

  deadline(): number {
    return this.shake?.deadline() ?? Infinity;
  }

  /** Does what is due. */
  handleTimeout(now: number): void {
    const { shake } = this;
    if (!shake) return;
    shake.handleTimeout(now);
    if (shake.over) return;
    const { target } = shake.by;
    if (target !== this.opened) this.open(shake, target);
    const b = this.ready ? shake.next() : undefined;
    if (!b || this.way!.send(b)) return;
    this.ready = false;
    shake.unsent();
  }

  private open(shake: Handshake, target: number): void {
    const { clock, cfg } = this.host;
    this.way?.close();
    this.opened = target;
    this.ready = false;
    const way = (this.way = this.doors[target]!.open());
    shake.reliable = cfg.transport.reliable;
    way.onReady = () => {
      this.ready = true;
      this.host.wake();
    };
    way.onDatagram = (b) => {
      shake.receive(clock.now(), target, b);
      this.host.wake();
    };
    way.onEnded = (reason) => {
      this.ready = false;
      shake.giveUp(clock.now(), refusal(Code.unreachable, reason));
      this.host.wake();
    };
  }

  /** Ends it; a way that a session goes by stays open. */
  close(): void {
    this.closed = true;
    if (!this.shake?.session) this.way?.close();
  }
}

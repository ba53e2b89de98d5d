import { type PathState } from "../endpoint/claims.js";
import { Ladder } from "../endpoint/ladder.js";
import { Path, Sent, type AckFrame } from "../endpoint/path.js";
import { type FullPath } from "../endpoint/path_full.js";
import { Paths } from "../endpoint/paths.js";
import { SeveralPaths } from "../endpoint/several.js";
import { type FrameWriter } from "../wire/index.js";
import { Acker } from "./acker.js";
import { chance, Link, type LinkConfig } from "./link.js";

function want(right: boolean, what: string): void {
  if (!right) throw new Error(what);
}

/** A Packet carries messages, or what asks and answers. */
interface Packet {
  path: number;
  number: number;
  ack?: AckFrame;
  messages: number[];
  frames: number[]; // of 6.8
  eliciting: boolean;
}

export class Noted extends Sent {
  messages: number[] = [];
  status: [number, number] | undefined; // id, serial
}

class Frames implements FrameWriter {
  bytes: number[] = [];
  u8(v: number): void {
    this.bytes.push(v);
  }
  v(v: number): void {
    want(v < 128, "a serial is short here");
    this.bytes.push(v);
  }
  u64(v: bigint): void {
    for (let i = 0n; i < 64n; i += 8n) this.bytes.push(Number((v >> i) & 255n));
  }
}

/** A way between the two ends. */
interface Way {
  up: Link<Packet>;
  down: Link<Packet>;
  reliable: boolean;
  stands: boolean;
}

/** What the side that opens no paths keeps of one. */
interface Known {
  route: number;
  acker: Acker;
  next: number;
  serial: number;
  state: number;
  token: bigint;
  proven: boolean;
  askAt: number;
}

/** A client with one reliable message each 16.7 ms, and a server that answers as SPEC.md has it. */
export class World {
  now = 1_000_000;
  ways: Way[] = [];
  told: { id: number; state: PathState; at: number }[] = [];
  came = new Map<number, number>(); // message to the time from its sending on
  carried = new Map<number, number>(); // route to messages
  paths: SeveralPaths<Noted>;
  ladder: Ladder<Noted>;
  sentAt = new Map<number, number>();
  statuses: number[][] = [];
  private queue: number[] = []; // messages to be sent, again too
  private made = 0;
  private nextAt = this.now;
  private server = new Map<number, Known>();
  private random: () => number;
  private stamps = 0n;

  constructor(
    readonly seed: number,
    reliable: boolean,
    config: LinkConfig,
  ) {
    this.random = chance(seed);
    const paths = new Paths<Noted>(
      this.now,
      {
        make: (id) =>
          new Path<Noted>({
            id,
            reliable: false,
            ackHold: 20_000,
            random: this.random,
            make: () => new Noted(),
            settled: (s, fate) => {
              if (fate === "lost" || fate === "repeat") {
                this.queue.push(...s.messages.filter((m) => !this.queue.includes(m)));
                if (s.status !== undefined) this.paths.statusLost(...s.status);
              }
            },
          }),
        told: (id, state) => {
          this.told.push({ id, state, at: this.now });
          this.news = true;
        },
      },
      this.way(reliable, config),
      reliable,
    );
    this.paths = SeveralPaths.of(paths, this.now, {
      token: () => BigInt(Math.floor(this.random() * 2 ** 50)),
      limit: 4,
      timeout: 10_000_000,
    });
    this.paths.known = true;
    this.server.set(0, this.known(0));
    this.ladder = new Ladder(this.paths, 0, 9, reliable);
  }

  private news = false;

  private known(route: number): Known {
    const rest = { next: 0, serial: 0, state: 0, token: 0n, proven: true, askAt: Infinity };
    return { route, acker: new Acker(), ...rest };
  }

  /** Makes a way, and returns its number. */
  way(reliable: boolean, config: LinkConfig): number {
    const up = new Link<Packet>(this.random, { ...config });
    const down = new Link<Packet>(this.random, { ...config });
    return this.ways.push({ up, down, reliable, stands: true }) - 1;
  }

  /** Both ends begin anew, with path 0 alone over a way, as after a comeback. */
  restart(route: number): void {
    this.paths.restart(this.now, route, this.ways[route]!.reliable);
    this.server.clear();
    this.server.set(0, this.known(route));
    for (const way of this.ways) way.stands = true;
  }

  cut(route: number, loss = 1): void {
    this.ways[route]!.up.config.loss = this.ways[route]!.down.config.loss = loss;
  }

  end(route: number): void {
    this.cut(route);
    this.ways[route]!.stands = false;
    this.ladder.down(this.now, route);
  }

  /** What the client sends now. */
  private sendAll(): void {
    for (let asked = 0, p; (p = this.paths.turn(this.now, asked)) !== undefined;) {
      if (!this.sendOne(p)) asked |= 1 << p.id;
    }
  }

  private sendOne(p: FullPath<Noted>): boolean {
    const s = p.fresh();
    const packet: Packet = {
      path: p.id,
      number: p.next,
      messages: [],
      frames: [],
      eliciting: true,
    };
    s.messages = packet.messages;
    s.status = undefined;
    s.aside = this.paths.proves(this.now, p);
    s.eliciting = s.limited = true;
    const w = new Frames();
    if (s.aside) {
      this.paths.writeProof(this.now, p, w);
    } else if (p.probes > 0 || (this.paths.carries(p) && p.canSend(this.now, 200))) {
      const about = this.paths.owesStatus();
      if (about !== undefined && p.claims.active) {
        s.status = [about.id, about.claims.serial];
        this.paths.writeStatus(about, w);
      }
      if (p.claims.active) packet.messages.push(...this.queue.splice(0, 8));
      this.paths.serve(p, 100 * packet.messages.length);
      for (const m of packet.messages) {
        if (!this.sentAt.has(m)) this.sentAt.set(m, this.now);
      }
      if (w.bytes.length + packet.messages.length === 0 && p.probes === 0) return false;
    } else {
      return false;
    }
    packet.frames = w.bytes;
    s.bytes = 100 + 100 * packet.messages.length;
    const { route } = p.claims;
    this.carried.set(route, (this.carried.get(route) ?? 0) + packet.messages.length);
    this.ways[route]!.up.send(this.now, s.bytes, packet);
    p.onSent(this.now, s);
    return true;
  }

  /** What the server does with a packet. */
  private served(route: number, packet: Packet): void {
    const { frames } = packet;
    let k = this.server.get(packet.path);
    if ((k === undefined || k.state === 2) && frames[0] === 0x0a && frames[5] === 0x08) {
      want(frames[1] === packet.path, "a path is opened by a packet of its own");
      if (k === undefined || frames[2]! > k.serial) {
        k = { ...this.known(route), proven: false, acker: k?.acker ?? new Acker() };
        k.next = this.server.get(packet.path)?.next ?? 0;
        k.token = ++this.stamps;
        k.askAt = this.now;
        this.server.set(packet.path, k);
      }
    }
    if (k === undefined) return;
    if (!k.acker.came(this.now, packet.number, packet.eliciting)) return;
    if (k.state === 2) k.acker.at = Infinity;
    const from = k.route === route || !k.proven ? k : undefined;
    want(from !== undefined, `seed ${this.seed}: path ${packet.path} comes another way`);
    for (const m of packet.messages) {
      if (!this.came.has(m)) this.came.set(m, this.now - this.sentAt.get(m)!);
    }
    this.read(route, frames, k);
  }

  private read(route: number, f: number[], k: Known): void {
    for (let i = 0; i < f.length;) {
      const token = () => {
        let t = 0n;
        for (let j = 8; j > 0; j--) t = (t << 8n) | BigInt(f[i + j]!);
        return t;
      };
      if (f[i] === 0x0a) {
        const of = this.server.get(f[i + 1]!);
        this.statuses.push(f.slice(i + 1, i + 5));
        if (of !== undefined && f[i + 2]! >= of.serial) {
          of.serial = f[i + 2]!;
          of.state = f[i + 3]!;
        }
        i += 5;
      } else if (f[i] === 0x08) {
        const w = new Frames();
        w.u8(0x09);
        w.u64(token());
        this.say(k, w.bytes, route);
        i += 9;
      } else {
        want(f[i] === 0x09, "there is no other frame");
        if (token() === k.token) {
          k.proven = true;
          k.askAt = Infinity;
        }
        i += 10;
      }
    }
  }

  private say(k: Known, frames: number[], route = k.route, ack?: AckFrame): void {
    const path = [...this.server].find(([, v]) => v === k)![0];
    const packet: Packet = { path, number: k.next++, messages: [], frames, eliciting: true };
    if (ack !== undefined) packet.ack = ack;
    this.ways[route]!.down.send(this.now, 100, packet);
  }

  private serverTimers(): void {
    for (const [id, k] of this.server) {
      if (k.askAt <= this.now) {
        const w = new Frames();
        w.u8(0x08);
        w.u64(k.token);
        this.say(k, w.bytes);
        k.askAt = this.now + 250_000;
      }
      const known = Math.max(this.paths.all[id]?.largestAcked ?? 0, 0);
      if (k.acker.at <= this.now) this.say(k, [], k.route, k.acker.ack(this.now, known));
    }
  }

  /** What the client does with a packet. */
  private heard(route: number, packet: Packet): void {
    const p = this.paths.arrived(this.now, packet.path, route, true);
    if (p === undefined) return;
    if (packet.ack !== undefined)
      want(this.paths.onAck(this.now, p, packet.ack), "an honest ACK is taken");
    const f = packet.frames;
    if (f.length === 0) return;
    let token = 0n;
    for (let j = 8; j > 0; j--) token = (token << 8n) | BigInt(f[j]!);
    if (f[0] === 0x08) this.paths.challenge(p, token);
    else this.paths.response(this.now, p, token);
  }

  private deadline(): number {
    let at = Math.min(this.paths.deadline(), this.ladder.deadline(), this.nextAt);
    for (const way of this.ways) at = Math.min(at, way.up.deadline(), way.down.deadline());
    for (const k of this.server.values()) at = Math.min(at, k.acker.at, k.askAt);
    for (const p of this.paths.all) {
      at = Math.min(at, this.paths.provesAt(p));
      if (this.queue.length > 0 && this.paths.carries(p)) at = Math.min(at, p.nextSend());
    }
    return at;
  }

  run(until: number): void {
    while (this.now < until) {
      this.now = Math.min(until, Math.max(Math.ceil(this.deadline()), this.now + 1));
      for (const [route, way] of this.ways.entries()) {
        for (let p; (p = way.up.receive(this.now)) !== undefined;) {
          if (way.stands) this.served(route, p);
        }
        for (let p; (p = way.down.receive(this.now)) !== undefined;) {
          if (way.stands) this.heard(route, p);
        }
      }
      if (this.now >= this.nextAt) {
        this.queue.push(this.made++);
        this.nextAt += 16_667;
      }
      this.paths.onTimeout(this.now);
      if (this.news) this.ladder.changed(this.now);
      this.news = false;
      this.ladder.onTimeout(this.now);
      this.sendAll();
      this.serverTimers();
    }
  }

  /** Wants each message that was made by a time to have come. */
  complete(before: number): void {
    for (const [m, at] of this.sentAt) {
      if (at < before) want(this.came.has(m), `seed ${this.seed}: message ${m} did not come`);
    }
  }

  state(id: number): string {
    return this.paths.all[id]!.claims.state;
  }
}

import { HOLD } from "../wire/first.js";
import { appendHold } from "../wire/hold.js";
import { never } from "./constants.js";
import { type Builder, type Item } from "./packet.js";
import { came, type Fate } from "./path.js";

const firstCopies = 3;

/** An OwnHold is silence that this end has announced: SPEC.md, 6.7. */
export class OwnHold {
  on = false;
  until = 0;
  /** It was announced: nothing but signs of life goes. */
  silent = false;
  /** The game sent a message: it ends as soon as the time is known. */
  woken = false;
  /** HOLDs that are to be sent. */
  copies = 0;
  private serial = 0;
  private known = true; // to the peer, or it need not be

  begin(now: number, time: number): void {
    this.serial++;
    this.on = true;
    this.until = now + time;
    this.copies = firstCopies;
    this.silent = this.woken = this.known = false;
  }

  /** Ends it; true: it was on. The peer is told if that is earlier than it knows. */
  end(now: number): boolean {
    if (!this.on) return false;
    this.on = this.silent = this.woken = false;
    this.copies = 0;
    this.known = true;
    if (now < this.until) {
      this.serial++;
      this.copies = 1;
      this.known = false;
    }
    return true;
  }

  /** Forgets it: the connection goes on under new keys. */
  forget(): void {
    this.on = this.silent = this.woken = false;
    this.copies = 0;
    this.known = true;
  }

  endsAt(): number {
    return !this.on ? never : this.woken ? -never : this.until;
  }

  /** Appends HOLD, which tells how much is left. */
  write(b: Builder): void {
    if (b.room < 16) return;
    const left = this.on ? Math.max(Math.ceil((this.until - b.now) / 1000), 1) : 0;
    appendHold(b.w, this.serial, left);
    b.carry(HOLD, this, undefined, this.serial);
    if (this.copies > 0) this.copies--;
    if (this.copies === 0) this.silent = this.on;
  }

  settled(item: Item, fate: Fate): void {
    if (item.from !== this.serial) return;
    if (came(fate)) {
      this.known = true;
      if (this.silent || !this.on) this.copies = 0;
    } else if (!this.known && this.copies === 0) {
      this.copies = 1;
    }
  }
}

/** A PeerHold is silence that the peer has announced: SPEC.md, 7.12. */
export class PeerHold {
  on = false;
  until = 0;
  private serial = 0;
  private path = 0; // on which the newest HOLD came, and the number of its packet
  private number = 0;
  private row = false; // the last packet held a HOLD
  private since = 0; // when the first of that row came

  /** Takes a HOLD; true: the one before has ended. */
  heard(now: number, path: number, number: number, serial: number, time: number, most: number): boolean {
    if (!this.row) {
      this.row = true;
      this.since = now;
    }
    if (serial <= this.serial) return false;
    this.serial = serial;
    this.path = path;
    this.number = number;
    this.until = Math.min(now + time, this.since + most);
    const was = this.on;
    this.on = this.until > now;
    return was && !this.on;
  }

  /** Takes a packet without HOLD; true: its data ends the hold. */
  without(path: number, number: number, data: boolean): boolean {
    this.row = false;
    return data && this.on && path === this.path && number > this.number;
  }

  /** How long what is repeated for ever is believed. */
  lastAt(most: number): number {
    return this.row ? this.since + most : never;
  }
}

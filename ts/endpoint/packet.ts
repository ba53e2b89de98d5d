import { Writer } from "../wire/first.js";
import { type Message } from "./message.js";
import { Sent, type Fate } from "./path.js";

/** An Owner hears what became of what it put into a packet. */
export interface Owner {
  settled(item: Item, fate: Fate, now: number): void;
  /** A record that named a message is used for another packet. */
  unnamed?(m: Message): void;
}

/** An Item is a record of something that a packet carries. */
export class Item {
  /** The type of its frame; of one without a message from and to are what its owner wants to know. */
  kind = 0;
  owner: Owner | undefined;
  message: Message | undefined;
  from = 0;
  to = 0;
  attempt = 0;
}

/** A Packet is what was sent, with the records of what it carries; used again by its path. */
export class Packet extends Sent {
  readonly items: Item[] = [];
  used = 0;
  /** The largest number that it acknowledges, -1 if none, and how many packets had come late by then. */
  ackLargest = -1;
  ackStamp = 0;

  /** Lets go of what it carried. */
  clear(): void {
    for (let i = 0; i < this.used; i++) {
      const item = this.items[i]!;
      if (item.message && --item.message.named === 0) item.owner?.unnamed?.(item.message);
      item.owner = item.message = undefined;
    }
    this.used = 0;
    this.ackLargest = -1;
  }

  /** Tells the owners of what it carries. */
  settle(fate: Fate, now: number): void {
    for (let i = 0; i < this.used; i++) {
      const item = this.items[i]!;
      item.owner!.settled(item, fate, now);
    }
  }
}

/** A Builder is the packet that is being made. */
export class Builder {
  now = 0;
  packet = new Packet();
  w = new Writer(new Uint8Array(0));
  /** The room that it had when it was empty. */
  full = 0;

  begin(now: number, packet: Packet, w: Writer): void {
    packet.clear();
    packet.eliciting = packet.limited = packet.aside = false;
    this.now = now;
    this.packet = packet;
    this.w = w;
    this.full = w.end - w.at;
  }

  get room(): number {
    return this.w.end - this.w.at;
  }

  /** Notes that it carries something that has to be acknowledged. */
  carry(kind: number, owner: Owner, message?: Message, from = 0, to = 0): Item {
    const { packet } = this;
    let item = packet.items[packet.used];
    if (!item) packet.items.push((item = new Item()));
    packet.used++;
    packet.eliciting = true;
    item.kind = kind;
    item.owner = owner;
    item.message = message;
    item.from = from;
    item.to = to;
    if (message) {
      message.named++;
      item.attempt = message.attempts;
    }
    return item;
  }
}

import { RUN, appendRun, maxBack, maxLongRun, maxShortRun, Run } from "../wire/first.js";
import { Delivery } from "./config.js";
import { type Message } from "./message.js";
import { type Builder } from "./packet.js";
import { type Sender } from "./sender.js";

// How the messages of a channel come into a packet.

/** Where the messages of a run come from. */
export interface Source<S extends Sender> {
  /** Takes a message that goes into the run. */
  take(s: S, m: Message): Message;
  /** The one behind it. */
  behind(s: S, m: Message, now: number): Message | undefined;
}

export const run = new Run();

/** The messages that wait. */
export const waiting: Source<Sender> = {
  take: (s) => s.start(),
  behind: (s, _m, now) => s.head(now),
};

/** Sets the header of a run that begins with a message. */
export function headRun(s: Sender, m: Message): void {
  run.channel = s.cfg.id;
  run.options = m.options;
  run.count = 1;
  run.first = s.cfg.delivery === Delivery.unreliable ? -1 : m.id;
  run.wide = run.first >= 0 && s.wide(m.id);
  run.back = Math.min(m.id - m.first, maxBack);
  run.index = m.index;
}

/** Appends messages in a row from one on. False: none fits. */
export function writeRun<S extends Sender>(s: S, b: Builder, first: Message, from: Source<S>): boolean {
  const { w, now } = b;
  headRun(s, first);
  const { options, group } = first;
  const start = w.at;
  appendRun(w, run);
  const body = w.at;
  const most = run.long ? maxLongRun : maxShortRun;
  let n = 0;
  for (let next: Message | undefined = first; n < most && next && w.at + next.room <= w.end; ) {
    if (!s.goes(now)) break;
    const m = from.take(s, next);
    if (m.key !== undefined) w.v(m.key);
    w.v(m.size);
    w.raw(m.bytes, 0, m.size);
    m.flying++;
    b.carry(RUN, s, m);
    n++;
    next = from.behind(s, m, now);
    if (next?.options !== options || next.group !== group || next.expires <= now) break;
  }
  if (n === 0) w.at = start;
  else w.bytes[run.long ? body - 1 : start]! += n - 1; // the count was 1
  return n > 0;
}

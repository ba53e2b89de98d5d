import {
  FRAGMENT,
  KEYED,
  RUN,
  appendFragment,
  appendRun,
  Fragment,
  maxBack,
  maxLongRun,
  maxShortRun,
  Run,
} from "../wire/index.js";
import { Delivery } from "./config.js";
import { type Message } from "./message.js";
import { type Builder } from "./packet.js";
import { type Sender } from "./sender.js";

// How the messages of a channel come into a packet.

const cutRoom = 256; // the least that is filled with a part of a message which would fit a packet
export const fragmentRoom = 64; // the least for a fragment, and half of it the least of the message in it

/** Who lets messages go, one at a time. */
export interface Gate {
  mayStart(s: Sender, now: number): boolean;
  counts(s: Sender, now: number): void;
}

/** Where the messages of a run come from. */
export interface Source<S extends Sender> {
  /** Takes a message that goes into the run. */
  take(s: S, m: Message): Message;
  /** The one behind it. */
  behind(s: S, m: Message, now: number): Message | undefined;
}

const run = new Run();
const fragment = new Fragment();

/** The messages that wait. */
const waiting: Source<Sender> = {
  take: (s) => s.start(),
  behind: (s, _m, now) => s.head(now),
};

/** Appends what of a channel was not sent yet, as far as it fits. */
export function writeChannel(s: Sender, b: Builder, gate: Gate): void {
  while (b.room > 0) {
    const cut = s.cutting;
    if (cut) {
      const n = writeFragment(s, b, cut, cut.sent, cut.size, gate);
      cut.sent += n;
      if (cut.sent === cut.size) s.cutting = undefined;
      if (n === 0) return;
      continue;
    }
    const m = s.head(b.now);
    if (!m || !gate.mayStart(s, b.now)) return;
    s.assign(m);
    if (writeRun(s, b, gate, m, waiting)) continue;
    // too large, or reliable and there is room worth filling
    const fills = s.reliable && s.cfg.delivery !== Delivery.reliableLatest && !m.droppable;
    if (b.room < fragmentRoom || (fitsAlone(s, b, m) && !(fills && b.room >= cutRoom))) return;
    s.startCut();
  }
}

/** Sets the header of a run that begins with a message. */
function headRun(s: Sender, m: Message): void {
  run.channel = s.cfg.id;
  run.options = m.options;
  run.count = 1;
  run.first = s.cfg.delivery === Delivery.unreliable ? -1 : m.id;
  run.wide = run.first >= 0 && s.wide(m.id);
  run.back = Math.min(m.id - m.first, maxBack);
  run.index = m.index;
}

/** Appends messages in a row from one on. False: none fits. */
export function writeRun<S extends Sender>(
  s: S,
  b: Builder,
  gate: Gate,
  first: Message,
  from: Source<S>,
): boolean {
  const { w, now } = b;
  headRun(s, first);
  const { options, group } = first;
  const start = w.at;
  appendRun(w, run);
  const body = w.at;
  const most = run.long ? maxLongRun : maxShortRun;
  let n = 0;
  for (let next: Message | undefined = first; n < most && next; ) {
    if (w.at + next.room > w.end || !gate.mayStart(s, now)) break;
    gate.counts(s, now);
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

/** Whether a message would fit a packet of its own. */
export function fitsAlone(s: Sender, b: Builder, m: Message): boolean {
  headRun(s, m);
  const { w } = b;
  const start = w.at;
  appendRun(w, run);
  const size = w.at - start + m.room;
  w.at = start;
  return size <= b.full;
}

/** Appends as much of a part of a message as fits, and says how much. */
export function writeFragment(
  s: Sender,
  b: Builder,
  m: Message,
  from: number,
  to: number,
  gate: Gate,
): number {
  const { w } = b;
  if (from === 0 && !gate.mayStart(s, b.now)) return 0;
  const f = fragment;
  f.channel = s.cfg.id;
  f.id = s.cutId(m);
  f.wide = s.wide(f.id);
  f.total = m.size;
  f.stored = m.receipt > 0 && (!s.reliable || m.droppable);
  f.options = m.options;
  f.key = m.options & KEYED ? m.key! : 0;
  f.back = Math.min(m.id - m.first, maxBack);
  f.index = m.index;
  f.offset = from;
  f.length = to - from;
  const start = w.at;
  appendFragment(w, f);
  const fills = to - from > b.room;
  if (fills) {
    w.at = start;
    f.length = -1;
    appendFragment(w, f);
    to = Math.min(to, from + b.room);
    if (to - from < Math.min(fragmentRoom / 2, b.full / 4)) {
      w.at = start;
      return 0;
    }
  }
  if (from === 0) gate.counts(s, b.now);
  w.raw(m.bytes, from, to);
  if (fills) w.end = w.at;
  b.carry(FRAGMENT, s, m, from, to);
  return to - from;
}

import {
  FRAGMENT,
  KEYED,
  RUN,
  SKIP,
  appendFragment,
  appendHead,
  appendOptionRun,
  Fragment,
  maxBack,
  maxLongRun,
  maxShortRun,
  OptionRun,
} from "../wire/index.js";
import { Delivery } from "./config.js";
import { FLYING, SKIPPING } from "./constants.js";
import { type Message } from "./message.js";
import { type Builder } from "./packet.js";
import { addRange } from "./ranges.js";
import { removeRange } from "./ranges_full.js";
import { type FullSender } from "./sender_full.js";

// How the messages of a channel come into packets: whole, in parts, and again.

const cutRoom = 256; // the least that is filled with a part of a message which would fit a packet
const fragmentRoom = 64; // the least for a fragment, and half of it the least of the message in it
const perSkip = 16; // messages that a SKIP of ours names

const fragment = new Fragment();

/** Where the messages of a run come from. */
interface Source {
  /** Takes a message that goes into the run. */
  take(s: FullSender, m: Message): Message;
  /** The one behind it. */
  behind(s: FullSender, m: Message, now: number): Message | undefined;
}

const run = new OptionRun();

/** The messages that wait. */
const waiting: Source = {
  take: (s) => s.start(),
  behind: (s, _m, now) => s.head(now),
};

/** Sets the header of a run that begins with a message. */
function headRun(s: FullSender, m: Message): void {
  run.channel = s.cfg.id;
  run.options = m.options;
  run.count = 1;
  run.first = s.cfg.delivery === Delivery.unreliable ? -1 : m.id;
  run.wide = run.first >= 0 && s.wide(m.id);
  run.back = Math.min(m.id - m.first, maxBack);
  run.index = m.index;
}

/** Appends messages in a row from one on. False: none fits. */
function writeRun(s: FullSender, b: Builder, first: Message, from: Source): boolean {
  const { w, now } = b;
  headRun(s, first);
  const { options, group } = first;
  const start = w.at;
  appendOptionRun(w, run);
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

/** The messages that are to be sent again, as far as they follow each other. */
const lost: Source = {
  take: (s, m) => {
    s.resent(m);
    s.stats.messagesResent++;
    m.attempts++;
    return m;
  },
  behind: (s, m) => {
    const next = s.open.at(m.id + 1);
    const goes = next?.resend && !next.cut && !next.superseded && next.state === FLYING;
    return goes ? next : undefined;
  },
};

/** Appends what a channel has to send, as far as it fits: what was lost first. */
export function writeChannel(s: FullSender, b: Builder): void {
  let more = true;
  while (more && b.room > 0) {
    const m = s.nextResend(b.now);
    if (!m) break;
    more = m.state === SKIPPING ? writeSkip(s, b, m) : m.cut ? writeLost(s, b, m) : writeAgain(s, b, m);
  }
  while (more && b.room > 0) more = s.cutting ? writeNext(s, b, s.cutting) : writeHead(s, b);
}

/** Appends a message that was lost whole, and those behind it. */
function writeAgain(s: FullSender, b: Builder, m: Message): boolean {
  if (writeRun(s, b, m, lost)) return true;
  if (fitsAlone(s, b, m) || b.room < fragmentRoom) return false;
  m.cut = true; // packets have become too small for it
  m.sent = m.size;
  addRange(m.lost, 0, m.size);
  return true;
}

/** Appends the messages that wait, or begins with the first fragment of one. */
function writeHead(s: FullSender, b: Builder): boolean {
  const m = s.head(b.now);
  if (!m || !s.may(b.now)) return false;
  s.assign(m);
  if (writeRun(s, b, m, waiting)) return true;
  // too large, or reliable and there is room worth filling
  const fills = s.reliable && s.cfg.delivery !== Delivery.reliableLatest && !m.droppable;
  if (b.room < fragmentRoom || (fitsAlone(s, b, m) && !(fills && b.room >= cutRoom))) return false;
  s.startCut();
  return true;
}

/** Whether a message would fit a packet of its own. */
function fitsAlone(s: FullSender, b: Builder, m: Message): boolean {
  headRun(s, m);
  const { w } = b;
  const start = w.at;
  appendOptionRun(w, run);
  const size = w.at - start + m.room;
  w.at = start;
  return size <= b.full;
}

/** Appends the next bytes of a message whose first transmission is under way. */
function writeNext(s: FullSender, b: Builder, m: Message): boolean {
  const n = writeFragment(s, b, m, m.sent, m.size);
  m.sent += n;
  if (m.sent === m.size) s.cutting = undefined;
  return n > 0;
}

/** Appends bytes of a message that were lost. */
function writeLost(s: FullSender, b: Builder, m: Message): boolean {
  const [from, to] = m.lost;
  const n = from === undefined ? 0 : writeFragment(s, b, m, from, to!);
  if (n > 0) {
    removeRange(m.lost, from!, from! + n);
    s.stats.fragmentsResent++;
  }
  if (m.lost.length > 0) return n > 0;
  s.resent(m);
  return true;
}

/** Appends as much of a part of a message as fits, and says how much. */
function writeFragment(s: FullSender, b: Builder, m: Message, from: number, to: number): number {
  const { w } = b;
  if (from === 0 && !s.may(b.now)) return 0;
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
  if (from === 0) s.goes(b.now);
  w.raw(m.bytes, from, to);
  if (fills) w.end = w.at;
  b.carry(FRAGMENT, s, m, from, to);
  return to - from;
}

/** Says that messages from one on will not come. */
function writeSkip(s: FullSender, b: Builder, m: Message): boolean {
  let n = 0;
  const skipped = (id: number) => {
    const next = s.open.at(id);
    return next?.resend && next.state === SKIPPING ? next : undefined;
  };
  while (n < perSkip && skipped(m.id + n)) n++;
  if (b.room < 10 + 5 * n) return false;
  const { w } = b;
  appendHead(w, SKIP, s.cfg.id);
  w.u32(m.id);
  w.v(n);
  for (let id = m.id; id < m.id + n; id++) {
    const next = s.open.at(id)!;
    w.v(next.size);
    s.resent(next);
    b.carry(SKIP, s, next);
  }
  return true;
}

import {
  BLOCKED,
  FRAGMENT,
  KEYED,
  RUN,
  SKIP,
  appendFragment,
  appendLimit,
  appendRun,
  Fragment,
  maxBack,
  maxLongRun,
  maxShortRun,
  Run,
  setCount,
} from "../wire/index.js";
import { FLYING, SKIPPING } from "./constants.js";
import { Delivery } from "./config.js";
import { type Message } from "./message.js";
import { type Builder } from "./packet.js";
import { type Sender } from "./sender.js";

// How the messages of a channel come into a packet.

const cutRoom = 256; // the least that is filled with a part of a message which would fit a packet
const fragmentRoom = 64; // the least for a fragment, and half of it the least of the message in it
const perSkip = 16; // messages that a SKIP of ours names

/** Who lets messages go, one at a time. */
export interface Gate {
  mayStart(s: Sender, now: number): boolean;
  counts(s: Sender, now: number): void;
}

const run = new Run();
const fragment = new Fragment();

/** Appends BLOCKED. */
export function writeBlocked(s: Sender, b: Builder): void {
  s.blockedFor = s.wanted(s.queue.head!);
  s.blockedAt = b.now;
  appendLimit(b.w, BLOCKED, s.cfg.id, s.blockedFor);
  b.carry(BLOCKED, s);
}

/** Appends what a channel has to send, as far as it fits: what was lost first. */
export function writeChannel(s: Sender, b: Builder, gate: Gate): void {
  while (b.room > 0) {
    const m = s.nextResend(b.now);
    if (!m) break;
    if (m.state === SKIPPING) {
      if (!writeSkip(s, b, m)) return;
    } else if (m.cut) {
      if (!writeLost(s, b, m, gate)) return;
    } else if (!writeRun(s, b, gate, m)) {
      if (fitsAlone(s, b, m) || b.room < fragmentRoom) return;
      m.cut = true; // packets have become too small for it
      m.sent = m.size;
      m.lost.add(0, m.size);
    }
  }
  while (b.room > 0) {
    if (s.cutting) {
      if (!writeNext(s, b, s.cutting, gate)) return;
      continue;
    }
    const m = s.head(b.now);
    if (!m || !gate.mayStart(s, b.now)) return;
    if (!writeRun(s, b, gate, undefined) && !startCut(s, b, m)) return;
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

/** Appends messages in a row: those to be sent again from one on, or the first that wait. False: none fits. */
function writeRun(s: Sender, b: Builder, gate: Gate, again: Message | undefined): boolean {
  const { w } = b;
  let m = again ?? s.head(b.now);
  if (!m) return false;
  if (!again) s.assign(m);
  headRun(s, m);
  const { options } = run;
  const { group } = m;
  const start = w.at;
  appendRun(w, run);
  const body = w.at;
  const most = run.long ? maxLongRun : maxShortRun;
  let n = 0;
  while (n < most && w.at + m.room <= w.end && gate.mayStart(s, b.now)) {
    gate.counts(s, b.now);
    if (again) {
      s.resent(m);
      s.stats.messagesResent++;
      m.attempts++;
    } else {
      m = s.start();
    }
    if (m.key !== undefined) w.v(m.key);
    w.v(m.size);
    w.raw(m.bytes, 0, m.size);
    m.flying++;
    b.carry(RUN, s, m);
    n++;
    const next: Message | undefined = again ? resendBehind(s, m) : s.head(b.now);
    if (!next || next.options !== options || next.group !== group || next.expires <= b.now) break;
    m = next;
  }
  if (n === 0) {
    w.at = start;
    return false;
  }
  run.count = n;
  setCount(w, run, start, body);
  return true;
}

/** The message behind one, if it is to be sent again, too. */
function resendBehind(s: Sender, m: Message): Message | undefined {
  const next = s.open.at(m.id + 1);
  if (!next?.resend || next.cut || next.superseded) return undefined;
  return next.state === FLYING ? next : undefined;
}

/** Whether a message would fit a packet of its own. */
function fitsAlone(s: Sender, b: Builder, m: Message): boolean {
  headRun(s, m);
  const { w } = b;
  const start = w.at;
  appendRun(w, run);
  const size = w.at - start + m.room;
  w.at = start;
  return size <= b.full;
}

/** Starts the message at the head in fragments, if it is too large, or reliable and there is room worth filling. */
function startCut(s: Sender, b: Builder, m: Message): boolean {
  s.assign(m);
  const fills = s.reliable && s.cfg.delivery !== Delivery.reliableLatest && !m.droppable;
  if (b.room < fragmentRoom || (fitsAlone(s, b, m) && !(fills && b.room >= cutRoom))) return false;
  s.startCut();
  return true;
}

/** Appends the next bytes of a message whose first transmission is under way. */
function writeNext(s: Sender, b: Builder, m: Message, gate: Gate): boolean {
  const n = writeFragment(s, b, m, m.sent, m.size, gate);
  m.sent += n;
  if (m.sent === m.size) s.cutting = undefined;
  return n > 0;
}

/** Appends bytes of a message that were lost. */
function writeLost(s: Sender, b: Builder, m: Message, gate: Gate): boolean {
  const [from, to] = m.lost.at;
  if (from === undefined) {
    s.resent(m);
    return true;
  }
  const n = writeFragment(s, b, m, from, to!, gate);
  m.lost.remove(from, from + n);
  if (n > 0) s.stats.fragmentsResent++;
  if (m.lost.length === 0) s.resent(m);
  return n > 0;
}

/** Appends as much of a part of a message as fits, and says how much. */
function writeFragment(
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
  headFragment(s, m);
  f.offset = from;
  f.length = to - from;
  const start = w.at;
  appendFragment(w, f);
  let n = to - from;
  const fills = n > b.room;
  if (fills) {
    w.at = start;
    f.length = -1;
    appendFragment(w, f);
    n = Math.min(n, b.room);
    if (n < Math.min(fragmentRoom / 2, b.full / 4)) {
      w.at = start;
      return 0;
    }
  }
  if (from === 0) gate.counts(s, b.now);
  w.raw(m.bytes, from, from + n);
  if (fills) w.end = w.at;
  b.carry(FRAGMENT, s, m, from, from + n);
  return n;
}

/** Sets the header of a fragment of a message but for its place in it. */
function headFragment(s: Sender, m: Message): void {
  const f = fragment;
  f.channel = s.cfg.id;
  f.id = s.cfg.delivery === Delivery.unreliable ? m.index : m.id;
  f.wide = s.wide(f.id);
  f.total = m.size;
  f.stored = m.receipt > 0 && (!s.reliable || m.droppable);
  f.options = m.options;
  f.key = m.options & KEYED ? m.key! : 0;
  f.back = Math.min(m.id - m.first, maxBack);
  f.index = m.index;
}

/** Says that messages from one on will not come. */
function writeSkip(s: Sender, b: Builder, m: Message): boolean {
  let n = 0;
  const skipped = (id: number) => {
    const next = s.open.at(id);
    return next?.resend && next.state === SKIPPING ? next : undefined;
  };
  while (n < perSkip && skipped(m.id + n)) n++;
  if (b.room < 10 + 5 * n) return false;
  const { w } = b;
  w.u8(SKIP);
  w.v(s.cfg.id);
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

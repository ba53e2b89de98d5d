import { SKIP, appendHead } from "../wire/index.js";
import { FLYING, SKIPPING } from "./constants.js";
import { type Message } from "./message.js";
import {
  fitsAlone,
  fragmentRoom,
  writeFragment,
  writeRun,
  type Gate,
  type Source,
} from "./pack.js";
import { type Builder } from "./packet.js";
import { addRange, removeRange } from "./ranges.js";
import { type FullSender } from "./sender_full.js";

// How what was lost comes into a packet again.

const perSkip = 16; // messages that a SKIP of ours names

/** The messages that are to be sent again, as far as they follow each other. */
const lost: Source<FullSender> = {
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

/** Appends what of a channel is to be sent again, or skipped, as far as it fits; false: there is more. */
export function writeAgain(s: FullSender, b: Builder, gate: Gate): boolean {
  while (b.room > 0) {
    const m = s.nextResend(b.now);
    if (!m) break;
    if (m.state === SKIPPING) {
      if (!writeSkip(s, b, m)) return false;
    } else if (m.cut) {
      if (!writeLost(s, b, m, gate)) return false;
    } else if (!writeRun(s, b, gate, m, lost)) {
      if (fitsAlone(s, b, m) || b.room < fragmentRoom) return false;
      m.cut = true; // packets have become too small for it
      m.sent = m.size;
      addRange(m.lost, 0, m.size);
    }
  }
  return true;
}

/** Appends bytes of a message that were lost. */
function writeLost(s: FullSender, b: Builder, m: Message, gate: Gate): boolean {
  const [from, to] = m.lost;
  const n = from === undefined ? 0 : writeFragment(s, b, m, from, to!, gate);
  if (n > 0) {
    removeRange(m.lost, from!, from! + n);
    s.stats.fragmentsResent++;
  }
  if (m.lost.length > 0) return n > 0;
  s.resent(m);
  return true;
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

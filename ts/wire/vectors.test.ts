import {
  ACK,
  BLOCKED,
  CLOSE,
  CLOSE_ACK,
  DRAINING,
  DROPPABLE,
  FRAGMENT,
  GROUP,
  HELLO,
  HOLD,
  KEYED,
  PADDING,
  PATH_CHALLENGE,
  PATH_RESPONSE,
  PATH_STATUS,
  PING,
  REBUILT,
  REPAIR,
  RUN,
  SCHEMAS,
  SKIP,
  STORED,
  WINDOW,
  Ack,
  appendAck,
  appendClose,
  appendFragment,
  appendHead,
  appendHold,
  appendLimit,
  appendPathStatus,
  appendProof,
  appendRebuilt,
  appendRepair,
  appendOptionRun,
  Fragment,
  helloBody,
  maxNamed,
  maxTotal,
  PathStatus,
  readClose,
  readDraining,
  readFragment,
  readHello,
  readHoldTime,
  readItems,
  readPadding,
  readPathStatus,
  readProof,
  readRanges,
  readRebuilt,
  readRepair,
  readOptionRun,
  exactOf,
  readSchemas,
  Reader,
  Repair,
  OptionRun,
  schemasItem,
  WireError,
  Writer,
  type ControlMessage,
  type Hello,
  type Key,
  Code,
} from "./index.js";

/** The fields of a frame, as the golden vectors have them. */
export type Fields = Record<string, unknown>;

interface Row {
  channel: number;
  delivery: number;
  largest_message: number;
  name_hash: number;
}
interface Form {
  channel: number;
  part: number;
  hashes: number[];
}
interface Version {
  version: number;
  digest: number;
}

const hexOf = (b: Uint8Array) => Buffer.from(b).toString("hex");
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

const names = [
  ["PADDING", PADDING],
  ["PING", PING],
  ["HELLO", HELLO],
  ["SKIP", SKIP],
  ["WINDOW", WINDOW],
  ["BLOCKED", BLOCKED],
  ["STORED", STORED],
  ["REPAIR", REPAIR],
  ["PATH_CHALLENGE", PATH_CHALLENGE],
  ["PATH_RESPONSE", PATH_RESPONSE],
  ["PATH_STATUS", PATH_STATUS],
  ["HOLD", HOLD],
  ["CLOSE", CLOSE],
  ["CLOSE_ACK", CLOSE_ACK],
  ["DRAINING", DRAINING],
  ["REBUILT", REBUILT],
] as const;
const typeOf = new Map<string, number>(names);

/** The frames of a packet. */
export function readPacket(bytes: Uint8Array): { frame: string; fields: Fields }[] {
  const all = [];
  for (const r = new Reader(bytes); r.left > 0; ) {
    const type = r.u8();
    if (type >= RUN) all.push({ frame: "RUN", fields: run(r, type) });
    else if (type >= FRAGMENT) all.push({ frame: "FRAGMENT", fields: fragment(r, type) });
    else if (type >= ACK) all.push({ frame: "ACK", fields: ack(r, type) });
    else if (type < names.length) all.push({ frame: names[type]![0], fields: other(r, type) });
    else throw new WireError();
  }
  return all;
}

function run(r: Reader, type: number): Fields {
  const h = new OptionRun();
  readOptionRun(r, type, h);
  const keys: string[] = [];
  const messages = [];
  for (let i = 0; i < h.count; i++) {
    if (h.options & KEYED) keys.push(String(exactOf(r)));
    messages.push(hexOf(r.block()));
  }
  return {
    channel: h.channel,
    ...(h.first < 0 ? {} : { first: h.first }),
    wide: h.wide,
    messages,
    ...options(h),
    ...(keys.length > 0 ? { keys } : {}),
  };
}

function options(of: { options: number; back: number; index: number }): Fields {
  return {
    ...(of.options ? { options: of.options } : {}),
    ...(of.options & GROUP ? { back: of.back } : {}),
    ...(of.options & DROPPABLE ? { index: of.index } : {}),
  };
}

function fragment(r: Reader, type: number): Fields {
  const f = new Fragment();
  readFragment(r, type, f);
  return {
    channel: f.channel,
    id: f.id,
    wide: f.wide,
    offset: f.offset,
    ...(f.offset === 0 ? { total: f.total } : {}),
    to_end: (type & 8) !== 0,
    stored: f.stored,
    bytes: hexOf(r.take(f.length)),
    ...options(f),
    ...(f.options & KEYED ? { key: String(f.key) } : {}),
  };
}

function ack(r: Reader, type: number): Fields {
  const a = new Ack();
  readRanges(r, type, a);
  const ranges = [];
  for (let i = 0; i < 2 * a.n; i += 2) ranges.push([a.ranges[i], a.ranges[i + 1]]);
  return {
    ...(a.path < 0 ? {} : { path: a.path }),
    largest: a.largest,
    wide: a.wide,
    hold_us: a.hold,
    ...(a.clock < 0 ? {} : { clock: a.clock }),
    ranges,
  };
}

function other(r: Reader, type: number): Fields {
  switch (type) {
    case PADDING: {
      const zeros = r.left;
      readPadding(r);
      return { zeros };
    }
    case HELLO:
      return helloOrVersions(r.block());
    case SKIP: {
      const head = { channel: r.channel(), first: r.u32() };
      return { ...head, lengths: Array.from({ length: r.count(maxNamed) }, () => r.atMost(maxTotal)) };
    }
    case WINDOW:
    case BLOCKED:
      return { channel: r.channel(), limit: r.u32() };
    case STORED: {
      const channel = r.channel();
      return { channel, ids: Array.from({ length: r.count(maxNamed) }, () => r.u32()) };
    }
    case PATH_CHALLENGE:
    case PATH_RESPONSE:
      return { token: String(readProof(r, type)) };
    case PATH_STATUS: {
      const s = new PathStatus();
      readPathStatus(r, s);
      return { path: s.path, serial: String(s.serial), state: s.state, weight: s.weight };
    }
    case HOLD:
      return { serial: String(exactOf(r)), milliseconds: readHoldTime(r) };
    case CLOSE:
      return close(r);
    case DRAINING:
      return { state: readDraining(r) };
    case REPAIR:
    case REBUILT:
      return sum(r, type);
  }
  return {};
}

function sum(r: Reader, type: number): Fields {
  const s = new Repair();
  if (type === REBUILT) {
    readRebuilt(r, s);
    return { channel: s.channel, newest: s.newest, mask: s.mask };
  }
  readRepair(r, s);
  const bytes = hexOf(r.take(s.length));
  const { channel, newest, row, mask } = s;
  return { channel, newest, row, mask, to_end: s.toEnd, bytes };
}

/** Of a HELLO that speaks no version of ours only these are read. */
function helloOrVersions(body: Uint8Array): Fields {
  try {
    return hello(readHello(body));
  } catch (err) {
    if (!(err instanceof WireError) || err.code !== Code.version) throw err;
    return { min_version: body[0], max_version: body[1] };
  }
}

function hello(h: Hello): Fields {
  const { limits, channelLimits } = readItems(h);
  let schemas: Version[] = [];
  for (const [kind, item] of h.items) {
    if (kind === SCHEMAS) schemas = readSchemas(new Reader(item)); // the last counts
  }
  const { packets, bytes, messages } = limits;
  return {
    min_version: h.minVersion,
    max_version: h.maxVersion,
    digest: String(h.digest),
    instance: String(h.instance),
    capabilities: String(h.capabilities),
    clock: String(h.clock),
    largest_datagram: h.largestDatagram,
    ack_hold_ms: h.ackHold,
    silence_s: h.silence,
    default_window: h.defaultWindow,
    windows: h.windows,
    ...(packets || bytes || messages ? { limits } : {}),
    ...(channelLimits.length > 0 ? { channel_limits: channelLimits } : {}),
    ...(schemas.length > 0 ? { schemas } : {}),
  };
}

function close(r: Reader): Fields {
  const c = readClose(r);
  const rows: Row[] = [];
  const versions: Version[] = [];
  const forms: Form[] = [];
  for (const row = new Reader(c.rows); row.left > 0; ) {
    const channel = row.u16();
    const second = row.u8();
    const flags = row.u8();
    if (flags === 1) {
      const hashes = [row.u16(), row.u16(), row.u16(), row.u16()];
      forms.push({ channel, part: second, hashes });
    } else if (flags === 2) {
      versions.push({ version: channel, digest: row.u32() });
      row.u32();
    } else {
      const largest_message = row.u32();
      rows.push({ channel, delivery: second, largest_message, name_hash: row.u32() });
    }
  }
  return {
    code: c.code,
    text: new TextDecoder().decode(c.text),
    rows,
    ...(versions.length > 0 ? { versions } : {}),
    ...(forms.length > 0 ? { forms } : {}),
  };
}

/** The fields of a message of channel 0. */
export function readFields(m: ControlMessage): Fields {
  switch (m.kind) {
    case 0:
      return { body: hexOf(m.body) };
    case 1: {
      const opaque = hexOf(m.ticket.subarray(12));
      return { expires: String(m.expires), lifetime: m.lifetime, opaque };
    }
    case 2:
      return { tokens: m.tokens.map((t) => hexOf(t.subarray(0, 8))) };
    case 3:
      return { addresses: m.addresses.map((a) => ({ ip: hexOf(a.ip), port: a.port })) };
  }
}

/** Whether this end says such a thing at all: it limits nobody, and an ACK of its is of its own path. */
export function says(frame: string, fields: Fields): boolean {
  const never = { HELLO: ["limits", "channel_limits"], ACK: ["path", "ecn"] }[frame] ?? [];
  return !never.some((name) => name in fields);
}

/** Appends a frame of such fields. */
export function appendFields(w: Writer, frame: string, fields: Fields): void {
  const f = fields as never;
  switch (frame) {
    case "RUN":
      return appendRunFields(w, f);
    case "FRAGMENT":
      return appendFragmentFields(w, f);
    case "ACK":
      return appendAckFields(w, f);
    case "HELLO":
      w.u8(HELLO);
      return w.block(helloBody(helloOf(f)));
    case "CLOSE":
      return appendCloseFields(w, f);
  }
  appendOther(w, typeOf.get(frame)!, f);
}

function appendOther(w: Writer, type: number, f: Record<string, never>): void {
  switch (type) {
    case SKIP:
      appendHead(w, type, f["channel"]!);
      w.u32(f["first"]!);
      w.v((f["lengths"]! as number[]).length);
      return (f["lengths"]! as number[]).forEach((n) => w.v(n));
    case WINDOW:
    case BLOCKED:
      return appendLimit(w, type, f["channel"]!, f["limit"]!);
    case STORED:
      appendHead(w, type, f["channel"]!);
      w.v((f["ids"]! as number[]).length);
      return (f["ids"]! as number[]).forEach((n) => w.u32(n));
    case PATH_CHALLENGE:
    case PATH_RESPONSE:
      return appendProof(w, type, BigInt(f["token"]!));
    case PATH_STATUS:
      return appendPathStatus(w, { ...(f as never as PathStatus), serial: keyOf(f["serial"]!) });
    case HOLD:
      return appendHold(w, keyOf(f["serial"]!), f["milliseconds"]!);
    case REPAIR: {
      const bytes = bytesOf(f["bytes"]!);
      appendRepair(w, { ...(f as never as Repair), length: bytes.length, toEnd: f["to_end"]! });
      return w.raw(bytes);
    }
    case REBUILT:
      return appendRebuilt(w, f["channel"]!, f["newest"]!, f["mask"]!);
  }
  w.u8(type);
  if (type === PADDING) w.raw(new Uint8Array(f["zeros"]!));
  if (type === DRAINING) w.u8(f["state"]!);
}

function appendRunFields(
  w: Writer,
  f: OptionRun & { messages: string[]; keys?: string[] },
): void {
  const run = Object.assign(new OptionRun(), {
    channel: f.channel,
    first: f.first ?? -1,
    wide: f.wide,
    options: f.options ?? 0,
    back: f.back ?? 0,
    index: f.index ?? 0,
    count: f.messages.length,
  });
  appendOptionRun(w, run);
  f.messages.forEach((m, i) => {
    if (f.keys) w.v(keyOf(f.keys[i]!));
    w.block(bytesOf(m));
  });
}

function keyOf(text: string): Key {
  const big = BigInt(text);
  return big < 2n ** 53n ? Number(big) : big;
}

function appendFragmentFields(
  w: Writer,
  f: Omit<Fragment, "key"> & { bytes: string; to_end: boolean; key?: string },
): void {
  const bytes = bytesOf(f.bytes);
  appendFragment(w, {
    ...f,
    total: f.total ?? 0,
    options: f.options ?? 0,
    key: keyOf(f.key ?? "0"),
    length: f.to_end ? -1 : bytes.length,
  });
  w.raw(bytes);
}

function appendAckFields(
  w: Writer,
  f: {
    path?: number;
    largest: number;
    wide: boolean;
    hold_us: number;
    clock?: number;
    ranges: number[][];
  },
): void {
  appendAck(w, {
    path: f.path ?? -1,
    largest: f.largest,
    wide: f.wide,
    hold: f.hold_us,
    clock: f.clock ?? -1,
    ranges: f.ranges.flat(),
    n: f.ranges.length,
  });
}

function helloOf(f: Record<string, never>): Parameters<typeof helloBody>[0] {
  return {
    minVersion: f["min_version"]!,
    maxVersion: f["max_version"]!,
    digest: BigInt(f["digest"]!),
    instance: BigInt(f["instance"]!),
    capabilities: Number(f["capabilities"]),
    clock: BigInt(f["clock"]!),
    largestDatagram: f["largest_datagram"]!,
    ackHold: f["ack_hold_ms"]!,
    silence: f["silence_s"]!,
    defaultWindow: f["default_window"]!,
    windows: f["windows"]!,
    items: f["schemas"] ? [[SCHEMAS, schemasItem(f["schemas"])]] : [],
  };
}

function appendCloseFields(
  w: Writer,
  f: { code: number; text: string; rows: Row[]; versions?: Version[]; forms?: Form[] },
): void {
  const rows = new Writer(new Uint8Array(4096));
  for (const r of f.rows) {
    rows.u16(r.channel);
    rows.u16(r.delivery);
    rows.u32(r.largest_message);
    rows.u32(r.name_hash);
  }
  for (const v of f.versions ?? []) {
    rows.u16(v.version);
    rows.u16(0x200);
    rows.u32(v.digest);
    rows.u32(0);
  }
  for (const o of f.forms ?? []) {
    rows.u16(o.channel);
    rows.u16(0x100 | o.part);
    for (const h of o.hashes) rows.u16(h);
  }
  appendClose(w, { code: f.code, text: new TextEncoder().encode(f.text), rows: rows.written() });
}

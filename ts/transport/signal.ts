/** A Hello says what a server has beside its WebSocket. */
export interface Hello {
  webtransport?: { host?: string; port: number; path: string; hashes?: string[] };
  webrtc?: boolean;
}

/** A Signal is what the two sides say to each other beside datagrams: an object with one member (SPEC.md, 12.2). */
export interface Signal {
  hello?: Hello;
  want?: { transport: string };
  refused?: { transport: string; reason: string };
  offer?: { id: number; sdp: string };
  answer?: { id: number; sdp: string };
  candidate?: { id: number; candidate: string; mid: string };
}

type Body = Record<string, unknown>;

/** The members that a client reads, and their types; those that begin with a question mark may be missing. */
const shapes: Record<string, Record<string, string>> = {
  hello: { webtransport: "?object", webrtc: "?boolean" },
  webtransport: { host: "?string", port: "number", path: "string", hashes: "?object" },
  refused: { reason: "string" },
  offer: { id: "number", sdp: "string" },
  candidate: { id: "number", candidate: "string", mid: "string" },
};

const base64 = /^([A-Za-z\d+/]{4})*([A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;

const isBase64 = (v: unknown) => typeof v === "string" && base64.test(v);

function fits(body: Body, kind: string): boolean {
  const shape = Object.hasOwn(shapes, kind) && shapes[kind]; // any object has a constructor
  if (!shape || typeof body !== "object" || body === null || Array.isArray(body)) return false;
  return Object.entries(shape).every(([name, type]) => {
    const v = body[name];
    if (v === undefined) return type[0] === "?";
    if (type.endsWith("number")) return Number.isSafeInteger(v) && (v as number) >= 0;
    if (name === "hashes") return Array.isArray(v) && v.every(isBase64);
    return type.endsWith("object") ? fits(v as Body, name) : typeof v === type.replace("?", "");
  });
}

/** Reads what a server says; undefined if it says nothing that a client knows, or breaks its form. */
export function readSignal(text: string): Signal | undefined {
  try {
    const signal = JSON.parse(text) as Body;
    const [kind, ...more] = Object.keys(signal);
    return kind && more.length === 0 && fits(signal[kind] as Body, kind) ? signal : undefined;
  } catch {
    return undefined;
  }
}

import { Code, type Kind, type Reason } from "@tickwire/client";

/** What transports are called. */
export const kindNames: Record<Kind, string> = {
  udp: "UDP",
  websocket: "WebSocket",
  webrtc: "WebRTC",
  webtransport: "WebTransport",
};

/** What a code means for a person. */
const meanings: Record<number, string> = {
  [Code.none]: "The game was left.",
  [Code.version]: "The page and the server speak different versions. Load the page again.",
  [Code.mismatch]: "The page and the server are of different releases. Load the page again.",
  [Code.full]: "The arena is full.",
  [Code.banned]: "You are not welcome here.",
  [Code.expired]: "Your ticket was too old. A new one is there at once.",
  [Code.tooEarly]: "Your ticket is not good yet: a clock is wrong.",
  [Code.wrongAddress]: "Your ticket is for another server.",
  [Code.replaced]: "You play in another window now.",
  [Code.goingAway]: "The server is going away.",
  [Code.tooFast]: "You came too often. Wait a moment.",
  [Code.refused]: "The server refused you.",
  [Code.used]: "Your ticket was used already. A new one is there at once.",
  [Code.timeout]: "The server was silent for too long.",
  [Code.forgotten]: "The server was started again, and does not know you any more.",
  [Code.unreachable]: "The server cannot be reached.",
};

/** Why it is over, in words for a person, and in those of the library. */
export function explain(reason: Reason): { headline: string; detail: string } {
  const meaning = meanings[reason.code] ?? "The connection ended.";
  const wait = reason.retryAfter > 0 ? ` Try again in ${Math.ceil(reason.retryAfter)} seconds.` : "";
  return { headline: meaning + wait, detail: String(reason) };
}

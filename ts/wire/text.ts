/** What ends lines, controls a terminal, or turns the direction of what follows. */
const unwanted = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * The text of a peer as it may be shown: a question mark stands for what a person should not be shown,
 * and for each byte that is no part of a character.
 */
export function cleanText(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return text.replaceAll("\ufffd", "?").replace(unwanted, "?");
}

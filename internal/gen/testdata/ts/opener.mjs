// Opens compressed messages, a line of hex each, behind a line with a dictionary: those that begin with
// "with" need it. Answers with the SHA-256 of what each opens to, or with "refused" and the reason.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Dictionary, open, OpenError } from "@tickwire/client/compress";

const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const [file, ...lines] = readFileSync(0, "utf8").trim().split("\n");
const dictionary = Dictionary.parse(bytesOf(file));

for (const line of lines) {
  const [how, hex] = line.split(" ");
  try {
    const opened = open(bytesOf(hex), 1 << 20, how === "with" ? dictionary : undefined);
    console.log(createHash("sha256").update(opened).digest("hex"));
  } catch (err) {
    if (!(err instanceof OpenError)) throw err;
    console.log(`refused ${err.reason}`);
  }
}

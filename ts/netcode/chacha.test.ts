import assert from "node:assert/strict";
import { test } from "node:test";
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { randomOf } from "../testdata/handshake.js";
import { join } from "./bytes.js";
import { ChaCha, openX, sealX } from "./chacha.js";
import { addToTag, beginTag, writeTag } from "./poly1305.js";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));

test("the example of RFC 8439, 2.8.2", () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i);
  const nonce = hex("07000000 4041424344454647");
  const header = hex("50515253c0c1c2c3c4c5c6c7");
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
  const packet = join(header, new TextEncoder().encode(text), new Uint8Array(16));
  new ChaCha(key).seal(nonce, packet, 12, packet.length - 16);
  const sealed = hex(`d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6
    3dbea45e8ca9671282fafb69da92728b 1a71de0a9e060b2905d6a5b67ecd3b36
    92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc
    3ff4def08e4b7a9de576d26586cec64b 6116 1ae10b594f09e26a7e902ecbd0600691`);
  assert.deepEqual(packet.slice(12), sealed);
  const opened = new ChaCha(key).open(nonce, packet, 12)!;
  assert.equal(new TextDecoder().decode(opened), text);
});

const ones = "ff".repeat(16);
const zeros = "00".repeat(16);

// RFC 8439, A.3: r, what is added, the text, and the tag. What no random text comes to.
for (const [r, added, text, tag] of [
  ["02" + "00".repeat(15), zeros, ones, "03" + "00".repeat(15)],
  ["02" + "00".repeat(15), ones, "02" + "00".repeat(15), "03" + "00".repeat(15)],
  ["01" + "00".repeat(15), zeros, ones + "f0" + "ff".repeat(15) + "11" + "00".repeat(15), "05" + "00".repeat(15)],
  ["01" + "00".repeat(15), zeros, ones + "fb" + "fe".repeat(15) + "01".repeat(16), zeros],
  ["02" + "00".repeat(15), zeros, "fd" + "ff".repeat(15), "fa" + "ff".repeat(15)],
] as const)
  test(`Poly1305 carries as it should: ${text.slice(0, 4)}…`, () => {
    const b = hex(text);
    beginTag(hex(r + added));
    addToTag(b, 0, b.length);
    const got = new Uint8Array(16);
    writeTag(got, 0);
    assert.deepEqual(got, hex(tag));
  });

test("it seals and opens as another implementation, whatever the length", () => {
  const random = randomOf(39);
  for (let n = 0; n < 700; n++) {
    const [key, nonce, long] = [random(32), random(12), random(24)];
    const data = random(n % 37);
    const plain = random(n * 2 + (n & 1));
    const packet = join(data, plain, new Uint8Array(16));
    const mine = new ChaCha(key);
    mine.seal(nonce, packet, data.length, packet.length - 16);
    assert.deepEqual(
      packet.subarray(data.length),
      chacha20poly1305(key, nonce, data).encrypt(plain),
    );
    const forged = packet.slice();
    forged[(n * 7) % forged.length]! ^= 1 << (n & 7);
    const untouched = forged.slice();
    assert.equal(mine.open(nonce, forged, data.length), undefined);
    assert.deepEqual(forged, untouched, "what is not authentic is left as it came");
    assert.deepEqual(mine.open(nonce, packet, data.length), plain);
    const sealed = sealX(key, long, data, plain);
    assert.deepEqual(sealed, xchacha20poly1305(key, long, data).encrypt(plain));
    assert.deepEqual(openX(key, long, data, sealed), plain);
    assert.equal(openX(key, long, data, sealed.subarray(0, n % 16)), undefined);
  }
});

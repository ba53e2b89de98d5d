// The bytes of netcode 1.02: tokens and packets, written from the standard
// alone so that it can judge another implementation. Plain on purpose: nothing
// here is fast, and nothing here is shared with what it tests.

import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';

export const REQUEST = 0;
export const DENIED = 1;
export const CHALLENGE = 2;
export const RESPONSE = 3;
export const KEEP_ALIVE = 4;
export const PAYLOAD = 5;
export const DISCONNECT = 6;

export const VERSION = Buffer.from('NETCODE 1.02\0', 'latin1');

export const u32 = (v) => {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(v >>> 0);
  return b;
};
export const u64 = (v) => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64LE(BigInt.asUintN(64, BigInt(v)));
  return b;
};
const padTo = (b, n) => Buffer.concat([b, Buffer.alloc(n - b.length)]);

// Four zero bytes, then the sequence as 64 bits.
const nonceOf = (sequence) => Buffer.concat([Buffer.alloc(4), u64(sequence)]);

const seal = (cipher, key, nonce, ad, plain) => Buffer.from(cipher(key, nonce, ad).encrypt(plain));

// null if the tag does not match.
const open = (cipher, key, nonce, ad, sealed) => {
  try {
    return Buffer.from(cipher(key, nonce, ad).decrypt(sealed));
  } catch {
    return null;
  }
};

// addresses -----------------------------------------------------------------

// parseAddress reads "1.2.3.4:5" and "[a:b:c:d:e:f:g:h]:5" (all eight groups).
export function parseAddress(text) {
  if (text.startsWith('[')) {
    const [host, port] = text.slice(1).split(']:');
    return { type: 2, groups: host.split(':').map((g) => parseInt(g, 16)), port: Number(port) };
  }
  const [host, port] = text.split(':');
  return { type: 1, bytes: host.split('.').map(Number), port: Number(port) };
}

function writeAddresses(list) {
  const parts = [u32(list.length)];
  for (const text of list) {
    const a = parseAddress(text);
    const b = Buffer.alloc(a.type === 1 ? 7 : 19);
    b.writeUInt8(a.type, 0);
    if (a.type === 1) {
      a.bytes.forEach((v, i) => b.writeUInt8(v, 1 + i));
    } else {
      a.groups.forEach((v, i) => b.writeUInt16LE(v, 1 + 2 * i));
    }
    b.writeUInt16LE(a.port, b.length - 2);
    parts.push(b);
  }
  return Buffer.concat(parts);
}

// readAddresses returns null for anything the standard calls invalid.
function readAddresses(b, at) {
  const n = b.readUInt32LE(at);
  at += 4;
  if (n < 1 || n > 32) return null;
  const list = [];
  for (let i = 0; i < n; i++) {
    const type = b.readUInt8(at);
    at += 1;
    if (type === 1) {
      list.push(`${[...b.subarray(at, at + 4)].join('.')}:${b.readUInt16LE(at + 4)}`);
      at += 6;
    } else if (type === 2) {
      const groups = [];
      for (let g = 0; g < 8; g++) groups.push(b.readUInt16LE(at + 2 * g).toString(16));
      list.push(`[${groups.join(':')}]:${b.readUInt16LE(at + 16)}`);
      at += 18;
    } else {
      return null;
    }
  }
  return { list, at };
}

// connect tokens --------------------------------------------------------------

const tokenAD = (protocolId, expires) => Buffer.concat([VERSION, u64(protocolId), u64(expires)]);

export function writePrivateToken(t) {
  const plain = Buffer.concat([
    u64(t.clientId), u32(t.timeout), writeAddresses(t.addresses), t.clientToServer, t.serverToClient, padTo(t.userData, 256),
  ]);
  return padTo(plain, 1024 - 16);
}

export function readPrivateToken(b) {
  const t = { clientId: b.readBigUInt64LE(0), timeout: b.readInt32LE(8) };
  const addresses = readAddresses(b, 12);
  if (!addresses) return null;
  const { list, at } = addresses;
  t.addresses = list;
  t.clientToServer = b.subarray(at, at + 32);
  t.serverToClient = b.subarray(at + 32, at + 64);
  t.userData = b.subarray(at + 64, at + 320);
  return t;
}

export function sealPrivateToken(plain, protocolId, expires, nonce, privateKey) {
  return seal(xchacha20poly1305, privateKey, nonce, tokenAD(protocolId, expires), plain);
}

export function openPrivateToken(sealed, protocolId, expires, nonce, privateKey) {
  const plain = open(xchacha20poly1305, privateKey, nonce, tokenAD(protocolId, expires), sealed);
  return plain && readPrivateToken(plain);
}

// writeToken makes the 2048 bytes that a backend hands to a client.
export function writeToken(t) {
  const sealed = sealPrivateToken(writePrivateToken(t), t.protocolId, t.expires, t.nonce, t.privateKey);
  return padTo(Buffer.concat([
    VERSION, u64(t.protocolId), u64(t.created), u64(t.expires), t.nonce, sealed,
    u32(t.timeout), writeAddresses(t.addresses), t.clientToServer, t.serverToClient,
  ]), 2048);
}

// readToken returns null for a token that a client must call invalid.
export function readToken(b) {
  if (b.length !== 2048 || !b.subarray(0, 13).equals(VERSION)) return null;
  const t = {
    protocolId: b.readBigUInt64LE(13), created: b.readBigUInt64LE(21), expires: b.readBigUInt64LE(29),
    nonce: b.subarray(37, 61), sealed: b.subarray(61, 1085), timeout: b.readInt32LE(1085),
  };
  if (t.created > t.expires) return null;
  const addresses = readAddresses(b, 1089);
  if (!addresses) return null;
  const { list, at } = addresses;
  t.addresses = list;
  t.clientToServer = b.subarray(at, at + 32);
  t.serverToClient = b.subarray(at + 32, at + 64);
  return t;
}

// challenge tokens ----------------------------------------------------------

export function sealChallenge(clientId, userData, sequence, key) {
  const plain = padTo(Buffer.concat([u64(clientId), userData]), 300 - 16);
  return seal(chacha20poly1305, key, nonceOf(sequence), undefined, plain);
}

export function openChallenge(sealed, sequence, key) {
  const plain = open(chacha20poly1305, key, nonceOf(sequence), undefined, sealed);
  return plain && { clientId: plain.readBigUInt64LE(0), userData: plain.subarray(8, 264) };
}

// packets ---------------------------------------------------------------------

export function writeRequest(t) {
  return Buffer.concat([Buffer.from([0]), VERSION, u64(t.protocolId), u64(t.expires), t.nonce, t.sealed]);
}

// readRequest checks size, version and protocol id, in this order.
export function readRequest(b, protocolId) {
  if (b.length !== 1078 || !b.subarray(1, 14).equals(VERSION) || b.readBigUInt64LE(14) !== protocolId) return null;
  return { expires: b.readBigUInt64LE(22), nonce: b.subarray(30, 54), sealed: b.subarray(54) };
}

const packetAD = (protocolId, prefix) => Buffer.concat([VERSION, u64(protocolId), Buffer.from([prefix])]);

export function writePacket(type, sequence, body, key, protocolId) {
  let n = 1;
  while (n < 8 && BigInt(sequence) >> BigInt(8 * n) !== 0n) n++;
  const prefix = (n << 4) | type;
  const sealed = seal(chacha20poly1305, key, nonceOf(sequence), packetAD(protocolId, prefix), body);
  return Buffer.concat([Buffer.from([prefix]), u64(sequence).subarray(0, n), sealed]);
}

const bodySizes = {
  [DENIED]: [0, 0], [CHALLENGE]: [308, 308], [RESPONSE]: [308, 308],
  [KEEP_ALIVE]: [8, 8], [PAYLOAD]: [1, 1200], [DISCONNECT]: [0, 0],
};

// readPacket makes the checks of "Reading Encrypted Packets" in their order.
// Ignored is the list of types that this role ignores.
export function readPacket(b, ignored, key, protocolId, replay) {
  if (b.length < 18) return null;
  const type = b[0] & 15;
  if (type >= 7 || ignored.includes(type)) return null;
  const n = b[0] >> 4;
  if (n < 1 || n > 8 || b.length < 1 + n + 16) return null;
  const sequence = padTo(b.subarray(1, 1 + n), 8).readBigUInt64LE(0);
  const guarded = type >= KEEP_ALIVE;
  if (guarded && replay.seen(sequence)) return null;
  const body = open(chacha20poly1305, key, nonceOf(sequence), packetAD(protocolId, b[0]), b.subarray(1 + n));
  if (!body) return null;
  if (guarded) replay.mark(sequence);
  const [least, most] = bodySizes[type];
  if (body.length < least || body.length > most) return null;
  return { type, sequence, body };
}

// A Replay window of 256 sequences.
export class Replay {
  constructor() {
    this.newest = -1n;
    this.marked = new Map(); // sequence mod 256 -> sequence
  }

  seen(sequence) {
    if (this.newest >= 256n && sequence <= this.newest - 256n) return true;
    return this.marked.get(sequence % 256n) === sequence;
  }

  mark(sequence) {
    this.marked.set(sequence % 256n, sequence);
    if (sequence > this.newest) this.newest = sequence;
  }
}

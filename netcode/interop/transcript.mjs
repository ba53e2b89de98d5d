// Writes the golden transcripts that other implementations are judged by:
//
//   node transcript.mjs > ../../testdata/vectors/netcode-standard.json
//
// All inputs are fixed, so the output never changes.

import * as nc from './netcode.mjs';

// count gives n bytes that nobody could take for another field's.
const count = (n, from) => Buffer.from(Array.from({ length: n }, (_, i) => (from + 7 * i) & 255));
const hex = (b) => Buffer.from(b).toString('hex');

const protocolId = 0x1122334455667788n;
const privateKey = count(32, 1);
const clientToServer = count(32, 2);
const serverToClient = count(32, 3);
const challengeKey = count(32, 4);
const created = 1700000000n;

const manyAddresses = Array.from({ length: 32 }, (_, i) => `[2001:db8:0:0:0:0:0:${(i + 1).toString(16)}]:${40000 + i}`);

const tokens = [
  { name: 'one IPv4 address', clientId: 1n, timeout: 15, lifetime: 45n, addresses: ['127.0.0.1:40000'], userData: count(256, 5) },
  { name: 'one IPv6 address, short user data', clientId: 0xfffffffffffffffen, timeout: 5, lifetime: 30n, addresses: ['[2001:db8:1:2:3:4:5:6]:65535'], userData: Buffer.from('hello') },
  { name: 'both kinds, no timeout', clientId: 42n, timeout: -1, lifetime: 45n, addresses: ['10.0.0.1:1', '[fd00:0:0:0:0:0:0:1]:2'], userData: Buffer.alloc(0) },
  { name: 'worst case of 32 addresses', clientId: 7n, timeout: 0, lifetime: 3600n, addresses: manyAddresses, userData: count(256, 6) },
].map((t, i) => {
  const token = { ...t, protocolId, privateKey, created, expires: created + t.lifetime, nonce: count(24, 10 + i), clientToServer, serverToClient };
  const bytes = nc.writeToken(token);
  return {
    name: t.name, clientId: String(t.clientId), timeout: t.timeout, created: String(created), expires: String(token.expires),
    addresses: t.addresses, userData: hex(t.userData), nonce: hex(token.nonce),
    private: hex(nc.writePrivateToken(token)), token: hex(bytes), request: hex(nc.writeRequest(nc.readToken(bytes))),
  };
});

const challenges = [0n, 1n, 0xabcdef0123456789n].map((sequence, i) => ({
  clientId: String(100 + i), userData: hex(count(256, 20 + i)), sequence: String(sequence),
  token: hex(nc.sealChallenge(100 + i, count(256, 20 + i), sequence, challengeKey)),
}));

const challengeBody = Buffer.concat([nc.u64(1n), Buffer.from(challenges[1].token, 'hex')]);
const packets = [
  ['denied', nc.DENIED, 1n << 63n, Buffer.alloc(0)],
  ['challenge', nc.CHALLENGE, (1n << 63n) + 1n, challengeBody],
  ['response', nc.RESPONSE, 0n, challengeBody],
  ['keep-alive', nc.KEEP_ALIVE, 1n, Buffer.concat([nc.u32(3), nc.u32(64)])],
  ['keep-alive, sequence of two bytes', nc.KEEP_ALIVE, 1000n, Buffer.alloc(8)],
  ['payload of one byte', nc.PAYLOAD, 255n, count(1, 30)],
  ['payload, sequence just above one byte', nc.PAYLOAD, 256n, count(100, 31)],
  ['payload of 1200 bytes', nc.PAYLOAD, 0xffffffn, count(1200, 32)],
  ['payload, five bytes of sequence', nc.PAYLOAD, 0x123456789an, count(20, 33)],
  ['payload, the last sequence', nc.PAYLOAD, 0xffffffffffffffffn, count(20, 34)],
  ['disconnect', nc.DISCONNECT, 77n, Buffer.alloc(0)],
].map(([name, type, sequence, body]) => {
  const toServer = type === nc.RESPONSE;
  const key = toServer ? clientToServer : serverToClient;
  return {
    name, type, sequence: String(sequence), key: hex(key), body: hex(body),
    packet: hex(nc.writePacket(type, sequence, body, key, protocolId)),
  };
});

process.stdout.write(`${JSON.stringify({
  about: 'Tokens and packets of netcode 1.02, made by netcode/interop/transcript.mjs, an implementation of its own.',
  protocolId: String(protocolId), privateKey: hex(privateKey), clientToServer: hex(clientToServer),
  serverToClient: hex(serverToClient), challengeKey: hex(challengeKey), tokens, challenges, packets,
}, null, 2)}\n`);

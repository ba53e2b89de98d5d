// A login server in Node: POST with name and password (HTTP Basic) gets a connect token.
// Its bytes are described in SPEC.md, section 2; all that game servers share is the key.
//
//   npm ci && KEY=<64 hex digits> PROTOCOL=7 SERVER=127.0.0.1:7777 node server.mjs
import http from 'node:http';
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';

const { KEY = '', PROTOCOL = '', SERVER = '', PORT = '8080' } = process.env;
if (!/^[\da-f]{64}$/i.test(KEY) || !/^\d+$/.test(PROTOCOL) || !/^(\d+\.){3}\d+:\d+$/.test(SERVER)) {
  console.error('give KEY (64 hex digits), PROTOCOL (a number) and SERVER (an IPv4 address and port)');
  process.exit(2);
}
const [host, port] = SERVER.split(':');
const u = (bits, v) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(v)); return b.subarray(0, bits / 8); };
const fill = (b, n) => Buffer.concat([b], n); // with zeros, to n bytes
const version = Buffer.from('NETCODE 1.02\0'), pad = fill(Buffer.from('TWPD\x01\0'), 64);

function mint(clientId, userData) {
  const now = Math.floor(Date.now() / 1000), expires = now + 45, nonce = randomBytes(24);
  // What client and server both read: timeout 10 s, one IPv4 address, a key for each direction.
  const both = Buffer.concat([u(32, 10), u(32, 1), Buffer.from([1, ...host.split('.')]), u(16, port), randomBytes(64)]);
  const secret = Buffer.concat([fill(Buffer.concat([u(64, clientId), both, fill(Buffer.from(userData), 256)]), 944), pad]);
  const ad = Buffer.concat([version, u(64, PROTOCOL), u(64, expires)]);
  const sealed = xchacha20poly1305(Buffer.from(KEY, 'hex'), nonce, ad).encrypt(secret);
  return Buffer.concat([fill(Buffer.concat([version, u(64, PROTOCOL), u(64, now), u(64, expires), nonce, sealed, both]), 1984), pad]);
}

const hash = (password, salt) => promisify(scrypt)(password, salt, 32);
const accounts = { ada: { id: 42, data: 'level 3', salt: 'a1', hash: await hash('lovelace', 'a1') } }; // your database

http.createServer(async (req, res) => {
  const basic = Buffer.from(req.headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
  const [, name, password] = /^([^:]*):(.*)$/s.exec(basic) ?? ['', '', ''];
  const a = Object.hasOwn(accounts, name) ? accounts[name] : { salt: '', hash: Buffer.alloc(32) };
  const ok = timingSafeEqual(await hash(password, a.salt), a.hash) && req.method === 'POST';
  res.writeHead(ok ? 200 : 401, { 'Content-Type': ok ? 'application/octet-stream' : 'text/plain', 'Cache-Control': 'no-store' });
  res.end(ok ? mint(a.id, a.data) : 'log in with POST and HTTP Basic\n');
}).listen(Number(PORT), '127.0.0.1', function () { console.log(`http://127.0.0.1:${this.address().port}`); });

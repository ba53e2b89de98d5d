// A login server: POST with name and password (HTTP Basic) gets a connect token (SPEC.md, section 2).
//   npm ci && KEY=<64 hex digits, as the game servers have> PROTOCOL=7 SERVER=127.0.0.1:7777 node server.mjs
import http from 'node:http';
import { promisify } from 'node:util';
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';

const { KEY, PROTOCOL, SERVER, PORT = 8080 } = process.env;
if (!/^[\da-f]{64}$/i.test(KEY) || !/^\d+$/.test(PROTOCOL) || !/^(\d+\.){3}\d+:\d+$/.test(SERVER))
  { console.error('give KEY (64 hex digits), PROTOCOL (a number) and SERVER (an IPv4 address and port)'); process.exit(1); }
const u = (bytes, v) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(v)); return b.subarray(0, bytes); };
const join = (n, ...parts) => Buffer.concat(parts.map((p) => Buffer.from(p)), n); // filled with zeros to n bytes

function mint(clientId, userData) {
  const now = Math.floor(Date.now() / 1000), [host, port] = SERVER.split(':'), nonce = randomBytes(24);
  const ad = join(29, 'NETCODE 1.02\0', u(8, PROTOCOL), u(8, now + 45)), pad = join(64, 'TWPD\x01\0');
  // What client and server both read: a timeout of 10 s, one IPv4 address, a key for each direction.
  const both = join(79, u(4, 10), u(4, 1), [1, ...host.split('.')], u(2, port), randomBytes(64));
  const secret = join(1008, join(944, u(8, clientId), both, join(256, userData)), pad);
  const sealed = xchacha20poly1305(Buffer.from(KEY, 'hex'), nonce, ad).encrypt(secret);
  return join(2048, join(1984, ad.subarray(0, 21), u(8, now), ad.subarray(21), nonce, sealed, both), pad);
}
const hash = promisify(scrypt), accounts = new Map(); // your database
accounts.set('ada', { id: 42, data: 'level 3', salt: 'a1', hash: await hash('lovelace', 'a1', 32) });
http.createServer(async (req, res) => {
  const [name, ...password] = Buffer.from(req.headers.authorization?.split(' ')[1] ?? '', 'base64').toString().split(':');
  const a = accounts.get(name) ?? { salt: '', hash: Buffer.alloc(32) }; // who has no account waits as long
  const ok = timingSafeEqual(await hash(password.join(':'), a.salt, 32), a.hash) && req.method === 'POST';
  res.writeHead(ok ? 200 : 401, { 'Cache-Control': 'no-store' }).end(ok ? mint(a.id, a.data) : 'log in with POST and HTTP Basic\n');
}).listen(PORT, '127.0.0.1', function () { console.log(`http://127.0.0.1:${this.address().port}`); });

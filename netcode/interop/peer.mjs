// Runs one plain client or server as a subprocess of a test.
//
//   node peer.mjs client '{"token":"<hex>"}'
//   node peer.mjs server '{"protocolId":"<decimal>","key":"<hex>","maxClients":4}'
//
// What happens comes out as one JSON object a line; commands go in the same
// way. It ends when its standard input does.

import readline from 'node:readline';
import { Client } from './client.mjs';
import { Server } from './server.mjs';

const report = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const config = JSON.parse(process.argv[3]);
const peer = process.argv[2] === 'server' ? new Server(config, report) : new Client(Buffer.from(config.token, 'hex'), report);

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => peer.command(JSON.parse(line)));
lines.on('close', () => peer.close());

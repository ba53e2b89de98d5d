// A plain netcode 1.02 server over UDP: the steps of the standard in their
// order, with the rules that later texts made mandatory (the global sequence
// starts at 2^63; a token is pending until a slot is assigned, then consumed).

import crypto from 'node:crypto';
import dgram from 'node:dgram';
import * as nc from './netcode.mjs';

const seconds = () => performance.now() / 1000;
const unix = () => BigInt(Math.floor(Date.now() / 1000));

export class Server {
  constructor({ protocolId, key, maxClients }, report) {
    this.report = report;
    this.protocolId = BigInt(protocolId);
    this.key = Buffer.from(key, 'hex');
    this.slots = new Array(maxClients).fill(null);
    this.mappings = new Map(); // address -> keys
    this.history = new Map(); // token mac -> {address, consumed, expires}
    this.challengeKey = crypto.randomBytes(32);
    this.challengeSequence = 0n;
    this.globalSequence = 1n << 63n;
    this.muted = false;
    this.socket = dgram.createSocket('udp4');
    this.socket.on('message', (b, from) => this.receive(b, `${from.address}:${from.port}`));
    this.socket.bind(0, '127.0.0.1', () => {
      this.address = `127.0.0.1:${this.socket.address().port}`;
      this.report({ event: 'listening', address: this.address });
      this.timer = setInterval(() => this.tick(), 20);
    });
  }

  send(b, to) {
    if (this.muted) return;
    const { bytes, port } = nc.parseAddress(to);
    this.socket.send(b, port, bytes.join('.'));
  }

  sendGlobal(type, body, key, to) {
    this.send(nc.writePacket(type, this.globalSequence++, body, key, this.protocolId), to);
  }

  sendTo(client, type, body) {
    client.sent = seconds();
    this.send(nc.writePacket(type, client.sequence++, body, client.serverToClient, this.protocolId), client.address);
  }

  keepAlive(client) {
    this.sendTo(client, nc.KEEP_ALIVE, Buffer.concat([nc.u32(client.index), nc.u32(this.slots.length)]));
  }

  at(address) {
    return this.slots.find((c) => c?.address === address);
  }

  connected(clientId) {
    return this.slots.some((c) => c?.clientId === clientId);
  }

  receive(b, from) {
    if (b.length > 0 && b[0] === 0) return this.request(b, from);
    const client = this.at(from);
    const keys = client ?? this.mappings.get(from);
    if (!keys) return;
    const replay = client ? client.replay : new nc.Replay();
    const p = nc.readPacket(b, [nc.REQUEST, nc.DENIED, nc.CHALLENGE], keys.clientToServer, this.protocolId, replay);
    if (!p) return;
    if (p.type === nc.RESPONSE) return this.response(p.body, from, keys);
    if (client) this.packet(client, p);
  }

  request(b, from) {
    const r = nc.readRequest(b, this.protocolId);
    if (!r || r.expires <= unix()) return;
    const mac = r.sealed.subarray(1008).toString('hex');
    const t = nc.openPrivateToken(r.sealed, this.protocolId, r.expires, r.nonce, this.key);
    if (!t || !t.addresses.includes(this.address)) return;
    if (this.at(from) || this.connected(t.clientId)) return;
    const seen = this.history.get(mac);
    if (seen && (seen.consumed || seen.address !== from)) return;
    if (!seen) this.history.set(mac, { address: from, consumed: false, expires: r.expires });
    if (!this.slots.includes(null)) return this.sendGlobal(nc.DENIED, Buffer.alloc(0), t.serverToClient, from);
    this.mappings.set(from, {
      clientToServer: t.clientToServer, serverToClient: t.serverToClient, timeout: t.timeout, mac, heard: seconds(),
    });
    const sequence = this.challengeSequence++;
    const token = nc.sealChallenge(t.clientId, t.userData, sequence, this.challengeKey);
    this.sendGlobal(nc.CHALLENGE, Buffer.concat([nc.u64(sequence), token]), t.serverToClient, from);
  }

  response(body, from, keys) {
    const c = nc.openChallenge(body.subarray(8), body.readBigUInt64LE(0), this.challengeKey);
    if (!c || this.at(from) || this.connected(c.clientId)) return;
    const index = this.slots.indexOf(null);
    if (index < 0) return this.sendGlobal(nc.DENIED, Buffer.alloc(0), keys.serverToClient, from);
    this.history.get(keys.mac).consumed = true;
    const client = {
      ...keys, index, address: from, clientId: c.clientId, sequence: 0n, replay: new nc.Replay(), heard: seconds(), confirmed: false,
    };
    this.slots[index] = client;
    this.mappings.delete(from);
    this.report({ event: 'connected', index, clientId: String(c.clientId), userData: c.userData.toString('hex') });
    this.keepAlive(client);
  }

  packet(client, p) {
    if (p.type === nc.DISCONNECT) return this.free(client, 'peer');
    client.heard = seconds();
    client.confirmed = true;
    if (p.type === nc.PAYLOAD) this.report({ event: 'payload', index: client.index, data: p.body.toString('hex') });
  }

  free(client, reason) {
    this.slots[client.index] = null;
    this.report({ event: 'disconnected', index: client.index, reason });
  }

  tick() {
    const now = seconds();
    for (const client of this.slots) {
      if (!client) continue;
      if (client.timeout > 0 && now - client.heard >= client.timeout) this.free(client, 'timeout');
      else if (now - client.sent >= 0.1) this.keepAlive(client);
    }
  }

  command(c) {
    const client = this.slots[c.index ?? 0];
    if (c.cmd === 'mute') this.muted = true;
    if (c.cmd === 'send' && client) {
      if (!client.confirmed) this.keepAlive(client);
      this.sendTo(client, nc.PAYLOAD, Buffer.from(c.data, 'hex'));
    }
    if (c.cmd === 'kick' && client) {
      for (let i = 0; i < 10; i++) this.sendTo(client, nc.DISCONNECT, Buffer.alloc(0));
      this.free(client, 'kicked');
    }
  }

  close() {
    clearInterval(this.timer);
    this.socket.close();
  }
}

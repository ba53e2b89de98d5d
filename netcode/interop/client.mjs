// A plain netcode 1.02 client over UDP: the state machine of the standard.

import dgram from 'node:dgram';
import * as nc from './netcode.mjs';

const TOKEN_EXPIRED = -6;
const INVALID_TOKEN = -5;
const TIMED_OUT = -4;
const RESPONSE_TIMED_OUT = -3;
const REQUEST_TIMED_OUT = -2;
const CONNECTION_DENIED = -1;
const DISCONNECTED = 0;
const REQUESTING = 1;
const RESPONDING = 2;
const CONNECTED = 3;

const seconds = () => performance.now() / 1000;

export class Client {
  constructor(tokenBytes, report) {
    this.report = report;
    this.state = DISCONNECTED;
    this.token = nc.readToken(tokenBytes);
    this.sequence = 0n;
    this.muted = false;
    if (!this.token) {
      this.enter(INVALID_TOKEN);
      return;
    }
    this.socket = dgram.createSocket('udp4');
    this.socket.on('message', (b, from) => this.receive(b, `${from.address}:${from.port}`));
    this.socket.bind(0, '127.0.0.1', () => {
      this.started = seconds();
      this.connect(0);
      this.timer = setInterval(() => this.tick(), 20);
    });
  }

  enter(state, more = {}) {
    this.state = state;
    this.report({ event: 'state', state, ...more });
  }

  connect(index) {
    this.address = index;
    this.heard = seconds();
    this.sent = 0;
    this.replay = new nc.Replay();
    this.enter(REQUESTING);
  }

  // fail goes on to the next address, or ends.
  fail(state) {
    if (this.address + 1 < this.token.addresses.length) this.connect(this.address + 1);
    else this.enter(state);
  }

  tick() {
    const now = seconds();
    const silent = this.token.timeout > 0 && now - this.heard >= this.token.timeout;
    if (this.state === REQUESTING || this.state === RESPONDING) {
      if (now - this.started >= Number(this.token.expires - this.token.created)) return this.enter(TOKEN_EXPIRED);
      if (silent) return this.fail(this.state === REQUESTING ? REQUEST_TIMED_OUT : RESPONSE_TIMED_OUT);
    } else if (this.state === CONNECTED && silent) {
      return this.enter(TIMED_OUT);
    }
    if (now - this.sent < 0.1) return;
    if (this.state === REQUESTING) this.send(nc.writeRequest(this.token));
    if (this.state === RESPONDING) this.sendPacket(nc.RESPONSE, this.challenge);
    if (this.state === CONNECTED) this.sendPacket(nc.KEEP_ALIVE, Buffer.alloc(8));
  }

  send(b) {
    this.sent = seconds();
    if (this.muted) return;
    const { bytes, port } = nc.parseAddress(this.token.addresses[this.address]);
    this.socket.send(b, port, bytes.join('.'));
  }

  sendPacket(type, body) {
    this.send(nc.writePacket(type, this.sequence++, body, this.token.clientToServer, this.token.protocolId));
  }

  receive(b, from) {
    if (this.state <= 0 || from !== this.token.addresses[this.address]) return;
    const p = nc.readPacket(b, [nc.REQUEST, nc.RESPONSE], this.token.serverToClient, this.token.protocolId, this.replay);
    if (!p) return;
    if (p.type === nc.DENIED && this.state < CONNECTED) {
      this.fail(CONNECTION_DENIED);
    } else if (p.type === nc.CHALLENGE && this.state === REQUESTING) {
      this.challenge = p.body;
      this.heard = seconds();
      this.sent = 0;
      this.enter(RESPONDING);
    } else if (p.type === nc.KEEP_ALIVE && this.state >= RESPONDING) {
      this.heard = seconds();
      if (this.state === RESPONDING) {
        this.enter(CONNECTED, { index: p.body.readUInt32LE(0), maxClients: p.body.readUInt32LE(4) });
      }
    } else if (p.type === nc.PAYLOAD && this.state === CONNECTED) {
      this.heard = seconds();
      this.report({ event: 'payload', data: p.body.toString('hex') });
    } else if (p.type === nc.DISCONNECT && this.state === CONNECTED) {
      this.enter(DISCONNECTED);
    }
  }

  command(c) {
    if (c.cmd === 'send') this.sendPacket(nc.PAYLOAD, Buffer.from(c.data, 'hex'));
    if (c.cmd === 'mute') this.muted = true;
    if (c.cmd === 'disconnect') {
      for (let i = 0; i < 10; i++) this.sendPacket(nc.DISCONNECT, Buffer.alloc(0));
      this.enter(DISCONNECTED);
    }
  }

  close() {
    clearInterval(this.timer);
    this.socket?.close();
  }
}

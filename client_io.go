package tickwire

import (
	"bytes"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// handle implements owner.
func (c *Client) handle(now int64, p *port, d *transport.Datagram) {
	from := source(d.Path)
	if c.cfg.WireIDBytes == 0 {
		for _, a := range c.attempts {
			if a.conn.port == p && a.guard.Server() == from {
				a.take(now, from, d.Bytes)
				return
			}
		}
		c.counts.Strangers++
		return
	}
	c.handleShared(now, p, from, d.Bytes)
}

// handleShared finds the connection by the id in the packet; the handshake
// packets of the standard have none, so that each attempt that waits for one gets a copy.
func (c *Client) handleShared(now int64, p *port, from netcode.Source, b []byte) {
	data := len(b) > 0 && b[0]&wire.PrefixDataMask == wire.PrefixData
	for _, a := range c.attempts {
		if a.over || a.conn.port != p || a.guard.Server() != from {
			continue
		}
		if data {
			if len(b) > len(a.wireID) && bytes.Equal(b[1:1+len(a.wireID)], a.wireID) {
				a.take(now, from, b)
				return
			}
		} else if a.conn.state == connOpening || a.conn.plain != nil {
			c.scratch = append(c.scratch[:0], b...)
			a.take(now, from, c.scratch)
		}
	}
}

// take hands a datagram to netcode and does what follows from it.
func (a *attempt) take(now int64, from netcode.Source, b []byte) {
	a.happened(now, a.guard.HandleDatagram(now, a.client.unix, from, b))
}

func (a *attempt) happened(now int64, ev netcode.ClientEvent) {
	c, k := a.conn, &a.client.core
	switch ev.Kind {
	case netcode.ClientState:
		a.aim()
		k.events.push(Event{Kind: Connecting, Conn: c, State: stateOf(ev.State)})
	case netcode.ClientConnected:
		a.connected(now, ev)
	case netcode.ClientPacket:
		a.goneAt = 0
		c.end.HandlePacket(now, ev.Path, ev.Number, ev.Frames)
		k.touch(c)
		k.markDirty(c)
	case netcode.ClientPayload:
		if c.plain != nil {
			c.plain.push(&c.plain.arrived, ev.Frames)
			k.touch(c)
		}
	case netcode.ClientGone:
		if a.goneAt == 0 && c.state == connOpen {
			a.goneAt = now + max(int64(time.Second), 3*int64(c.end.Stats().RTT))
		}
	case netcode.ClientEnded:
		if c.state <= connOpen {
			a.failed(a.why(ev))
		}
	}
}

func stateOf(s netcode.State) State {
	if s == netcode.StateResponding {
		return Answering
	}
	return Requesting
}

// why says why netcode's attempt, or a plain connection, ended.
func (a *attempt) why(ev netcode.ClientEvent) Reason {
	if ev.Refusal.Code != wire.CodeNone {
		r := Reason{Code: ev.Refusal.Code, Text: ev.Refusal.Text, Remote: ev.Refusal.Code != netcode.CodePlainServer}
		if r.Code == CodeMismatch && a.conn.end != nil {
			r.Text = a.conn.end.Difference(ev.Refusal.Rows)
		}
		return r
	}
	switch ev.State {
	case netcode.StateTokenExpired:
		return Reason{Code: CodeExpired, Text: "the connect token expired before the server let us in"}
	case netcode.StateDenied:
		return Reason{Code: CodeFull, Text: "the server is full", Remote: true}
	case netcode.StateRequestTimedOut:
		return Reason{Code: CodeTimeout, Text: "the server did not answer our request"}
	case netcode.StateResponseTimedOut:
		return Reason{Code: CodeTimeout, Text: "the server did not confirm our answer"}
	case netcode.StateTimedOut:
		return Reason{Code: CodeTimeout, Text: "nothing was heard from the server"}
	}
	return Reason{Code: CodeNone, Remote: true}
}

// timeout implements owner.
func (c *Client) timeout(now int64) {
	for _, a := range c.attempts {
		if a.over {
			continue
		}
		if a.conn.state <= connOpen && (a.conn.plain != nil || a.conn.state == connOpening) {
			a.happened(now, a.guard.HandleTimeout(now, c.unix))
		}
		if a.goneAt != 0 && now >= a.goneAt {
			a.goneAt = 0
			a.next = len(a.tickets)
			a.failed(Reason{Code: CodeForgotten})
		}
		a.drain()
	}
	c.attempts = slices.DeleteFunc(c.attempts, func(a *attempt) bool { return a.conn.state == connGone && a.over })
}

// drain sends what netcode has to send.
func (a *attempt) drain() {
	for !a.over || a.conn.plain != nil {
		b, to, ok := a.guard.NextDatagram(a.conn.port.begin())
		if !ok {
			return
		}
		path := a.conn.path
		if to.Kind() == 0 && path.Kind == transport.KindUDP {
			path = transport.PathTo(to.AddrPort())
		}
		a.conn.port.commit(path, b)
	}
}

// deadline implements owner.
func (c *Client) deadline() int64 {
	at := never
	for _, a := range c.attempts {
		if a.over {
			continue
		}
		if a.conn.state == connOpening || a.conn.plain != nil {
			at = min(at, a.guard.Deadline())
		}
		if a.goneAt != 0 {
			at = min(at, a.goneAt)
		}
	}
	return at
}

// beforeData implements owner.
func (c *Client) beforeData(*Conn) {}

// appendPayload implements owner.
func (c *Client) appendPayload(conn *Conn, dst, payload []byte) ([]byte, error) {
	return conn.dial.guard.AppendPayload(c.now, dst, payload)
}

// closePlain implements owner.
func (c *Client) closePlain(conn *Conn) {
	conn.dial.guard.Disconnect(c.now)
	conn.dial.drain()
}

// release implements owner.
func (c *Client) release(conn *Conn) { conn.dial.over = true }

//go:build !js

package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/tickwire/tickwire/transport"
)

// A webSocket is a player's WebSocket: binary messages are datagrams, text messages signals. One
// goroutine reads it, and that of its association writes; net/http's is not kept.
type webSocket struct {
	s       *Socket
	ws      *websocket.Conn
	raw     net.Conn
	host    string // that was asked for
	proxied bool   // it came by a trusted proxy
	a       *association
	signal  signalling
	meter   *meter
	beyond  [1]byte // read to see whether there is more
}

// The buffers of a WebSocket are such that a datagram is one system call.
const (
	readBuffer  = 2048
	writeBuffer = MaxWebSocketDatagram + 4 // with the head of a frame (RFC 6455, section 5.2)
)

// accept turns a request into a WebSocket. Who may not have one is told by the reason of its end, for
// a page sees nothing of HTTP.
func (s *Socket) accept(w http.ResponseWriter, r *http.Request) {
	if !s.mayBegin(w, r, rateUnits) {
		return
	}
	h := &hijacked{ResponseWriter: w}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		Subprotocols:       []string{Subprotocol},
		InsecureSkipVerify: true, // see allowsOrigin
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		s.refuse.rules.Add(1) // it has told the client
		return
	}
	ws.SetReadLimit(mostSignal)
	c := &webSocket{s: s, ws: ws, raw: h.conn, meter: h.meter}
	if tcp, ok := below[*net.TCPConn](h.conn); ok {
		keepFresh(tcp)
	}
	if err := c.admit(r); err != nil {
		if why, ok := errors.AsType[*CloseError](err); ok {
			c.close(why.Code, why.Reason)
		}
		return
	}
	go c.readAll()
}

// arrivedAt is the address of this machine that the player reached: none if a proxy did.
func (c *webSocket) arrivedAt() (netip.Addr, bool) {
	at, err := netip.ParseAddrPort(c.raw.LocalAddr().String())
	return at.Addr(), err == nil && !c.proxied
}

// admit makes an association of it, or says why not.
func (c *webSocket) admit(r *http.Request) (err error) {
	switch {
	case !c.s.allowsOrigin(r):
		return c.s.refuse.say(refusedOrigin, 0)
	case c.ws.Subprotocol() != Subprotocol:
		return c.s.refuse.say(refusedRules, 0)
	}
	from, remote := peerAt(r.RemoteAddr), c.s.remoteOf(r)
	c.host, c.proxied = r.Host, remote != from
	c.signal.init(c)
	c.a, err = c.s.newAssociation(transport.KindWebSocket, remote, true, MaxWebSocketDatagram, c)
	return err
}

// hijacked takes a connection out of net/http with buffers of a fitting size.
type hijacked struct {
	http.ResponseWriter
	conn  net.Conn
	meter *meter
}

// Hijack implements http.Hijacker.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = conn
	if e, ok := below[*entered](conn); ok {
		e.socket.Store(true)
		_ = conn.SetWriteDeadline(time.Time{})
	}
	n := rw.Reader.Buffered() // what came behind the request already
	early, _ := rw.Reader.Peek(n)
	h.meter = &meter{Conn: conn, began: time.Now()}
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), h.meter), max(readBuffer, n))
	_, _ = r.Peek(n) // so that it knows of it
	return h.meter, bufio.NewReadWriter(r, bufio.NewWriterSize(conn, writeBuffer)), nil
}

// below finds a layer of a connection, which may have TLS, a gate or both above TCP.
func below[T net.Conn](c net.Conn) (layer T, ok bool) {
	for {
		if layer, ok = c.(T); ok {
			return layer, true
		}
		l, more := c.(interface{ NetConn() net.Conn })
		if !more {
			return layer, false
		}
		c = l.NetConn()
	}
}

// write implements conduit.
func (c *webSocket) write(b []byte) error {
	return c.ws.Write(context.Background(), websocket.MessageBinary, b)
}

// say sends a signal. It may block as long as the peer takes nothing.
func (c *webSocket) say(m *signal) {
	_ = c.ws.Write(context.Background(), websocket.MessageText, appendSignal(nil, m)) // the reader hears of it
}

// mostReason is what a close frame has room for (RFC 6455, section 5.5).
const mostReason = 123

// close implements conduit.
func (c *webSocket) close(code int, reason string) {
	c.meter.rest()
	closeSocket(c.ws, c.raw, code, reason)
	c.signal.close()
}

// clip cuts a text to n bytes at most, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// readAll reads until the end.
func (c *webSocket) readAll() {
	c.signal.hello()
	for {
		kind, r, err := c.ws.Reader(context.Background())
		switch {
		case err != nil:
		case kind == websocket.MessageBinary:
			err = c.datagram(r)
		default:
			err = c.signal.read(r)
		}
		if why, ok := errors.AsType[*CloseError](err); ok {
			c.s.refuse.rules.Add(1)
			c.a.finish(why.Code, why.Reason, why)
		}
		if err != nil {
			c.a.ended(err)
			return
		}
	}
}

// datagram reads one of them into a buffer of the socket, which is not kept while there is none.
func (c *webSocket) datagram(r io.Reader) error {
	b := c.s.free.take()
	n, err := readDatagram(r, b.bytes[:], c.beyond[:])
	if err != nil {
		if err == errTooLarge {
			c.a.count.tooLarge.Add(1)
		}
		c.s.free.give(b)
		return err
	}
	c.meter.message(n)
	if b.n = n; !c.a.take(b) {
		return errOver
	}
	return nil
}

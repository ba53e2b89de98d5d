//go:build !js

package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/coder/websocket"
)

// A TLSConfig is a tls.Config. In a browser, which has its own, it is empty, and the library not
// linked.
type TLSConfig = tls.Config

// A nativeSocket is the WebSocket of a client that is no browser.
type nativeSocket struct {
	ws     *websocket.Conn
	raw    *net.TCPConn
	beyond [1]byte
}

// openWebSocket dials one.
func openWebSocket(ctx context.Context, to target, cfg *DialConfig) (clientSocket, error) {
	c := new(nativeSocket)
	var dialer net.Dialer
	// HTTP/1.1 alone, since WebSockets are made of it, and a connection for this one.
	client := &http.Client{Transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   cfg.TLS.Clone(),
		TLSNextProto:      nil,
		ForceAttemptHTTP2: false,
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if tcp, ok := conn.(*net.TCPConn); ok {
				c.raw = tcp
			}
			return conn, err
		},
	}}
	options := &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{Subprotocol}, HTTPHeader: http.Header{}}
	if cfg.Origin != "" {
		options.HTTPHeader.Set("Origin", cfg.Origin)
	}
	ws, response, err := websocket.Dial(ctx, to.url, options)
	if err != nil {
		if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
			text, _ := io.ReadAll(io.LimitReader(response.Body, 200))
			return nil, fmt.Errorf("the server answers %s: %s", response.Status, text)
		}
		return nil, err
	}
	ws.SetReadLimit(mostSignal)
	c.ws = ws
	if c.raw != nil {
		keepFresh(c.raw)
	}
	return c, nil
}

// write implements conduit.
func (c *nativeSocket) write(b []byte) error {
	return c.ws.Write(context.Background(), websocket.MessageBinary, b)
}

func (c *nativeSocket) say(text []byte) error {
	return c.ws.Write(context.Background(), websocket.MessageText, text)
}

// close implements conduit.
func (c *nativeSocket) close(code int, reason string) { closeSocket(c.ws, c.raw, code, reason) }

func (c *nativeSocket) remote() netip.AddrPort {
	if c.raw == nil {
		return netip.AddrPort{}
	}
	at, _ := netip.ParseAddrPort(c.raw.RemoteAddr().String())
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// next implements clientSocket.
func (c *nativeSocket) next(b *buffer) ([]byte, error) {
	kind, r, err := c.ws.Reader(context.Background())
	if err == nil && kind == websocket.MessageText {
		text, err := io.ReadAll(r)
		return text, closeReason(err)
	}
	if err == nil {
		b.n, err = readDatagram(r, b.bytes[:], c.beyond[:])
	}
	return nil, closeReason(err)
}

// closeReason finds out what the peer said at the end.
func closeReason(err error) error {
	if said, ok := errors.AsType[websocket.CloseError](err); ok {
		return &CloseError{int(said.Code), said.Reason}
	}
	return err
}

// readDatagram reads a message to its end, or fails with errTooLarge.
func readDatagram(r io.Reader, b, beyond []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if err == nil { // the largest that may come; more is too much
		if _, err = r.Read(beyond); err == nil {
			err = errTooLarge
		}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return n, err
}

// closeSocket ends a WebSocket within closePatience; code 0 says nothing.
func closeSocket(ws *websocket.Conn, raw net.Conn, code int, reason string) {
	if raw != nil {
		_ = raw.SetDeadline(time.Now().Add(closePatience))
	}
	if code == 0 {
		_ = ws.CloseNow()
	} else {
		_ = ws.Close(websocket.StatusCode(code), clip(reason, mostReason))
	}
}

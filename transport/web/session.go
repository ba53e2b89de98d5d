//go:build !js

package web

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/quicvarint"
	"github.com/quic-go/webtransport-go"
)

// A wtConduit is a session of WebTransport, which has its connection of QUIC to itself.
type wtConduit struct {
	session     *webtransport.Session
	stream      *http3.Stream // that asked for the session
	conn        *quic.Conn
	flow        *quicFlow
	association atomic.Pointer[association]
}

// remoteOf is where the other end was when the session began.
func remoteOf(s *webtransport.Session) netip.AddrPort {
	switch a := s.RemoteAddr().(type) {
	case *quicAddress:
		return a.remote
	case *net.UDPAddr: // at a client
		return netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
	}
	return netip.AddrPort{}
}

// sessionTag is what a datagram of a session has in front, at most: the number of its stream, divided
// by four (RFC 9297, section 2.1), of which a connection has a few.
const sessionTag = 2

// room is the largest datagram that the session carries: QUIC says so of one that is larger than any.
func (c *wtConduit) room() int {
	var large *quic.DatagramTooLargeError
	if err := c.session.SendDatagram(make([]byte, 2*quicPacket)); errors.As(err, &large) {
		return max(0, int(large.MaxDatagramPayloadSize)-sessionTag)
	}
	return 0 // it has ended, as the first write will find
}

// readAll hands datagrams in until the session ends.
func (c *wtConduit) readAll(a *association) {
	for {
		b, err := c.session.ReceiveDatagram(c.session.Context())
		switch {
		case err != nil:
			a.ended(c.reason(err))
			return
		case len(b) > bufferRoom:
			a.count.tooLarge.Add(1)
		case !a.received(b):
			return
		}
	}
}

// reason finds out what the other end said at the end: it is the streams, of which there are none,
// that hear of it.
func (c *wtConduit) reason(err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), sessionGone)
	defer cancel()
	_, why := c.session.AcceptStream(ctx)
	if said := (*webtransport.SessionError)(nil); errors.As(why, &said) && said.Remote {
		return &CloseError{int(said.ErrorCode), said.Message}
	}
	return err
}

// write implements conduit. It waits while quic-go holds as many datagrams as it may.
func (c *wtConduit) write(b []byte) error {
	if a, ok := c.session.RemoteAddr().(*quicAddress); ok { // at a server; it may be another after a while
		if a.flow.Load() != c.flow {
			a.flow.Store(c.flow)
		}
		c.flow.enter(len(b), c.session.Context().Done())
	}
	err := c.session.SendDatagram(b)
	if large := (*quic.DatagramTooLargeError)(nil); errors.As(err, &large) { // the browser has changed its mind
		a := c.association.Load()
		if a == nil {
			return nil
		}
		a.setMaxDatagram(max(0, int(large.MaxDatagramPayloadSize)-sessionTag))
		a.count.tooLarge.Add(1)
		return nil
	}
	return err
}

// refuse closes a session that was not let in, and says why.
func (c *wtConduit) refuse(err error) {
	if why, ok := errors.AsType[*CloseError](err); ok {
		c.close(why.Code, why.Reason)
		return
	}
	c.close(CodeGoingAway, err.Error())
}

const (
	closeSession    = 0x2843 // the type of the capsule that ends a session
	mostCloseReason = 1024
)

// close implements conduit. It returns when the connection has ended, by the browser, or by us if that
// takes longer than sessionGone. The session's own CloseWithError says in front of that that it reads no more, for
// which Chromium throws the reason away.
//
//	type v | length v | code u32 | reason (draft-ietf-webtrans-http3, section 6)
func (c *wtConduit) close(code int, reason string) {
	if code == 0 {
		endQUIC(c.conn, "")
		return
	}
	if c.flow != nil {
		c.flow.drain(sessionGone, c.session.Context().Done()) // what is said on the stream overtakes datagrams that wait
	}
	reason = clip(reason, mostCloseReason)
	b := quicvarint.Append(nil, closeSession)
	b = quicvarint.Append(b, uint64(4+len(reason)))
	b = binary.BigEndian.AppendUint32(b, uint32(code))
	_ = c.stream.SetWriteDeadline(time.Now().Add(sessionGone))
	_, _ = c.stream.Write(append(b, reason...))
	_ = c.stream.Close()
	select {
	case <-c.conn.Context().Done(): // the browser has read it
	case <-time.After(sessionGone):
	}
	endQUIC(c.conn, "")
}

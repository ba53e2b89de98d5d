package tickwire

import (
	"context"
	"iter"
	"log/slog"
	"net/netip"
)

// A Hub drives a Server for programs without a tick: a lobby, a chat, a
// backend. Its Conns may be used from any goroutine, and one loop over Events
// hears of everything:
//
//	for ev := range hub.Events(ctx) {
//		switch ev.Kind {
//		case tickwire.Connected: …
//		case tickwire.Message: …  // ev.Channel, ev.Payload
//		}
//	}
//
// One player who grants no credit, as he may at will, stops a loop that waits for him with
// SendContext, and with it all others. In the loop use Send, and close who is full for too long, or
// give each SendContext a deadline of its own.
//
// A message leaves at once if nothing was sent just before it; messages sent in
// a row share packets. A loop that falls behind stops its players by their
// credit. To tell many the same, Broadcast takes the lock once. ServerConfig.Admit is called with the Hub locked: it must not use it.
type Hub struct {
	srv *Server
	s   *sharing
}

// NewHub takes over a Server, whose own methods must not be called any more.
func NewHub(srv *Server) *Hub { return &Hub{srv, share(&srv.core)} }

// Events yields what happens, until ctx ends, or the Hub is closed and everybody
// is Disconnected. There must be one such loop at a time: nobody else takes
// messages off the connections.
func (h *Hub) Events(ctx context.Context) iter.Seq[Event] { return h.s.events(ctx) }

// Conns returns the connections in the order in which they were connected.
func (h *Hub) Conns() []*Conn {
	h.s.lock()
	defer h.s.unlock()
	return append([]*Conn(nil), h.srv.conns...)
}

// DevToken mints a connect token; see Server.DevToken.
func (h *Hub) DevToken(clientID uint64) ([]byte, error) { return h.srv.DevToken(clientID) }

// PublicAddresses are the addresses that connect tokens for this server name.
func (h *Hub) PublicAddresses() []netip.AddrPort { return h.srv.PublicAddresses() }

// String names the server by its addresses.
func (h *Hub) String() string { return h.srv.String() }

// GoString does so for %#v.
func (h *Hub) GoString() string { return h.String() }

// LogValue does so for handlers of slog.
func (h *Hub) LogValue() slog.Value { return h.srv.LogValue() }

// Stats returns the counters of the server.
func (h *Hub) Stats() Stats {
	h.lockNow()
	defer h.s.unlock()
	return h.srv.Stats()
}

// Close ends every connection and closes the sockets at once; a peer that is not
// reached finds out by its timeout. Shutdown lets messages arrive and all know.
func (h *Hub) Close() error { return h.s.close(CodeGoingAway, serverClosed) }

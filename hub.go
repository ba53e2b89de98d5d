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
// The loop may begin late, pause and end: without it the seats of players who have left become free all the
// same, and Conns is right. Events wait for it, in order; once a player's credit is used up his messages
// wait at his own end. Players who have left are remembered until the loop has seen their Disconnected: three for
// each seat, and 16 more. Beyond that newcomers are refused with CodeFull until the loop goes on.
//
// A player can refuse to grant credit, and so stop a loop that waits for him with SendContext, and with
// it everybody else. In the loop use Send, and close a Conn whose queue is full for too long, or
// give each SendContext a deadline of its own.
//
// A message leaves at once if nothing was sent just before it; messages sent in
// a row share packets. A loop that falls behind grants its players no more credit, so that
// they wait. Broadcast takes the lock once to send one message to many.
//
// ServerConfig.Admit, HandOver and the handler of Logger are called with the Hub locked. If one uses
// the Hub it panics; while one hangs so do all methods but Clock, DevToken, String, GoString and LogValue.
// The log says so after a second. A loop over Events still ends with its context, and Shutdown with
// its own; Close returns an error, and closes as soon as the function returns.
type Hub struct {
	srv *Server
	s   *sharing
}

// NewHub takes over a Server, whose own methods must not be called any more. A Server has one Hub: a
// second one panics.
func NewHub(srv *Server) *Hub {
	if srv == nil {
		panic("tickwire: NewHub of a nil Server: give it what Listen returned, after a look at its error")
	}
	return &Hub{srv, share(srv.unshared())}
}

// unshared is the core of a Server that is nobody's but its caller's. Of one that was given to a Hub
// all that drives it belongs to the Hub: beside it, it would be a race.
func (s *Server) unshared() *core {
	if s.shared != nil {
		panic("tickwire: this Server was given to a Hub, and is driven by it: call the Hub")
	}
	s.mustBeOutside()
	return &s.core
}

// Events yields what happens, until ctx ends, or the Hub is closed and everybody
// is Disconnected. Only one loop may run at a time: a second one panics. A loop that is
// left early loses nothing: the next one goes on where it stopped.
func (h *Hub) Events(ctx context.Context) iter.Seq[Event] { return h.s.events(ctx) }

// Conns returns the connections that are open now, in the order in which they were connected;
// other goroutines may end them while you go through the slice. It does not wait for the loop
// over Events. A player is listed when his first packet has come, which may be a moment after
// Dial has returned at his end.
func (h *Hub) Conns() (open []*Conn) {
	h.s.lock()
	defer h.s.unlock()
	open = make([]*Conn, 0, len(h.srv.conns))
	for _, c := range h.srv.conns {
		if c.state <= connOpen && (c.end == nil || !c.end.Over()) {
			open = append(open, c)
		}
	}
	return open
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
	return h.srv.stats()
}

// Close ends every connection and closes the sockets at once; a peer that is not
// reached finds out by its timeout. Shutdown lets messages arrive and all know.
func (h *Hub) Close() error { return h.s.close(CodeGoingAway, serverClosed) }

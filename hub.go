package tickwire

import (
	"context"
	"iter"

	"github.com/tickwire/tickwire/transport"
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
// A message leaves at once if nothing was sent just before it; messages sent in
// a row share packets. A loop that falls behind stops its players by their
// credit. ServerConfig.Admit is called with the Hub locked: it must not use it.
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

// Stats returns the counters of the server.
func (h *Hub) Stats() Stats {
	h.s.lock()
	defer h.s.unlock()
	return h.srv.Stats()
}

// Close ends every connection and closes the sockets.
func (h *Hub) Close() error { return h.s.close(CodeGoingAway, "server closed") }

// A Session is one connection to a server, driven by itself: a bot, a tool, a
// client without a frame loop. Its Conn may be used from any goroutine.
type Session struct {
	client *Client
	conn   *Conn
	s      *sharing
	over   bool // Disconnected was told
}

// Dial connects with connect tickets over sockets, which the Session owns from
// now on. It returns when messages can be sent; the error is a *ConnError that
// says why they cannot, or the cause of ctx.
func Dial(
	ctx context.Context, cfg ClientConfig, tickets []byte, sockets ...transport.Socket,
) (*Session, error) {
	if cfg.AckHold == 0 {
		cfg.AckHold = -1
	}
	client, err := NewClient(cfg, sockets...)
	if err != nil {
		return nil, err
	}
	conn, err := client.Connect(tickets)
	if err != nil {
		client.Close()
		return nil, err
	}
	s := &Session{client: client, conn: conn, s: share(&client.core)}
	for ev := range s.Events(ctx) {
		switch ev.Kind {
		case Connected:
			return s, nil
		case Disconnected:
			s.Close()
			return nil, &ConnError{ev.Reason}
		}
	}
	s.Close()
	return nil, context.Cause(ctx)
}

// Conn is the connection.
func (s *Session) Conn() *Conn { return s.conn }

// Send sends a message on a channel; see Conn.Send.
func (s *Session) Send(channel ChannelID, b []byte) error {
	return s.conn.Send(channel, b)
}

// Events yields what happens, Message events included, until the connection has
// ended or ctx ends. There must be one such loop at a time.
func (s *Session) Events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if s.over {
			return
		}
		for ev := range s.s.events(ctx) {
			s.over = ev.Kind == Disconnected
			if !yield(ev) || s.over {
				return
			}
		}
	}
}

// Stats returns the counters of the client.
func (s *Session) Stats() Stats {
	s.s.lock()
	defer s.s.unlock()
	return s.client.Stats()
}

// Close ends the connection and closes the sockets. What was sent just before
// may not arrive: wait for its Delivered if that matters.
func (s *Session) Close() error { return s.s.close(CodeNone, "") }

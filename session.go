package tickwire

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A Session is one connection to a server, driven by itself: a bot, a tool, a
// client without a frame loop. Its Conn may be used from any goroutine. With
// ClientConfig.Redial it outlives its socket.
type Session struct {
	client *Client
	conn   *Conn
	gone   bool  // Disconnected of conn was told, while there is a next
	next   *Conn // to which the server has handed it over, until that is open
	s      *sharing
	over   bool // Disconnected was told
}

// Dial connects with connect tokens over sockets, which the Session owns from
// now on. It returns when messages can be sent; the error is a *ConnError that
// says why they cannot, or the cause of ctx.
//
// Beside ctx the token bounds the time: what silence ends the connection (its Timeout, 10 s by default)
// ends an attempt to which nobody answers, too, at each of the servers that it names.
func Dial(
	ctx context.Context, cfg ClientConfig, tokens []byte, sockets ...transport.Socket,
) (*Session, error) {
	return dial(ctx, cfg, sockets, func(c *Client) (*Conn, error) { return c.Connect(tokens) })
}

// Resume connects as Dial does, with a resume ticket in place of connect tokens; see
// Client.Resume.
func Resume(
	ctx context.Context, cfg ClientConfig, ticket []byte, sockets ...transport.Socket,
) (*Session, error) {
	return dial(ctx, cfg, sockets, func(c *Client) (*Conn, error) { return c.Resume(ticket) })
}

// sessionHold is the AckHold of a Session. A server has many players, whom it talks to all the
// time; one connection can afford to tell sooner what arrived, so that what did not is sent again
// sooner.
const sessionHold = time.Millisecond

func dial(
	ctx context.Context, cfg ClientConfig, sockets []transport.Socket, connect func(*Client) (*Conn, error),
) (*Session, error) {
	if cfg.AckHold == 0 {
		cfg.AckHold = sessionHold
	}
	client, err := NewClient(cfg, sockets...)
	if err != nil {
		return nil, err
	}
	conn, err := connect(client)
	if err != nil {
		client.Close()
		return nil, err
	}
	s := &Session{client: client, conn: conn, s: share(&client.core)}
	got := Requesting
	for ev := range s.Events(ctx) {
		switch ev.Kind {
		case Connecting:
			got = ev.State
		case Connected:
			return s, nil
		case Disconnected:
			s.Close()
			if s.s.failed != nil {
				return nil, s.s.failed
			}
			return nil, &ConnError{Reason: ev.Reason, NeverBegan: true}
		}
	}
	s.Close()
	if s.s.failed != nil {
		return nil, s.s.failed
	}
	return nil, fmt.Errorf("tickwire: not connected, %s: %w", progress[got], context.Cause(ctx))
}

// progress says how far an attempt had come.
var progress = [...]string{
	Requesting: "the server has not answered",
	Answering:  "the server has answered, and not let us in yet",
	NextServer: "the first server did not let us in, and the next one has not answered",
}

// Conn is the connection. It is another one after the server has handed the client over:
// from Connected with From on.
func (s *Session) Conn() *Conn {
	s.s.lock()
	defer s.s.unlock()
	return s.conn
}

// Send sends a message on a channel; see Conn.Send.
func (s *Session) Send(channel ChannelID, b []byte) error {
	s.s.lock()
	defer s.s.unlock()
	_, err := s.conn.send(channel, b, nil, &SendOptions{})
	return err
}

// SendContext sends a message on a channel, and waits for room; see Conn.SendContext.
func (s *Session) SendContext(
	ctx context.Context, channel ChannelID, b []byte, opts SendOptions,
) (Receipt, error) {
	return s.Conn().SendContext(ctx, channel, b, opts)
}

// Events yields what happens, Message events included, until the connection has
// ended or ctx ends. A second loop beside it panics; the next one after it goes on where it was left.
func (s *Session) Events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if s.over {
			return
		}
		for ev := range s.s.events(ctx) {
			switch ev.Kind {
			case Connecting, Connected, Disconnected:
				s.follow(&ev)
			}
			if !yield(ev) || s.over {
				return
			}
		}
	}
}

// follow goes from one Conn to the next if the server hands it over.
func (s *Session) follow(ev *Event) {
	s.s.lock()
	defer s.s.unlock()
	switch {
	case ev.Kind == Connecting && ev.From == s.conn:
		s.next = ev.Conn
	case ev.Kind == Connected && ev.Conn == s.next:
		s.conn, s.next, s.gone = s.next, nil, false
	case ev.Kind == Disconnected && ev.Conn == s.next:
		s.next, s.over = nil, s.gone
	case ev.Kind == Disconnected && ev.Conn == s.conn:
		s.gone, s.over = true, s.next == nil
	}
}

// Stats returns the counters of the client.
func (s *Session) Stats() Stats {
	s.s.lock()
	defer s.s.unlock()
	return s.client.stats()
}

// Close ends the connection and closes the sockets at once. What was sent just
// before may not arrive, and the server is told once: if that is lost it keeps the
// seat until its timeout. Shutdown makes sure of both.
func (s *Session) Close() error { return s.s.close(CodeNone, "") }

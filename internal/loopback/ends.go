package loopback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// The channels of all benches.
const (
	pings  tickwire.ChannelID = 1 // small messages, each at once
	floods tickwire.ChannelID = 2 // small messages, as fast as they go
	bulks  tickwire.ChannelID = 3 // a transfer
	inputs tickwire.ChannelID = 4 // what a player says in each tick
	states tickwire.ChannelID = 5 // what he is told
)

func config() tickwire.Config {
	raw := func(cfg tickwire.ChannelConfig) tickwire.AnyChannel { return tickwire.NewRawChannel(cfg) }
	return tickwire.Config{
		ProtocolID: 1,
		Logger:     slog.New(slog.DiscardHandler),
		Channels: tickwire.Channels(
			raw(tickwire.ChannelConfig{ID: pings, Delivery: tickwire.ReliableOrdered}),
			raw(tickwire.ChannelConfig{ID: floods, Delivery: tickwire.ReliableOrdered}),
			raw(tickwire.ChannelConfig{ID: bulks, Delivery: tickwire.ReliableOrdered, MaxMessageBytes: 64 << 10, MaxQueuedBytes: 1 << 20}),
			raw(tickwire.ChannelConfig{ID: inputs, Delivery: tickwire.UnreliableLatest}),
			raw(tickwire.ChannelConfig{ID: states, Delivery: tickwire.UnreliableLatest}),
		),
	}
}

func openSocket(t Trial) (*udp.Socket, error) {
	return udp.Listen("127.0.0.1:0", udp.Config{DisableSegmentation: !t.Offloads})
}

func openServer(t Trial) (*tickwire.Server, error) {
	socket, err := openSocket(t)
	if err != nil {
		return nil, err
	}
	return tickwire.Listen(tickwire.ServerConfig{
		Config: config(), Development: true,
		DevelopmentToken: func(m *netcode.MintConfig) { m.Suite = t.Suite },
	}, socket)
}

// A stepped pair is a Server and a Client that one goroutine steps in turn.
type stepped struct {
	srv    *tickwire.Server
	client *tickwire.Client
	conn   *tickwire.Conn // the client's
	player *tickwire.Conn // the server's
}

func openStepped(t Trial) (*stepped, error) {
	srv, err := openServer(t)
	if err != nil {
		return nil, err
	}
	p := &stepped{srv: srv}
	if err := p.connect(t); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// patience is how long a handshake may take.
const patience = 10 * time.Second

func (p *stepped) connect(t Trial) error {
	socket, err := openSocket(t)
	if err != nil {
		return err
	}
	if p.client, err = tickwire.NewClient(tickwire.ClientConfig{Config: config()}, socket); err != nil {
		return err
	}
	token, err := p.srv.DevToken(1)
	if err != nil {
		return err
	}
	if p.conn, err = p.client.Connect(token); err != nil {
		return err
	}
	for end := time.Now().Add(patience); p.player == nil; p.step() {
		for c := range p.srv.Conns() {
			p.player = c
		}
		if time.Now().After(end) {
			return fmt.Errorf("not connected after %v: %v", patience, p.conn.Reason())
		}
	}
	return nil
}

// step lets both have a turn.
func (p *stepped) step() {
	p.client.Flush(time.Now())
	p.srv.Update(time.Now())
	p.srv.Flush(time.Now())
	p.client.Update(time.Now())
}

func (p *stepped) close() {
	if p.client != nil {
		p.client.Close()
	}
	p.srv.Close()
}

// A shared pair is a Hub, whose events go to a function, and a Session.
type shared struct {
	hub     *tickwire.Hub
	session *tickwire.Session
	over    chan struct{} // the Hub's loop has ended
}

func openShared(ctx context.Context, t Trial, told func(tickwire.Event)) (*shared, error) {
	srv, err := openServer(t)
	if err != nil {
		return nil, err
	}
	s := &shared{hub: tickwire.NewHub(srv), over: make(chan struct{})}
	go func() {
		defer close(s.over)
		for ev := range s.hub.Events(context.Background()) {
			told(ev)
		}
	}()
	if err := s.connect(ctx, t); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *shared) connect(ctx context.Context, t Trial) error {
	token, err := s.hub.DevToken(1)
	if err != nil {
		return err
	}
	socket, err := openSocket(t)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeoutCause(ctx, patience, errors.New("no handshake"))
	defer stop()
	s.session, err = tickwire.Dial(ctx, tickwire.ClientConfig{Config: config()}, token, socket)
	return err
}

func (s *shared) close() {
	if s.session != nil {
		s.session.Close()
	}
	s.hub.Close()
	<-s.over
}

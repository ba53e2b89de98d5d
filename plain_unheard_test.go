package tickwire_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// A mute is a plain client that is connected and has said nothing since, so that the
// server cannot tell yet which dialect it speaks.
type mute struct {
	t      *testing.T
	client *netcode.Client
	socket *mem.Socket
	began  time.Time
}

// withMute has a mute at a server, and somebody else who plays if wanted, in a bubble.
func withMute(t *testing.T, log *tap, others bool, f func(p *parting, m *mute)) {
	synctest.Test(t, func(t *testing.T) {
		listening, err := mem.Listen()
		must(t, err)
		p := &parting{socket: &leaky{Server: listening}, learns: make(chan tickwire.Reason, 1)}
		cfg := tickwire.ServerConfig{Config: config(), Development: true, Plain: tickwire.PlainRaw}
		cfg.Logger = log.logger()
		cfg.DevelopmentToken = func(c *netcode.MintConfig) { c.Plain = c.ClientID == 9 }
		p.srv, err = tickwire.Listen(cfg, p.socket)
		must(t, err)
		if others {
			p.enter(t)
			defer p.player.Close()
		}
		f(p, p.mute(t))
	})
}

func (p *parting) mute(t *testing.T) *mute {
	socket, err := p.socket.Dial()
	must(t, err)
	token, err := p.srv.DevToken(9)
	must(t, err)
	tokens, err := netcode.ParseTokenList(token)
	must(t, err)
	m := &mute{t: t, socket: socket, began: time.Now()}
	path := socket.Peer()
	m.client, err = netcode.NewClient(0, m.began.Unix(), tokens[0], netcode.ClientConfig{
		Plain: netcode.PlainOnly, Via: netcode.SourceOf(uint16(path.Kind), path.Association),
	})
	must(t, err)
	for range 2 {
		m.speak()
		p.srv.Service(time.Now())
		m.listen()
	}
	if m.client.State() != netcode.StateConnected || p.srv.Stats().Seats.Taken == 0 {
		t.Fatalf("state %v, %+v", m.client.State(), p.srv.Stats())
	}
	return m
}

// speak sends what is due.
func (m *mute) speak() {
	for b, _, ok := m.client.NextDatagram(nil); ok; b, _, ok = m.client.NextDatagram(nil) {
		_, err := m.socket.Write([]transport.Datagram{{Path: m.socket.Peer(), Bytes: b}})
		must(m.t, err)
	}
}

func (m *mute) listen() {
	ds := make([]transport.Datagram, 1)
	from := netcode.SourceOf(uint16(m.socket.Peer().Kind), m.socket.Peer().Association)
	for n, _ := m.socket.Read(ds); n > 0; n, _ = m.socket.Read(ds) {
		m.client.HandleDatagram(int64(time.Since(m.began)), time.Now().Unix(), 0, from, ds[0].Bytes)
	}
}

func (m *mute) wantOut() {
	m.t.Helper()
	if m.listen(); m.client.State() != netcode.StateDisconnected {
		m.t.Errorf("the client is %v", m.client.State())
	}
}

// TestPlainUnheardClose: whoever was let in is told of the end, also before he has spoken.
func TestPlainUnheardClose(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *tickwire.Server) error{
		"close":    func(_ *testing.T, srv *tickwire.Server) error { return srv.Close() },
		"shutdown": func(t *testing.T, srv *tickwire.Server) error { return srv.Shutdown(t.Context()) },
		"hub":      func(t *testing.T, srv *tickwire.Server) error { return tickwire.NewHub(srv).Shutdown(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			withMute(t, new(tap), false, func(p *parting, m *mute) {
				must(t, end(m.t, p.srv))
				m.wantOut()
			})
		})
	}
}

// TestPlainUnheardSpeaks: one who first speaks while others are still told of the end is told
// at once.
func TestPlainUnheardSpeaks(t *testing.T) {
	withMute(t, new(tap), true, func(p *parting, m *mute) {
		ended := make(chan error, 1)
		go func() { ended <- p.srv.Shutdown(m.t.Context()) }()
		synctest.Wait()
		m.speak()
		synctest.Wait()
		m.wantOut()
		select {
		case <-ended:
			t.Error("nobody else was waited for")
		default:
		}
		must(t, <-ended)
	})
}

// TestPlainUnheard: one who never speaks leaves a line in the log, and his seat.
func TestPlainUnheard(t *testing.T) {
	log := new(tap)
	withMute(t, log, false, func(p *parting, m *mute) {
		time.Sleep(11 * time.Second)
		p.srv.Update(time.Now())
		for ev := range p.srv.Events() {
			t.Errorf("event %v of a client that the game has not seen", ev)
		}
		st := p.srv.Stats()
		if st.Handshake.Unheard != 1 || st.Seats.Taken != 0 || !strings.Contains(log.String(), "said nothing until its timeout") ||
			!strings.Contains(log.String(), "client=9") {
			t.Errorf("%d unheard, seats %+v, log:\n%s", st.Handshake.Unheard, st.Seats, log)
		}
		must(t, p.srv.Close())
	})
}

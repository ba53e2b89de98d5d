package tickwire_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A stranger sends a server what it does not want, each time he is driven as much as is due.
type stranger struct {
	socket *simnet.Socket
	to     transport.Path
	noise  seeded
	forged []byte
	began  time.Time
	sent   int
}

// floodRate is how many datagrams a second a stranger sends, of which every eleventh is a request
// with a forged token.
const floodRate = 220_000

func (w *world) flood(srv *tickwire.Server) *stranger {
	to := srv.PublicAddresses()[0]
	token, err := netcode.Mint(w.nw.Now(), netcode.MintConfig{
		ProtocolID: 7, ClientID: 1, Key: netcode.KeyFrom([netcode.KeyBytes]byte{9}), Addresses: []netip.AddrPort{to}, Random: newSeeded(200),
	})
	must(w.t, err)
	c, err := netcode.NewClient(0, w.nw.Now().Unix(), token, netcode.ClientConfig{Random: newSeeded(201)})
	must(w.t, err)
	s := &stranger{socket: w.socket(w.address()), to: transport.PathTo(to), noise: newSeeded(202), began: w.nw.Now()}
	s.forged, _, _ = c.NextDatagram(nil)
	return s
}

// send sends what is due at the time now.
func (s *stranger) send(t testing.TB, now time.Time) {
	b := make([]byte, len(s.forged))
	for ; s.sent < int(now.Sub(s.began).Seconds()*floodRate); s.sent++ {
		datagram := b[:1+s.sent%64]
		s.noise.Read(datagram)
		if s.sent%11 == 0 {
			datagram = append(b[:0], s.forged...)
			s.noise.Read(datagram[30:62])
		}
		_, err := s.socket.Write([]transport.Datagram{{Path: s.to, Bytes: datagram}})
		must(t, err)
	}
}

// TestStormLong: 5 000 players who come within a second are all let in, from one address
// and from many, also while a stranger floods the server with 220 000 datagrams a second; and he
// is dropped, reason by reason.
func TestStormLong(t *testing.T) {
	const most = 5000
	for _, hosts := range []int{1, 100} {
		for _, flooded := range []bool{false, true} {
			w := newWorld(t)
			srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxClients = most })
			var bots []*tickwire.Client
			for range hosts {
				bots = append(bots, w.join(func(cfg *tickwire.ClientConfig) { cfg.WireIDBytes = 2 }))
			}
			var s *stranger
			if flooded {
				s = w.flood(srv)
			}
			var conns []*tickwire.Conn
			began := w.nw.Now()
			in := func() bool {
				now := w.nw.Now()
				for due := min(most, int(now.Sub(began).Seconds()*most)); len(conns) < due; {
					conns = append(conns, w.dial(bots[len(conns)%hosts], srv, uint64(len(conns))+1))
				}
				if s != nil {
					s.send(t, now)
				}
				return len(conns) == most && !slices.ContainsFunc(conns, func(c *tickwire.Conn) bool { return !c.Open() })
			}
			if !w.run(10*time.Second, in) {
				t.Fatalf("%d addresses, flooded %v: %d of %d are in; drops %v", hosts, flooded, len(players(srv)), most, srv.Stats().Handshake.Drops)
			}
			took := w.nw.Now().Sub(began)
			if took > 1200*time.Millisecond {
				t.Errorf("%d addresses, flooded %v: all in after %v", hosts, flooded, took)
			}
			drops := srv.Stats().Handshake.Drops
			if forged := drops[netcode.DropTokenForged] + drops[netcode.DropSourceLimit]; flooded && forged < 15_000 || !flooded && forged > 0 {
				t.Errorf("%d addresses, flooded %v: %d forged requests were counted", hosts, flooded, forged)
			}
			srv.Close()
		}
	}
}

package tickwire_test

import (
	"flag"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/udp"
)

// natFor is how long TestLongNAT plays: go test -run TestLongNAT -nat 1m -v .
var natFor = flag.Duration("nat", 10*time.Second, "how long the NAT of TestLongNAT changes ports")

// TestLongNAT: a NAT that forgets its mapping each second, on a line that loses one datagram in
// twenty. Nothing reliable is lost or doubled, and what is unreliable pauses for two round trips.
func TestLongNAT(t *testing.T) {
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	line := simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: 0.05}
	relay := startRelay(t, simnet.RelayConfig{Target: socket.LocalAddr().String(), Up: line, Down: line, Seed: 1})
	mine, err := udp.Open()
	must(t, err)
	d := startDuet(t, tickwire.ServerConfig{PublicAddresses: []netip.AddrPort{relay.Addr()}}, tickwire.ClientConfig{}, socket, mine)
	d.playOn(time.Second)
	var gaps [2][]time.Duration
	for end := d.now() + *natFor; d.now() < end; {
		began := d.now()
		relay.Rebind()
		d.playOn(time.Second)
		for i, v := range [2]*voice{d.up, d.down} {
			gaps[i] = append(gaps[i], v.gap(began, began+time.Second))
		}
	}
	d.finish()
	for i, v := range [2]*voice{d.up, d.down} {
		v.checkGaps(t, 80*time.Millisecond, 0, gaps[i])
	}
	if s := relay.Stats(); s.Rebound < uint64(len(gaps[0])) || s.Clients != 1 {
		t.Errorf("the relay: %+v", s)
	}
}

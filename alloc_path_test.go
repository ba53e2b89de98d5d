package tickwire_test

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/udp"
)

// TestAllocPaths: nor with two paths, whatever they are for, nor by a loop over them.
func TestAllocPaths(t *testing.T) {
	p := newTickPair(t)
	defer p.close()
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	path, err := p.conn.OpenPath(socket, tickwire.PathConfig{})
	must(t, err)
	for end := time.Now().Add(patience); p.player.PathStats(path).State != tickwire.PathActive; p.step() {
		if time.Now().After(end) {
			t.Fatalf("the path is %v", p.player.PathStats(path).State)
		}
	}
	message := make([]byte, 64)
	for _, use := range []tickwire.PathUse{tickwire.UseShare, tickwire.UseCopy, tickwire.UseReserve} {
		must(t, p.conn.SetPath(path, tickwire.PathConfig{Use: use}))
		for _, ch := range allChannels {
			allocs(t, use.String()+", "+ch.Config().Delivery.String(), func() {
				ch.Send(p.conn, message)
				ch.Send(p.player, message)
				came := 0
				for end := time.Now().Add(patience); came < 2; p.step() {
					if time.Now().After(end) {
						t.Fatalf("%d of 2 came", came)
					}
					for range ch.Receive(p.player) {
						came++
					}
					for range ch.Receive(p.conn) {
						came++
					}
				}
			})
		}
		if before := sent(p.conn, path); before == 0 {
			t.Errorf("%v: nothing was sent over path %d", use, path)
		}
	}
	seen := 0
	allocs(t, "a loop over the paths", func() {
		for st := range p.conn.Paths() {
			seen += int(st.PacketsSent)
		}
	})
}

package tickwire_test

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// read takes what has arrived at a socket, with bytes of their own.
func read(t *testing.T, s transport.Socket) (all [][]byte) {
	t.Helper()
	ds := make([]transport.Datagram, 64)
	n, err := s.Read(ds)
	must(t, err)
	for _, d := range ds[:n] {
		all = append(all, bytes.Clone(d.Bytes))
	}
	return all
}

// TestStrangers: somebody has a packet of a player that nobody else has seen, and a socket of his
// own. The packet is read, since it is sealed; but it counts once, the player stays where he is
// once he has answered from there, and meanwhile the stranger gets three times the bytes that he
// has sent, at most. What he says to the player himself is not even tried.
func TestStrangers(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv, client := w.serve(at, nil), w.join(nil)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	w.run(time.Second, nil)
	t.Log("# he takes the player's packets off the wire")
	elsewhere := netip.AddrPortFrom(at.Addr(), 1)
	must(t, w.nw.Rebind(at, elsewhere))
	trap := w.socket(at)
	must(t, chat.Send(conn, []byte("hello")))
	client.Flush(w.nw.Now())
	w.nw.Advance(10 * time.Millisecond)
	stolen := read(t, trap)
	must(t, trap.Close())
	must(t, w.nw.Rebind(elsewhere, at))
	if len(stolen) != 1 {
		t.Fatalf("%d packets", len(stolen))
	}
	t.Log("# and says them from elsewhere, three times, to the server and to the player")
	stranger := w.socket(w.address())
	for range 3 {
		for _, to := range []netip.AddrPort{at, player.RemoteAddr()} {
			_, err := stranger.Write([]transport.Datagram{{Path: transport.PathTo(to), Bytes: stolen[0]}})
			must(t, err)
		}
	}
	before := player.RemoteAddr()
	var heard, answers []string
	w.run(2*time.Second, func() bool {
		for b := range chat.Receive(player) {
			heard = append(heard, string(b))
			must(t, chat.Send(player, []byte("welcome")))
		}
		for b := range chat.Receive(conn) {
			answers = append(answers, string(b))
		}
		return false
	})
	if !slices.Equal(heard, []string{"hello"}) || !slices.Equal(answers, []string{"welcome"}) {
		t.Errorf("the server heard %q, the player %q", heard, answers)
	}
	got := 0
	for _, b := range read(t, stranger) {
		got += len(b)
	}
	const headers = 28 // of IPv4 and UDP, which count
	if got > 3*(len(stolen[0])+headers) || player.RemoteAddr() != before {
		t.Errorf("the stranger got %d bytes for %d, the server answers to %v", got, len(stolen[0]), player.RemoteAddr())
	}
	if n := client.Stats().Strangers; n != 3 {
		t.Errorf("the client counts %d packets of strangers, want 3", n)
	}
}

package tickwire_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// FuzzDatagram: whatever arrives, from a stranger or from a player's own address, at a server
// or at a client, nothing panics and the connection stays.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte{0}, true)
	f.Add([]byte{5, 1, 2, 3, 4, 5, 6, 7, 8}, true)
	f.Add([]byte{7, 1, 0, 0}, false)
	f.Add([]byte{7, 3, 0, 0}, true)
	f.Add([]byte{9, 0, 0, 0, 8, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, false)
	f.Add(append([]byte{0x11, 5}, make([]byte, 320)...), true)
	f.Add(append([]byte{0x16, 5}, make([]byte, 16)...), false)
	f.Add(append([]byte("\x00NETCODE 1.02\x00\x07"), make([]byte, 1063)...), false)
	f.Fuzz(func(t *testing.T, b []byte, toClient bool) {
		w := newWorld(t)
		at := w.address()
		srv, client := w.serve(at, nil), w.join(nil)
		conn := w.open(client, srv, 1)
		from, to := conn.RemoteAddr(), players(srv)[0].RemoteAddr()
		if !toClient {
			from, to = to, from
		}
		w.inject(w.address(), to, b)
		elsewhere := w.address()
		must(t, w.nw.Rebind(from, elsewhere)) // the liar takes its address for a moment
		w.inject(from, to, b)
		must(t, w.nw.Rebind(elsewhere, from))
		w.run(3*time.Second, nil)
		if !conn.Open() || len(players(srv)) != 1 {
			t.Fatalf("the connection broke: %v", conn.Reason())
		}
	})
}

// inject sends a datagram under an address that nobody has now.
func (w *world) inject(from, to netip.AddrPort, b []byte) {
	w.t.Helper()
	liar := w.socket(from)
	_, err := liar.Write([]transport.Datagram{{Path: transport.PathTo(to), Bytes: b}})
	must(w.t, err)
	must(w.t, liar.Close())
}

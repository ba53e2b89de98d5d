package tickwire

import (
	"testing"

	"github.com/tickwire/tickwire/transport"
)

// A writer notes what a port writes.
type writer struct {
	transport.Socket
	wrote []string
}

func (w *writer) Write(ds []transport.Datagram) (int, error) {
	for _, d := range ds {
		w.wrote = append(w.wrote, string(d.Bytes))
	}
	return len(ds), nil
}

// TestPortInsert: what is put in front of a datagram that is being built leaves nothing behind in
// the buffers, wherever in a batch that is.
func TestPortInsert(t *testing.T) {
	w := new(writer)
	p := &port{socket: w}
	var want []string
	for before := range writeBatch {
		for round := range 3 { // the buffers are new in the first one only
			for range before {
				p.send(transport.Path{}, []byte("sent"))
				want = append(want, "sent")
			}
			building := append(p.begin(), "built"...)
			if round < 2 {
				p.insert(transport.Path{}, []byte("inserted"))
				want = append(want, "inserted")
			}
			p.commit(transport.Path{}, building)
			want = append(want, "built")
			p.flush()
		}
	}
	for i := range want {
		if i >= len(w.wrote) || w.wrote[i] != want[i] {
			t.Fatalf("datagram %d of %d is %q, want %q", i, len(w.wrote), w.wrote[min(i, len(w.wrote)-1)], want[i])
		}
	}
}

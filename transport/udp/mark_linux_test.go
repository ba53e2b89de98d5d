package udp

import (
	"testing"

	"github.com/tickwire/tickwire/transport"
)

// TestUsualMark: whichever mark the socket gives by itself by now, each datagram arrives with its own.
func TestUsualMark(t *testing.T) {
	for name, c := range map[string]struct {
		listen, addr string
		cfg          Config
	}{
		"Dual4":     {":0", "127.0.0.1", Config{}},
		"Dual6":     {":0", "::1", Config{}},
		"Only4":     {"127.0.0.1:0", "127.0.0.1", Config{}},
		"WithClass": {"127.0.0.1:0", "127.0.0.1", Config{DSCP: 46}},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := mustListen(t, c.listen, c.cfg), mustListen(t, c.listen)
			for i, mark := range []transport.ECN{transport.ECT0, transport.NotECT, transport.CE, transport.ECT0} {
				for n := range 3 * marksInRow { // and now and then one of another mark
					of := mark
					if n%(marksInRow+3) == marksInRow+2 {
						of = (mark + 1) & 3
					}
					mustWrite(t, a, transport.Datagram{Path: pathTo(b, c.addr), Bytes: []byte("x"), ECN: of})
					if d := mustRead(t, b); d.ECN != of {
						t.Fatalf("datagram %d of row %d came with mark %d, not %d", n, i, d.ECN, of)
					}
				}
				if usual := a.io.(*batch).tx.marks.usual; usual != mark {
					t.Errorf("after %d datagrams with mark %d the socket's own is %d", 3*marksInRow, mark, usual)
				}
			}
		})
	}
}

// TestFlow: a read asks for one datagram if it follows a Wait that parked, as the one before it
// did, and that found one.
func TestFlow(t *testing.T) {
	var f flow
	read := func(parked bool, found, want int) {
		t.Helper()
		if parked {
			f.parked.Store(true)
		}
		if n := f.expect(32); n != want {
			t.Errorf("asks for %d, want %d", n, want)
		}
		f.got(found)
	}
	read(false, 0, 32)
	read(true, 1, 32)
	read(true, 1, 1) // one came the last time
	read(false, 5, 32)
	read(true, 1, 32) // there were more
	read(true, 1, 1)
	read(false, 0, 32)
	read(true, 1, 1)
}

package tickwire

import (
	"testing"

	"github.com/tickwire/tickwire/netcode"
)

// TestWallet: of the two newest tickets the older one is shown first, while it is of use; the newest
// stays, whatever becomes of it.
func TestWallet(t *testing.T) {
	var w wallet
	if w.next() != nil || w.drop(nil) {
		t.Error("an empty wallet has a ticket")
	}
	a, b, c := new(netcode.ResumeTicket), new(netcode.ResumeTicket), new(netcode.ResumeTicket)
	w.put(a)
	if w.next() != a || w.drop(a) {
		t.Error("the only ticket is not the one to show, or there is another one")
	}
	w.put(b)
	w.put(c)
	if w.used(c); w.next() != b {
		t.Error("the older one of two is not shown first")
	}
	if w.used(b); w.next() != c {
		t.Error("a ticket that has let us in is shown again")
	}
	w.put(a)
	if w.drop(a) || w.next() != c || !w.drop(c) || w.next() != a {
		t.Error("what is of no use is shown again, or another one than that is dropped")
	}
}

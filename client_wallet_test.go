package tickwire

import (
	"bytes"
	"log/slog"
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
	if w.next() != b {
		t.Error("the older one of two is not shown first")
	}
	if !w.drop(b) || w.next() != c {
		t.Error("a ticket that was used is shown again")
	}
	w.put(a)
	if w.drop(a) || w.next() != c || !w.drop(c) || w.next() != a {
		t.Error("what is of no use is shown again, or another one than that is dropped")
	}
}

// TestUselessTickets: a server that gives nothing but tickets of no use has one line of its client's log.
func TestUselessTickets(t *testing.T) {
	var log bytes.Buffer
	c := new(Client)
	c.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	d := c.newDialed()
	d.handshake.netcode = new(netcode.Client)
	for n := range 1000 {
		d.takeResumeTicket(make([]byte, 53+n%70))
	}
	if n := bytes.Count(log.Bytes(), []byte("\n")); n != 1 || d.wallet.next() != nil {
		t.Errorf("%d lines for 1000 tickets", n)
	}
}

package netcode

import "testing"

// unheard has a plain client answered, and none of what it says then arrives.
func unheard(t *testing.T, policy PlainPolicy) (*world, *player) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = policy })
	seated := false
	w.onServer = func(_ Source, b []byte) bool {
		pass := !seated && b[0] != 7
		seated = seated || b[0]&15 == byte(kindResponse)
		return pass
	}
	w.step(0)
	if w.server.Admission().Clients() != 1 || len(w.events) != 0 {
		t.Fatalf("%d clients, events %+v", w.server.Admission().Clients(), w.events)
	}
	return w, p
}

// TestUnheardDismissed: an owner that ends tells those too of whom it has not heard. A client
// that still waits for our dialect is told as well as a plain one.
func TestUnheardDismissed(t *testing.T) {
	for _, policy := range []PlainPolicy{PlainOnly, PlainAllow, PlainRefuse} {
		w, p := unheard(t, policy)
		if !w.server.Dismiss(w.now) {
			t.Fatal("there was nobody")
		}
		w.exchange()
		w.wantState(p, StateDisconnected)
		if w.server.Dismiss(w.now) || w.server.Admission().Clients() != 0 || len(w.server.watched) != 0 {
			t.Errorf("policy %d: a seat is left", policy)
		}
	}
}

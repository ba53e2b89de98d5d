package netcode

import "testing"

// TestNoteComesBack: what the owner noted when it judged a client is in the event of the datagram that
// was judged, and in no other; what it keeps with a seat stays there until the seat is released.
func TestNoteComesBack(t *testing.T) {
	asked := uint64(0)
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(Offer) Verdict {
			asked++
			return Verdict{Admit: asked != 3, Note: 100 + asked, Refusal: Refusal{Code: CodeBanned}}
		}
	})
	token := w.mint(7, nil)
	w.join(token, 1, nil)
	w.step(0)
	ev := w.events[0]
	if ev.Kind != EventConnected || ev.Note != 101 || ev.Seat.Owner != nil {
		t.Fatalf("a seat is taken: %+v", ev)
	}
	ev.Seat.Owner = w
	w.step(sendInterval)
	again := w.join(token, 1, nil) // started anew, before it was confirmed
	w.step(0)
	if ev := w.last(); ev.Kind != EventRenewed || ev.Note != 102 || ev.Seat.Owner != w {
		t.Fatalf("the seat is taken again: %+v", ev)
	}
	w.toServer(again.at, again.data(0, "x"))
	if ev := w.last(); ev.Kind != EventPacket || ev.Note != 0 || ev.Seat.Owner != w {
		t.Fatalf("a packet: %+v", ev)
	}
	seat := w.last().Seat
	banned := w.join(w.mint(8, nil), 2, nil)
	w.step(0)
	w.wantState(banned, StateDenied)
	if ev := w.last(); asked != 3 || ev.Kind != EventPacket {
		t.Errorf("asked %d times; after the refusal: %+v", asked, ev)
	}
	w.server.Release(w.now, seat)
	if seat.Owner != nil {
		t.Error("a seat that was released still belongs to somebody")
	}
}

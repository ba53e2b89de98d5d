package netcode

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// denied seals the standard's Denied as the server of p's token.
func (p *player) denied() []byte { return p.was.in.append(nil, kindDenied, 1<<63, nil) }

// TestDeniedWaitsForReason: the reason may overtake Denied or come after it.
func TestDeniedWaitsForReason(t *testing.T) {
	for name, order := range map[string]string{"before": "rd", "after": "dr", "never": "d", "alone": "r"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.onServer = func(Source, []byte) bool { return false }
			p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainAllow })
			want := CodeNone
			for _, packet := range order {
				b := p.denied()
				if packet == 'r' {
					b, _ = appendReason(w.random, p.was.handshake, nil, Refusal{Code: CodeGoingAway}, wireID{}, echo{}, 1078)
					want = CodeGoingAway
				}
				if ev := p.receive(b); ev.Kind != ClientNone || ev.Drop != DropNone {
					t.Fatalf("event %+v", ev)
				}
			}
			w.step(99 * ms)
			w.wantState(p, StateRequesting)
			w.step(ms)
			w.wantState(p, StateDenied)
			if got := p.last().Refusal.Code; got != want {
				t.Fatalf("refused with %v, want %v", got, want)
			}
		})
	}
}

// TestRefusalOvertakenByChallenge: a REASON towards a request may be a recording, so it ends
// nothing when a challenge follows, and everything when none does.
func TestRefusalOvertakenByChallenge(t *testing.T) {
	for _, recorded := range []bool{true, false} {
		w := newWorld(t, nil)
		w.onServer = func(Source, []byte) bool { return recorded }
		p := w.join(w.mint(7, nil), 1, nil)
		reason, ok := appendReason(w.random, p.was.handshake, nil, Refusal{Code: CodeBanned}, wireID{}, echo{}, 1078)
		if !ok {
			t.Fatal("a REASON does not fit")
		}
		if ev := p.receive(reason); ev.Drop != DropNone || ev.Kind == ClientEnded {
			t.Fatalf("event %+v", ev)
		}
		w.wantState(p, StateRequesting)
		if w.step(50 * ms); recorded {
			w.wantState(p, StateConnected)
			continue
		}
		w.wantState(p, StateRequesting) // for a tenth of a second
		w.step(60 * ms)
		w.wantState(p, StateDenied)
		if p.was.refusal.Code != CodeBanned {
			t.Errorf("refused with %v", p.was.refusal.Code)
		}
	}
}

// TestReasonEcho: a REASON towards an OFFER must name its share.
func TestReasonEcho(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(_ Source, b []byte) bool { return b[0] != wire.PrefixHandshake }
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	w.wantState(p, StateResponding)
	for _, e := range []echo{{}, {1, 2, 3}} {
		b, _ := appendReason(w.random, p.was.handshake, nil, Refusal{Code: CodeBanned}, wireID{}, e, 400)
		if ev := p.receive(b); ev.Drop != DropUnexpected {
			t.Fatalf("echo %x: %+v", e, ev)
		}
	}
	b, _ := appendReason(w.random, p.was.handshake, nil, Refusal{Code: CodeBanned}, wireID{}, echo(p.was.share[:8]), 400)
	if ev := p.receive(b); ev.Kind != ClientEnded || ev.State != StateDenied || ev.Refusal.Code != CodeBanned {
		t.Fatalf("event %+v", ev)
	}
}

// TestAcceptPadMismatch: the client compares the pads, too.
func TestAcceptPadMismatch(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(_ Source, b []byte) bool { return b[0] != wire.PrefixHandshake }
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	a := accept{padItems: []byte{0x11, 0}}
	b, _ := a.append(w.random, p.was.handshake, nil, wireID{}, &p.was.share)
	if ev := p.receive(b); ev.Kind != ClientEnded || ev.Refusal.Code != CodePad {
		t.Fatalf("event %+v", ev)
	}
}

// TestAcceptOfAnotherShare: an ACCEPT recorded from an earlier attempt with the
// same token does not open.
func TestAcceptOfAnotherShare(t *testing.T) {
	w := newWorld(t, nil)
	var recorded []byte
	w.onClient = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			recorded = b
			return false
		}
		return true
	}
	token := w.mint(7, nil)
	w.join(token, 1, nil)
	w.step(0)
	w.clients = nil
	w.onServer = func(_ Source, b []byte) bool { return b[0] != wire.PrefixHandshake }
	p := w.join(token, 1, nil)
	w.step(0)
	w.wantState(p, StateResponding)
	if ev := p.receive(recorded); ev.Drop != DropForged {
		t.Fatalf("event %+v", ev)
	}
}

func TestClientTellsWhatItKnows(t *testing.T) {
	_, p, seat := dataPair(t, nil)
	index, most := p.c.Index()
	if int(index) != seat.Index() || most != 4 || p.c.ID() != seat.id || p.c.Timeout() != 10*time.Second || seat.Timeout() != p.c.Timeout() {
		t.Fatalf("index %d of %d, id %x, timeout %v", index, most, p.c.ID(), p.c.Timeout())
	}
	if string(seat.UserData()[:9]) != "user data" || p.c.Token().ProtocolID != testProtocol || p.c.Counters().Drops != [NumDrops]uint64{} {
		t.Fatalf("user data %q, drops %v", seat.UserData()[:9], dropNames(p.c.Counters()))
	}
	if _, err := p.c.AppendPayload(0, nil, []byte("x")); err == nil || err.Error() == "" {
		t.Fatal("a payload where the server is not plain")
	}
}

// TestClientStates walks the standard's failures of a plain client.
func TestClientStates(t *testing.T) {
	stop := func(kind packetKind) func(Source, []byte) bool {
		return func(_ Source, b []byte) bool { return packetKind(b[0]&15) != kind || b[0] == 0 }
	}
	for _, c := range []struct {
		name   string
		server func(Source, []byte) bool // what reaches it
		after  time.Duration
		want   State
	}{
		{"nothing arrives", func(Source, []byte) bool { return false }, 5 * time.Second, StateRequestTimedOut},
		{"responses are lost", stop(kindResponse), 6 * time.Second, StateResponseTimedOut},
		{"all goes well", func(Source, []byte) bool { return true }, 60 * time.Second, StateConnected},
	} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
		w.onServer = c.server
		p := w.join(w.mint(7, func(c *MintConfig) { c.Plain = true; c.Timeout = 5 * time.Second }), 1,
			func(c *ClientConfig) { c.Plain = PlainOnly })
		for range c.after / (100 * time.Millisecond) {
			w.step(100 * ms)
		}
		if p.c.State() != c.want {
			t.Errorf("%s: %v, want %v", c.name, p.c.State(), c.want)
		}
		if c.want == StateConnected {
			w.onClient = func(Source, []byte) bool { return false }
			for range 51 {
				w.step(100 * ms)
			}
			w.wantState(p, StateTimedOut)
		}
	}
}

// TestClientWithin: what its owner gives an attempt holds for all its addresses and states together,
// whatever the token says of silence and of its life.
func TestClientWithin(t *testing.T) {
	for _, answers := range []bool{false, true} {
		w := newWorld(t, nil)
		token := w.mint(7, func(c *MintConfig) { c.Timeout, c.Lifetime = -1, MaxLifetime })
		token.Addresses = append(token.Addresses, otherAddr, serverAddr)
		w.onServer = func(_ Source, b []byte) bool { return answers && b[0] == 0 } // the request alone
		p := w.join(token, 1, func(c *ClientConfig) { c.Within = 7 * time.Second })
		for began := w.now; w.now < began+6900*ms; {
			w.step(100 * ms)
		}
		if p.c.address != 2 {
			t.Errorf("at address %d, in state %v", p.c.address, p.c.State())
		}
		want := StateRequestTimedOut
		if answers {
			want = StateResponseTimedOut
		}
		w.step(100 * ms)
		w.wantState(p, want)
		if ev := p.last(); ev.Kind != ClientEnded || p.c.Deadline() != never {
			t.Errorf("told %+v", ev)
		}
	}
}

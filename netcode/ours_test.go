package netcode

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

func TestConnectOurs(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(o Offer) Verdict {
			if string(o.Hello) != "client hello" || o.ClientID != 7 || string(o.UserData[:9]) != "user data" || o.Plain {
				t.Errorf("offer %+v", o)
			}
			return Verdict{Admit: true, Hello: []byte("server hello")}
		}
	})
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	w.wantState(p, StateConnected)
	if ev := p.last(); ev.Kind != ClientConnected || string(ev.Hello) != "server hello" || ev.Seen != p.at {
		t.Fatalf("client event %+v", ev)
	}
	ev := w.last()
	if ev.Kind != EventConnected || string(ev.Hello) != "client hello" || ev.Seat.Confirmed() {
		t.Fatalf("server event %+v", ev)
	}
	seat := ev.Seat
	w.toServer(p.at, p.data(0, "ping"))
	if ev := w.last(); ev.Kind != EventPacket || !ev.First || ev.Moved || string(ev.Frames) != "ping" || ev.Seat != seat {
		t.Fatalf("server event %+v", ev)
	}
	if !seat.Confirmed() {
		t.Fatal("not confirmed by the first packet")
	}
	w.toClient(p.at, seal(seat.Sealer(), 0, 0, "pong"))
	if ev := p.last(); ev.Kind != ClientPacket || string(ev.Frames) != "pong" {
		t.Fatalf("client event %+v", ev)
	}
	if ev := w.toServer(source(9), p.data(1, "moved")); ev.Kind != EventPacket || !ev.Moved || ev.First {
		t.Fatalf("from another source: %+v", ev)
	}
	if n := w.server.Admission().Clients(); n != 1 {
		t.Fatalf("%d clients", n)
	}
	w.server.Release(w.now, seat)
	if n := w.server.Admission().Clients(); n != 0 {
		t.Fatalf("%d clients after release", n)
	}
}

// TestAcceptLost: the client repeats OFFER and gets the same ACCEPT, even at
// an address that changed meanwhile.
func TestAcceptLost(t *testing.T) {
	w := newWorld(t, nil)
	var accepts [][]byte
	w.onClient = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			accepts = append(accepts, bytes.Clone(b))
			return len(accepts) == 4
		}
		return true
	}
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	w.step(100 * ms)
	if len(accepts) != 2 || !bytes.Equal(accepts[0], accepts[1]) {
		t.Fatalf("%d ACCEPTs, or different ones", len(accepts))
	}
	p.at = source(2) // a NAT forgot its binding
	w.step(100 * ms) // answered by a fresh challenge, and that at once by OFFER
	if n := w.drops(DropChallengeMoved); n != 1 || len(accepts) != 3 {
		t.Fatalf("%d challenges moved, %d ACCEPTs", n, len(accepts))
	}
	w.wantState(p, StateResponding)
	w.step(100 * ms)
	w.wantState(p, StateConnected)
	seat := w.last().Seat
	if len(w.events) != 2 || w.last().Kind != EventMoved || seat.Source() != p.at || p.last().Seen != p.at {
		t.Fatalf("events %+v, source %v", w.events, seat.Source())
	}
	w.toServer(p.at, p.data(0, "x"))
	if !seat.Confirmed() {
		t.Fatal("not confirmed")
	}
}

// TestClientStartedAnew: before it is confirmed, whoever holds the token may
// come again with another share and gets other keys in the same seat.
func TestClientStartedAnew(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	a := w.join(token, 1, nil)
	w.step(0)
	seat := w.last().Seat
	old := a.data(0, "old")
	b := w.join(token, 2, func(c *ClientConfig) { c.Hello = []byte("second") })
	w.step(0)
	if w.wantState(b, StateResponding); w.drops(DropTooOften) != 1 {
		t.Fatal("new keys at once")
	}
	w.step(100 * ms)
	w.wantState(b, StateConnected)
	ev := w.last()
	if ev.Kind != EventRenewed || ev.Seat != seat || string(ev.Hello) != "second" || seat.Source() != b.at {
		t.Fatalf("event %+v", ev)
	}
	if ev := w.toServer(a.at, old); ev.Drop != DropForged {
		t.Fatalf("under the old keys: %+v", ev)
	}
	if ev := w.toServer(b.at, b.data(0, "new")); ev.Kind != EventPacket || !ev.First {
		t.Fatalf("under the new keys: %+v", ev)
	}
	if n := w.server.Admission().Clients(); n != 1 {
		t.Fatalf("%d clients", n)
	}
}

func TestGone(t *testing.T) {
	w := newWorld(t, nil)
	p, _ := w.confirmed(w.mint(7, nil), 1)
	w.restart()
	b := p.data(1, "is anybody there")
	ev := w.server.HandleDatagram(w.now, w.unix(), p.at, b, nil)
	if ev.Drop != DropUnknownID || len(ev.Reply) != goneBytes {
		t.Fatalf("event %+v", ev)
	}
	for at := 1; at < goneBytes; at++ {
		invented := bytes.Clone(ev.Reply)
		invented[at] ^= 0x40
		if ev := p.receive(invented); ev.Drop != DropUnknownID {
			t.Fatalf("a GONE of which byte %d was invented: %+v", at, ev)
		}
	}
	if ev := p.receive(ev.Reply[:goneBytes-1]); ev.Drop != DropMalformed {
		t.Fatalf("a short GONE: %+v", ev)
	}
	if ev := p.receive(ev.Reply); ev.Kind != ClientGone || p.c.State() != StateConnected {
		t.Fatalf("GONE: %+v", ev)
	}
	for range gonesASecond / 4 {
		w.server.HandleDatagram(w.now, w.unix(), p.at, p.data(2, ""), nil)
	}
	// Seven eighths of what is drawn by lot in an eighth of a second, and a 32nd of what goes in fair shares.
	if n := w.server.Counters().Gones; n != gonesASecond/2/8*7/8+gonesASecond/2/32 {
		t.Fatalf("%d GONEs at once", n)
	}
	for range rememberedTails {
		p.data(3, "")
	}
	if ev := p.receive(ev.Reply); ev.Drop != DropUnknownID {
		t.Fatalf("a GONE about an old packet: %+v", ev)
	}
}

// TestGoneOfChangedID: a packet whose id was changed on the way is answered by a
// GONE as it must be, which the client does not take for its own.
func TestGoneOfChangedID(t *testing.T) {
	w := newWorld(t, nil)
	p, _ := w.confirmed(w.mint(7, nil), 1)
	answered := 0
	for bit := range 8 * connectionIDBytes {
		b := p.data(uint64(1+bit), "on a bad line")
		b[1+bit/8] ^= 1 << (bit % 8)
		ev := w.server.HandleDatagram(w.now, w.unix(), p.at, b, nil)
		if len(ev.Reply) == 0 {
			continue
		}
		answered++
		if ev := p.receive(ev.Reply); ev.Kind != ClientNone || ev.Drop != DropUnknownID {
			t.Errorf("bit %d: %+v", bit, ev)
		}
	}
	if answered < 20 {
		t.Errorf("only %d GONEs", answered)
	}
}

func TestAppendAccept(t *testing.T) {
	w := newWorld(t, nil)
	w.onClient = func(_ Source, b []byte) bool { return b[0] != wire.PrefixHandshake }
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	seat := w.last().Seat
	if b := w.server.AppendAccept(w.now, seat, nil); len(b) != 0 {
		t.Fatal("ACCEPT right behind ACCEPT")
	}
	b := w.server.AppendAccept(w.now+sendInterval, seat, nil)
	if len(b) == 0 || len(w.server.AppendAccept(w.now+sendInterval+1, seat, nil)) != 0 {
		t.Fatalf("%d bytes, or twice at once", len(b))
	}
	if ev := p.receive(b); ev.Kind != ClientConnected {
		t.Fatalf("event %+v", ev)
	}
	w.toServer(p.at, p.data(0, ""))
	if b := w.server.AppendAccept(w.now+second, seat, nil); len(b) != 0 {
		t.Fatal("ACCEPT to a confirmed seat")
	}
}

// failing is a source of randomness that has run dry.
type failing struct{ after int }

func (f *failing) Read(b []byte) (int, error) {
	if f.after -= len(b); f.after < 0 {
		return 0, bytes.ErrTooLarge
	}
	return len(b), nil
}

// TestNoRandomness: keys from a CSPRNG, or not at all.
func TestNoRandomness(t *testing.T) {
	cfg := MintConfig{Key: testKey(), ClientID: 7, Addresses: []netip.AddrPort{serverAddr}, Random: &failing{after: 60}}
	if _, err := Mint(wall(0), cfg); err == nil {
		t.Fatal("minted a token without keys")
	}
	if _, err := NewAdmission(0, AdmissionConfig{Random: &failing{}}); err == nil {
		t.Fatal("a server without a challenge key")
	}
	for _, room := range []int{0, 31, 55} { // a share takes 32, a nonce 24
		w := newWorld(t, nil)
		w.server.random = &failing{after: room}
		p := w.join(w.mint(7, nil), 1, nil)
		w.step(0)
		w.wantState(p, StateResponding)
		if w.drops(DropNoRandom) == 0 || w.server.Admission().Clients() != 0 {
			t.Fatal("a seat was given without keys")
		}
		w.server.random = w.random
		p.c.Disconnect(w.now)
		again := w.join(p.token, 2, nil)
		w.step(0)
		w.step(100 * ms)
		w.wantState(again, StateConnected)
		if w.drops(DropNoRandom) > 1 {
			t.Fatal("still no randomness")
		}
	}
}

package netcode

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

var forwardSecret = MintConfig{ForwardSecrecy: true}

// TestForwardSecrecy: token, Key and every byte that passed do not give the
// traffic keys away; with them a connection that has no exchange is open.
func TestForwardSecrecy(t *testing.T) {
	for _, want := range []MintConfig{{}, forwardSecret} {
		var offered, accepted []byte
		w := newWorld(t, nil)
		w.onServer = func(_ Source, b []byte) bool {
			if b[0] == wire.PrefixHandshake {
				offered = bytes.Clone(b)
			}
			return true
		}
		w.onClient = func(_ Source, b []byte) bool {
			if b[0] == wire.PrefixHandshake {
				accepted = bytes.Clone(b)
			}
			return true
		}
		token := w.mint(7, protect(want))
		p := w.join(token, 1, nil)
		w.step(0)
		w.wantState(p, StateConnected)

		k := newHandshakeKeys(token.keys(), testProtocol) // from a leaked token
		var o offer
		var a accept
		if o.open(k, offered) != DropNone || a.open(k, accepted, o.wireID, &o.share) != DropNone {
			t.Fatal("a leaked token does not open its handshake")
		}
		keys := k.traffic(&o.share, &a.share, nil, &trafficContext{protocolID: testProtocol, pad: token.Pad, connectionID: a.connectionID})
		in := newOpener(keys.toServer)
		_, _, drop := in.open(w.now, p.data(0, "secret"), connectionIDBytes, 0)
		if opens := drop == DropNone; opens != !want.ForwardSecrecy {
			t.Errorf("forward secrecy %v: a recording opens: %v", want.ForwardSecrecy, opens)
		}
		if p.c.private != nil {
			t.Error("the client keeps its private key")
		}
	}
}

// TestShares: a new key pair for every attempt and every address, and the same
// ones again from the same seed.
func TestShares(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, protect(forwardSecret))
	client := func(seed uint64) *Client {
		c, err := NewClient(w.now, w.unix(), token, ClientConfig{Random: newSeeded(seed)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a := client(1)
	first := a.share
	if b := client(1); b.share != first {
		t.Error("another share from the same seed")
	}
	if b := client(2); b.share == first {
		t.Error("the same share from another seed")
	}
	if !a.begin(0) || a.share == first {
		t.Error("the same share in another attempt")
	}
	if a.Disconnect(w.now); a.private != nil {
		t.Error("who gave up keeps a private key")
	}
}

// weakShares are the values of which X25519 makes nothing but zeros: points of
// order 1, 2, 4 and 8 of the curve and its twist, also written less than
// reduced, and with the bit set that is ignored.
func weakShares() (all [][shareBytes]byte) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	number := func(s string) *big.Int {
		n, _ := new(big.Int).SetString(s, 10)
		return n
	}
	eight := number("325606250916557431795983626356110631294008115727848805560023387167927233504")
	other := number("39382357235489614581723060781553021112529911719440698176882885853963445705823")
	one := big.NewInt(1)
	for _, n := range []*big.Int{
		new(big.Int), one, eight, other, new(big.Int).Sub(p, one), p, new(big.Int).Add(p, one),
	} {
		var share [shareBytes]byte
		n.FillBytes(share[:])
		for i := range share[:shareBytes/2] {
			share[i], share[shareBytes-1-i] = share[shareBytes-1-i], share[i]
		}
		all = append(all, share)
		share[shareBytes-1] |= 0x80
		all = append(all, share)
	}
	return all
}

// TestWeakShares: a peer, who has the token's keys, cannot make the secret one
// that others know. Its packet is dropped, and the attempt goes on.
func TestWeakShares(t *testing.T) {
	for _, weak := range weakShares() {
		w := newWorld(t, nil)
		p := w.join(w.mint(7, protect(forwardSecret)), 1, nil)
		w.onServer = func(_ Source, b []byte) bool {
			if b[0] != wire.PrefixHandshake {
				return true
			}
			w.onServer = nil
			var o offer
			if o.open(p.was.handshake, bytes.Clone(b)) != DropNone {
				t.Fatal("OFFER does not open")
			}
			o.share = weak
			forged, _ := o.append(w.random, p.was.handshake, nil)
			if ev := w.toServer(p.at, forged); ev.Drop != DropShare || ev.Kind != EventNone || w.server.Admission().Clients() != 0 {
				t.Fatalf("share %x at the server: %+v", weak, ev)
			}
			w.now += 100 * ms // the application is asked again
			return true
		}
		w.onClient = func(_ Source, b []byte) bool {
			if b[0] != wire.PrefixHandshake {
				return true
			}
			w.onClient = nil
			var a accept
			if a.open(p.was.handshake, bytes.Clone(b), p.c.wireID, &p.was.share) != DropNone {
				t.Fatal("ACCEPT does not open")
			}
			a.share = weak
			forged, _ := a.append(w.random, p.was.handshake, nil, p.c.wireID, &p.was.share)
			if ev := p.receive(forged); ev.Drop != DropShare || p.c.State() != StateResponding {
				t.Fatalf("share %x at the client: %+v", weak, ev)
			}
			return true
		}
		w.step(0)
		w.wantState(p, StateConnected)
		if ev := w.toServer(p.at, p.data(0, "x")); ev.Kind != EventPacket {
			t.Fatalf("event %+v", ev)
		}
	}
}

// TestForwardSecrecyAcceptLost: repeats and clients that are started anew work
// as without an exchange.
func TestForwardSecrecyAcceptLost(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, protect(forwardSecret))
	lost := 2
	w.onClient = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake && lost > 0 {
			lost--
			return false
		}
		return true
	}
	a := w.join(token, 1, nil)
	w.step(0)
	w.step(100 * ms)
	b := w.join(token, 2, nil)
	w.step(100 * ms)
	w.step(100 * ms)
	w.wantState(b, StateConnected)
	if ev := w.toServer(b.at, b.data(0, "x")); ev.Kind != EventPacket || !ev.First {
		t.Fatalf("event %+v, client %v", ev, a.c.State())
	}
}

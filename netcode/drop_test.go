package netcode

import (
	"net/netip"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestDropCounters: what a stranger, or a hostile holder of a token, makes the server do is
// counted under its own name. The other reasons are looked for where their checks are tested.
func TestDropCounters(t *testing.T) {
	for drop, provoke := range map[Drop]func(w *world){
		DropAddressLimit: func(w *world) {
			for port := range uint16(200) {
				w.forge(1, port)
			}
		},
		DropNetworkLimit: func(w *world) {
			for i := range 2000 {
				w.forge(byte(i), uint16(i>>8))
			}
		},
		DropBusy: func(w *world) {
			for i := range 600 {
				w.request(w.mint(uint64(i), nil), uint16(i))
			}
		},
		DropTokenMalformed: func(w *world) {
			token := w.mint(1, nil)
			token.Addresses = nil
			token.sealPrivate(&MintConfig{Key: testKey()})
			w.request(token, 1)
		},
		DropWireVersion: provokeWireVersion,
		DropEpoch:       provokeEpoch,
		DropQueueFull: func(w *world) {
			w.confirmed(w.mint(1, nil), 1)
			token := w.mint(2, plainToken)
			for i := range maxParcels + 3 {
				w.request(token, uint16(i))
			}
		},
	} {
		w := newWorld(t, func(c *ServerConfig) {
			c.Plain, c.MaxClients, c.MaxTokens = PlainAllow, 1, 1000
			c.FailuresPerSecond, c.HandshakesPerSecond = -1, -1
			switch drop {
			case DropAddressLimit, DropNetworkLimit:
				c.FailuresPerSecond = 64
			case DropBusy:
				c.HandshakesPerSecond = 1000
			}
		})
		provoke(w)
		switch n := w.drops(drop); {
		case n == 0:
			t.Errorf("no %v in %v", drop, dropNames(w.server.Counters()))
		case n > 10_000:
			t.Errorf("%v: %d", drop, n)
		}
	}
}

// provokeWireVersion sends an OFFER of a version that does not exist yet.
func provokeWireVersion(w *world) {
	p := w.join(w.mint(1, nil), 1, nil)
	w.onServer = func(_ Source, b []byte) bool { return b[0] == wire.PrefixRequest }
	w.step(0)
	w.onServer = nil
	o := offer{
		sequence: p.was.challenge, version: wire.Version + 1, share: p.was.share,
		padItems: p.token.Pad.raw(), challenge: p.was.challengeBy[:],
	}
	b, _ := o.append(w.random, p.was.handshake, nil)
	w.toServer(p.at, b)
	if r := p.was.refusal; r.Code != CodeVersion {
		w.t.Errorf("told %+v", r)
	}
}

// provokeEpoch sends a packet of another epoch between two of the first.
func provokeEpoch(w *world) {
	p, _ := w.confirmed(w.mint(1, nil), 1)
	w.toServer(p.at, p.data(2, "frames"))
	w.toServer(p.at, p.data(5, "frames"))
	b := p.data(3, "frames")
	b[0] ^= wire.PrefixDataEpoch
	w.toServer(p.at, b)
}

// forge shows a request that no key opens, from a port of a host of one network.
func (w *world) forge(host byte, port uint16) {
	b := (&Client{token: w.mint(1, nil)}).appendRequest(nil)
	b[requestTokenAt] ^= 1
	w.toServer(SourceFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, host}), port)), b)
}

package swarm

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet/world"
)

// A flipper shows the spy one byte of one packet otherwise than it was sealed.
type flipper struct {
	saboteur
	left int
}

func (f *flipper) Datagram(to netip.AddrPort, b []byte, pass func(netip.AddrPort, []byte)) {
	if f.left--; f.left == 0 && b[0]&wire.PrefixDataMask == wire.PrefixData {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 1
	}
	pass(to, b)
}

// TestSwarmSpy: whatever protects the packets, the spy of the world opens all of them, and
// notices one that is not what was sealed.
func TestSwarmSpy(t *testing.T) {
	for suite := netcode.SuiteChaCha20Poly1305; suite <= netcode.SuiteSignedOnly; suite++ {
		for _, seal := range []Seal{{Suite: suite}, {Suite: suite, ForwardSecrecy: true}} {
			clean, flipped := sealed(t, seal, -1), sealed(t, seal, 500)
			if len(clean.Violations) > 0 || clean.KeyChanges < 20 {
				t.Errorf("%+v: %d key changes, %v", seal, clean.KeyChanges, clean.Violations)
			}
			if v := flipped.Violations; len(v) != 1 || v[0].Checker != world.NonceOnce || !strings.Contains(v[0].What, "does not open") {
				t.Errorf("%+v: a packet is another one: %v", seal, v)
			}
		}
	}
}

// sealed plays a small game, in which the spy is shown one datagram otherwise.
func sealed(t *testing.T, seal Seal, flip int) world.Report {
	t.Helper()
	base := quiet().Base
	base.Channels, base.EpochPackets = Channels(), 20
	w, err := world.New(world.Config{
		Seed: 1, Channels: base.Channels,
		Server: tickwire.ServerConfig{Config: base, DevelopmentToken: seal.ask},
		Client: tickwire.ClientConfig{Config: base},
		Tap:    &flipper{saboteur{random: rand.New(rand.NewPCG(1, 1))}, flip},
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range uint64(2) {
		if _, err := w.Join(1 + id); err != nil {
			t.Fatal(err)
		}
	}
	w.Run(10*time.Second, func() {
		for e := range w.Ends() {
			_ = e.Send(base.Channels[0].Config().ID, world.Message{Size: 30})
		}
	})
	return w.Report()
}

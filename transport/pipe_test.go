package transport_test

import (
	"testing"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/transporttest"
)

// TestPipe: the socket of the Example keeps what the seam asks for.
func TestPipe(t *testing.T) {
	transporttest.Run(t, func(*testing.T) transporttest.Link {
		a, b := NewPipe()
		return transporttest.Link{
			A: a, B: b, ToB: a.Peer(), ToA: b.Peer(),
			Nowhere: transport.Path{Kind: transport.KindCustom, Association: 9},
		}
	})
}

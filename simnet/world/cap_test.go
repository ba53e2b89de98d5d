package world

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// TestCaps: a channel that sends more than its rate gives is found out, one that keeps to it is
// not, whatever it is given to send.
func TestCaps(t *testing.T) {
	for _, size := range []int{100, 30_000} {
		for _, planted := range []bool{false, true} {
			cfg := config()
			cfg.Links.Up.BitsPerSecond, cfg.Links.Down.BitsPerSecond = 0, 0
			capped := tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableUnordered, BytesPerSecond: 20_000}
			cfg.Channels = tickwire.Channels(tickwire.NewRawChannel(capped))
			if planted {
				cfg.Plant = func(c *tickwire.Config) {
					free := capped
					free.BytesPerSecond = 2 * capped.BytesPerSecond
					c.Channels = tickwire.Channels(tickwire.NewRawChannel(free))
				}
			}
			w := newWorld(t, cfg)
			p := join(t, w, 1)
			w.Run(5*time.Second, func() {
				for range 60_000 / size {
					_ = p.Client.Send(1, Message{Size: size}) // until it is full
				}
			})
			w.Close()
			found := 0
			for _, v := range w.Violations() {
				if v.Checker != Caps {
					t.Errorf("%v", v)
				}
				found++
			}
			if (found > 0) != planted {
				t.Errorf("messages of %d bytes, planted %v: %d violations", size, planted, found)
			}
		}
	}
}

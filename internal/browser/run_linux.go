package browser

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tickwire/tickwire/internal/netns"
)

// Run plays a test with a browser in a network of its own ([netns.Run]), where it makes data channels and reaches
// nobody else. Options are those of [Start].
func Run(t *testing.T, play func(chromium *Browser), options ...chromedp.ExecAllocatorOption) {
	t.Helper()
	netns.Run(t, func(n *netns.Net) {
		n.Pair(n.Here(), "eth0", "10.77.0.1/24", n.Host("nobody"), "eth0", "10.77.0.2/24")
		play(Start(t, options...))
	})
}

// Package browser lets a test open pages in headless Chromium, and run JavaScript there.
//
//	chromium := browser.Start(t)
//	page := chromium.Open(socket.URL())
//	score := browser.Eval[int](page, `play(3)`)
//
// It needs Chromium, which .ci/deps installs; where there is none a test fails and says how to
// get it. A test of WebRTC runs inside [netns.Run], with a pair of network cards: Chromium makes no
// data channel on a machine that has loopback alone, and shows itself to the network on one that has more.
//
// [netns.Run]: https://pkg.go.dev/github.com/tickwire/tickwire/internal/netns
package browser

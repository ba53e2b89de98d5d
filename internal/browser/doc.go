// Package browser lets a test open pages in headless Chromium, and run JavaScript there.
//
//	chromium := browser.Start(t)
//	page := chromium.Open(socket.URL())
//	score := browser.Eval[int](page, `play(3)`)
//
// It needs Chromium, which .ci/deps installs; where there is none a test fails and says how to
// get it. A test of WebRTC plays in [Run], with a pair of network cards: Chromium makes no data
// channel on a machine that has loopback alone, and shows itself to the network on one that has more.
//
// Tests in Go that are compiled for the browser are run there by [BuildTests].
package browser

// Package ages has tests alone: of how old that is what a player in a browser sees. Chromium plays in a network
// namespace, a server in another one, and what lies between them is an impaired wire ([netns.Wire]), so that TCP,
// QUIC and data channels are what kernels and the browser make of them. A page whose network blocks or cuts
// one kind of packets plays on; and under loss the newest state is hardly ever old by WebTransport and WebRTC. `make browsers`
// plays that for longer, and writes what docs/browsers.md shows.
//
// [netns.Wire]: https://pkg.go.dev/github.com/tickwire/tickwire/internal/netns#Wire
package ages

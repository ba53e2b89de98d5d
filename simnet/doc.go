// Package simnet is a network that misbehaves on demand and the same way each
// time: links with delay, jitter, loss, duplication, reordering, corruption, a
// bottleneck with a queue, and recorded or generated capacity over time.
//
// It has three layers, each usable alone:
//
//   - A [Link] is one direction of a path. It has no clock, no goroutine and no
//     socket: the caller says what time it is, puts datagrams in with Send and
//     takes them out with Receive. A seed fixes every choice it makes.
//   - A [Network] is a set of hosts with in-memory sockets over such links, in
//     virtual time: a test advances the clock, and ten minutes of play pass in
//     about a second. Its sockets are [transport.Socket]s.
//   - A [Relay] puts the same links between two real UDP programs, and a [StreamRelay] between two that
//     speak TCP.
//
// On a Network the address of a socket can change ([Network.Rebind]), a program can have sockets
// on several hosts, sockets can be as reliable as a stream (Reliable of [SocketConfig]), and
// an attacker on the line can forward, replay and forge datagrams ([Bystander]).
//
// # What happens to a datagram
//
// The order of effects is fixed, that of a path with one bottleneck:
//
//  1. It is refused if the link is cut, if it exceeds the MTU, or if the link
//     holds too much already (MaxBytes).
//  2. It joins the drop-tail queue in front of the bottleneck, or is dropped
//     because the queue is full. The bottleneck passes datagrams on at
//     BitsPerSecond, or as the Trace allows, including headers.
//  3. It may be lost, alone or within a burst.
//  4. It takes Delay plus jitter to arrive, may be held back so that later ones
//     overtake it, may arrive twice, and may arrive with bits flipped.
//
// Each effect has a random stream of its own, and every datagram draws
// from all of them: so the 100th datagram has the same jitter when the loss
// is turned up.
//
// [LAN], [WiFi] and the other presets document the reasons for their
// numbers; [Preset] finds them by name.
package simnet

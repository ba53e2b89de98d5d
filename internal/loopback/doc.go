// Package loopback measures the library over real UDP on one machine, beside bare sockets that
// move the same messages: round trips, small messages as fast as they go, a transfer, a game's
// ticks, and what a connection costs that says nothing. `tickwire bench` shows it.
//
// Client and server share one CPU ([Pin]), so that a figure is what both ends cost and not how
// well two cores divide the work. What matters is the ratio to bare UDP of the same round:
// machines differ, and so does what else they do. A [Floor] is judged and never enforced.
package loopback

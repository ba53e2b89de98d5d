// Package workload measures what two endpoints make of a link: how late the messages of a
// stream are, how much of a bottleneck a bulk transfer gets, and how long a queue it leaves
// there. A [Cell] says what is played over which link; [Cell.Run] plays it in virtual time, from
// event to event, and returns a [Result]. The same cell and seed give the same result.
//
// The endpoints are driven as package tickwire drives them, but for the seal, whose bytes are
// counted and not made: HELLO travels in the handshake, before the clock starts, and a datagram
// is as large as if it were sealed. The sender flushes each message at its tick; what arrives is
// handed to the receiver at once; deadlines are served exactly in time.
package workload

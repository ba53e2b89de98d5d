// Package mem moves datagrams within one process: between a game and the server
// that it hosts itself, or between the two ends of a test.
//
// [Pair] joins two sockets. [Listen] opens a server socket that any number of
// clients can [Server.Dial], each of them a [transport.Path] of its own. They
// behave like a network that is fast and well but not endless: every socket has
// a bounded queue, and a datagram that finds it full is lost and counted.
//
// There are no goroutines in here, and no allocations once the queues have been
// in use. Datagrams are stamped with the system's time. A game in time of its own
// making wants the sockets of package simnet: over these, what came within a second
// of its time may have come within a moment, which counts as too fast.
package mem

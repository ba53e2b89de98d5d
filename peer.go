package tickwire

import "time"

// A peer is who a Conn leads to, as the side knows it that has the Conn: a player at a Server, the
// server that a Client dials. It is netcode's part of the Conn: who may talk, from where, and who
// comes back; the endpoint is the other part.
type peer interface {
	// handled is called when a packet of the peer's, which has opened, was given to the endpoint.
	handled()
	// timePassed is called when time has done something to the endpoint, or deadline was reached.
	timePassed()
	// deadline is when timePassed wants to be called whatever the endpoint has to do.
	deadline() int64
	// silence is how long it may last; 0: for ever.
	silence() time.Duration
	// keptUntil is how long the Conn is kept while nothing is heard of the peer; never: it is there.
	keptUntil() int64
	// uses reports whether the peer may yet be reached by a socket, beside the ways of the Conn.
	uses(p *port) bool
	// drain begins the end of an open Conn that shall lose nothing.
	drain(within time.Duration, code Code, text string)
	// abort ends a Conn whose handshake is not complete.
	abort(r Reason)
	// disconnected is called when Disconnected was queued: the peer's place is free, though the
	// endpoint may still say goodbye.
	disconnected()
	// forget is called when that is said, too.
	forget()
}

// Package peer is what every system under comparison is driven through: a client that sends to a
// server over one connection, on two lanes.
package peer

import (
	"context"
	"io"
)

// A Lane is where a message goes.
type Lane uint8

const (
	// Stream is for small messages that matter now, in order.
	Stream Lane = iota
	// Bulk is for a transfer that is always full, beside it.
	Bulk
	// Lanes is how many there are.
	Lanes
)

// Traits are what a reader of the table has to know of a system.
type Traits struct {
	Encrypted  bool
	Unreliable bool // messages of the stream may get lost, and come out of order
	NoBulk     bool // it has nothing that a bulk transfer could go by
	Beside     bool // its Bulk is that of another system: it plays no workload that is Bulk alone
	OneQueue   bool // a message of the stream waits behind what Bulk has queued
}

// A Site is where a measurement takes place. All addresses are host:port.
type Site struct {
	Listen string // the server's own address
	Public string // where the client finds the server: the relay's address
	// Aside is an address for TCP, past the relay, for who has to exchange something before the
	// first datagram. Only that may go there.
	Aside string
}

// A System is one protocol and its library.
type System interface {
	Name() string
	// Module is the path of the Go module it is from.
	Module() string
	Traits() Traits
	// Listen serves at site.Listen until it is closed, and hands over each message that it
	// receives. Calls of took for one lane come one after another; msg is valid during the call.
	Listen(site Site, took func(lane Lane, msg []byte)) (io.Closer, error)
	// Dial connects to site.Public, and returns when messages can be sent.
	Dial(ctx context.Context, site Site) (Conn, error)
}

// A Conn is the client's side of a connection. Each lane is used by one goroutine.
type Conn interface {
	// Send queues a message and copies it. It blocks while the system's own queue is full.
	Send(lane Lane, msg []byte) error
	// Flush has everything leave that was sent on a lane.
	Flush(lane Lane) error
	Close() error
}

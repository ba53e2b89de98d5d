package world

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire"
)

// A Checker names the promise that a Violation broke.
type Checker string

// The checkers.
const (
	// ExactlyOnce: no message is received twice.
	ExactlyOnce Checker = "exactly once"
	// InOrder: ReliableOrdered messages are received in the order of sending,
	// without a gap. Those of a group may change places with each other only; what may get
	// lost comes in its place or not at all.
	InOrder Checker = "order"
	// LatestOnly: no value of a Latest channel is older than one of its key before it.
	LatestOnly Checker = "latest"
	// Untouched: every payload is one that was sent, byte for byte.
	Untouched Checker = "untouched"
	// Receipts: each resolves once; Delivered means that the peer has the message,
	// Lost that it need not have it, for a reason that the channel and the options of the
	// message allow.
	Receipts Checker = "receipts"
	// Expiry: only what had a time to live is reported as Expired, not before that is over
	// and not long after.
	Expiry Checker = "expiry"
	// Arrival: what a reliable channel accepted arrives once links heal.
	Arrival Checker = "arrival"
	// Drained: what was accepted before a drain has arrived when the drain says that nothing
	// is left, and something is left only when its time was over, which it does not exceed.
	Drained Checker = "drain"
	// Held: nobody times out while its peer is silent as it has announced.
	Held Checker = "hold"
	// MemoryBound: queues, windows, receipts and buffers stay within their limits, and all
	// buffers come back.
	MemoryBound Checker = "memory"
	// Budget: no more leaves in a flush than the game allows with LimitBudget.
	Budget Checker = "budget"
	// Caps: no channel sends more than its BytesPerSecond.
	Caps Checker = "caps"
	// Limits: nobody sends more than the peer says that it takes.
	Limits Checker = "limits"
	// Room: Writable follows when a queue that was full has room again, and not else.
	Room Checker = "room"
	// Life: Connected first, Disconnected once and last, for a reason that the world gave
	// it.
	Life Checker = "life"
	// Comebacks: the game is told when its peer is away, and when he is back; and of two processes
	// that both know of their connection nothing is lost by that. What somebody has come back
	// without does not come later.
	Comebacks Checker = "comebacks"
	// Seats: never more players than seats; a reserved one is there for its player until its
	// time is over, and for everybody then; all come back.
	Seats Checker = "seats"
	// NonceOnce: no key and nonce seal two contents, in whatever connection, epoch and run of
	// a server; and everything is sealed with the right keys.
	NonceOnce Checker = "nonce"
	// Amplified: towards an address from which nobody has shown yet that he hears the server, it
	// sends at most three bytes for each that came from there.
	Amplified Checker = "amplified"
	// Stolen: no end takes an address for its peer's that is somebody else's.
	Stolen Checker = "stolen"
	// Gap: what is unreliable goes on within two round trips of the first packet from a new
	// address, and the path of a line that carries again is soon back.
	Gap Checker = "gap"
)

// A Violation is a promise that was broken.
type Violation struct {
	Checker Checker       `json:"checker"`
	At      time.Duration `json:"at"`    // since the world began
	Where   string        `json:"where"` // player, direction and channel
	What    string        `json:"what"`
}

// String tells the violation in a line.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %v %s: %s", v.Checker, v.At, v.Where, v.What)
}

// maxViolations is how many are kept; all are counted.
const maxViolations = 100

// A judge collects violations.
type judge struct {
	kept  []Violation
	count int
}

func (j *judge) add(v Violation) {
	j.count++
	if len(j.kept) < maxViolations {
		j.kept = append(j.kept, v)
	}
}

// A Tap stands between the library and the checkers. It sees everything that
// the library hands out before they do, and passes it on, or something else.
type Tap interface {
	// Message gets a payload that was received on a lane.
	Message(l *Lane, payload []byte, pass func(payload []byte))
	// Event gets an event of one end.
	Event(e *End, ev tickwire.Event, pass func(tickwire.Event))
	// Sent gets the memory in which a message was built that the library has accepted: in
	// place, or once for many lanes, of which this is one. It is the library's own now.
	Sent(l *Lane, memory []byte, many bool)
	// Datagram gets what a socket writes, and to whom, for those checkers that read the wire;
	// what is on the network does not change.
	Datagram(to netip.AddrPort, b []byte, pass func(to netip.AddrPort, b []byte))
	// Place gets the address at which an end has its peer, and says what the checkers hear.
	Place(e *End, at netip.AddrPort) netip.AddrPort
	// Takes says whether the game takes the messages of a lane at all.
	Takes(l *Lane) bool
	// Announces says whether the game of an end announces that it will be silent.
	Announces(e *End) bool
}

package swarm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet/world"
)

// A Fault is a lie told to the checkers about one message, or one event, in ten
// thousand: as if the library had made the mistake. A run with a fault must
// fail, and the checker that catches it must be the fault's.
type Fault string

// The faults.
const (
	NoFault       Fault = ""
	Twice         Fault = "twice"          // a message is delivered twice
	Swapped       Fault = "swapped"        // two messages of an ordered channel change places
	Stale         Fault = "stale"          // two values of a Latest channel change places
	Altered       Fault = "altered"        // a byte is changed
	Truncated     Fault = "truncated"      // the last byte is missing
	Invented      Fault = "invented"       // a message comes that nobody sent
	Vanished      Fault = "vanished"       // a reliable message does not come
	FalseReceipt  Fault = "false receipt"  // Lost is reported as Delivered
	FalseLoss     Fault = "false loss"     // Delivered is reported as Lost
	ReceiptTwice  Fault = "receipt twice"  // a receipt resolves twice
	ReceiptLess   Fault = "receipt less"   // a receipt never resolves
	LeakedBuffer  Fault = "leaked buffer"  // a buffer does not come back
	EndlessQueue  Fault = "endless queue"  // a queue grows without bound
	EndlessWindow Fault = "endless window" // receive windows grow without bound
	AfterLife     Fault = "after life"     // an event comes after Disconnected
	FalseEnd      Fault = "false end"      // a connection ends for no reason
)

// Faults lists them all, each with the checker that must catch it.
func Faults() []Planted {
	return []Planted{
		{Twice, world.ExactlyOnce},
		{Swapped, world.InOrder},
		{Stale, world.LatestOnly},
		{Altered, world.Untouched},
		{Truncated, world.Untouched},
		{Invented, world.Untouched},
		{Vanished, world.Arrival},
		{FalseReceipt, world.Receipts},
		{FalseLoss, world.Receipts},
		{ReceiptTwice, world.Receipts},
		{ReceiptLess, world.Receipts},
		{LeakedBuffer, world.MemoryBound},
		{EndlessQueue, world.MemoryBound},
		{EndlessWindow, world.MemoryBound},
		{AfterLife, world.Life},
		{FalseEnd, world.Life},
	}
}

// A Planted fault and the checker that catches it.
type Planted struct {
	Fault   Fault
	Checker world.Checker
}

// ParseFault finds a fault by its name.
func ParseFault(name string) (Fault, error) {
	f := Fault(name)
	if f == NoFault || slices.ContainsFunc(Faults(), func(p Planted) bool { return p.Fault == f }) {
		return f, nil
	}
	return NoFault, fmt.Errorf("swarm: no fault %q", name)
}

// oneIn is how rare a fault is.
const oneIn = 10_000

// tap makes the fault happen; nil if there is none.
func (f Fault) tap(seed uint64) world.Tap {
	if f == NoFault {
		return nil
	}
	return &saboteur{fault: f, random: rand.New(rand.NewPCG(seed, 0x6661756c74))}
}

// A saboteur is the tap of a fault.
type saboteur struct {
	fault  Fault
	random *rand.Rand
	due    bool // the fault waits for a message that suits it
	held   heldBack
	leaked int
	queue  int
}

// heldBack is a message that the next one of its lane overtakes.
type heldBack struct {
	lane    *world.Lane
	payload []byte
}

// Message implements world.Tap.
func (s *saboteur) Message(l *world.Lane, payload []byte, pass func([]byte)) {
	s.due = s.due || s.random.IntN(oneIn) == 0
	switch {
	case s.held.lane == l:
		pass(payload)
		pass(s.held.payload)
		s.held.lane = nil
	case s.due && s.suits(l, payload):
		s.due = false
		s.spoil(l, payload, pass)
	default:
		pass(payload)
	}
}

// suits reports whether the fault breaks a promise of this lane.
func (s *saboteur) suits(l *world.Lane, payload []byte) bool {
	d := l.Channel().Delivery
	switch s.fault {
	case Swapped:
		return d == tickwire.ReliableOrdered
	case Stale:
		return d == tickwire.ReliableLatest || d == tickwire.UnreliableLatest
	case Vanished:
		return d == tickwire.ReliableUnordered
	case Altered, Truncated:
		return len(payload) > world.StampBytes
	case Twice:
		return len(payload) >= world.StampBytes
	case FalseReceipt, FalseLoss, ReceiptTwice, ReceiptLess, FalseEnd, AfterLife:
		return false // they wait for an event
	}
	return true
}

func (s *saboteur) spoil(l *world.Lane, payload []byte, pass func([]byte)) {
	switch s.fault {
	case Twice:
		pass(payload)
		pass(payload)
	case Swapped, Stale:
		s.held = heldBack{l, bytes.Clone(payload)}
	case Altered:
		b := bytes.Clone(payload)
		b[s.random.IntN(len(b))] ^= 1 << s.random.IntN(8)
		pass(b)
	case Truncated:
		pass(payload[:len(payload)-1])
	case Invented:
		pass(payload)
		pass([]byte("nobody sent this"))
	case Vanished:
	default: // those that show in what a host says of its memory
		s.leaked++
		s.queue += 1 << 30
		pass(payload)
	}
}

// Event implements world.Tap.
func (s *saboteur) Event(e *world.End, ev tickwire.Event, pass func(tickwire.Event)) {
	switch {
	case !s.due:
	case s.fault == FalseReceipt && ev.Kind == tickwire.Lost && ev.Why == tickwire.NotKnown:
		s.due = false
		ev.Kind = tickwire.Delivered
	case s.fault == FalseLoss && ev.Kind == tickwire.Delivered && e.Open():
		s.due = false
		ev.Kind, ev.Why = tickwire.Lost, tickwire.ConnClosed
	case s.fault == ReceiptTwice && ev.Kind == tickwire.Delivered:
		s.due = false
		pass(ev)
	case s.fault == ReceiptLess && ev.Kind == tickwire.Delivered:
		s.due = false
		return
	case s.fault == FalseEnd && ev.Kind == tickwire.Delivered:
		s.due = false
		pass(tickwire.Event{Kind: tickwire.Disconnected, Conn: ev.Conn, Reason: tickwire.Reason{Code: tickwire.CodeProtocol}})
		return
	case s.fault == AfterLife && ev.Kind == tickwire.Disconnected:
		s.due = false
		pass(ev)
		ev = tickwire.Event{Kind: tickwire.Delivered, Conn: ev.Conn, Receipt: 1}
	}
	pass(ev)
}

// Memory implements world.Tap.
func (s *saboteur) Memory(m *world.Memory) {
	switch s.fault {
	case LeakedBuffer:
		m.BuffersInUse += s.leaked
	case EndlessQueue:
		m.QueuedBytes += s.queue
	case EndlessWindow:
		m.WindowBytes += s.queue
	}
}

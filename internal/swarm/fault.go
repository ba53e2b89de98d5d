package swarm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/simnet/world"
)

// A Fault is a lie told to the checkers about one message, or one event, in ten
// thousand, as if the library had made the mistake; or, of those about memory, a
// game that really holds what it should not. A run with a fault must fail, and
// the checker that catches it must be the fault's.
type Fault string

// The faults.
const (
	NoFault       Fault = ""
	Twice         Fault = "twice"          // a message is delivered twice
	Swapped       Fault = "swapped"        // two messages of an ordered channel change places
	Stale         Fault = "stale"          // two values of a Latest channel that have no key change places
	StaleKey      Fault = "stale key"      // two values of one key change places
	Straggler     Fault = "straggler"      // a message of a group comes after the group
	EarlyExpiry   Fault = "early expiry"   // Delivered is reported as Lost (Expired), before the time is over
	Altered       Fault = "altered"        // a byte is changed
	Truncated     Fault = "truncated"      // the last byte is missing
	Reused        Fault = "reused"         // a draft that was sent is written to
	Meddled       Fault = "meddled"        // a message to many is changed when the first of them has it
	Invented      Fault = "invented"       // a message comes that nobody sent
	Vanished      Fault = "vanished"       // a reliable message does not come
	FalseReceipt  Fault = "false receipt"  // Lost is reported as Delivered
	FalseLoss     Fault = "false loss"     // Delivered is reported as Lost
	ReceiptTwice  Fault = "receipt twice"  // a receipt resolves twice
	ReceiptLess   Fault = "receipt less"   // a receipt never resolves
	LeakedBuffer  Fault = "leaked buffer"  // what arrived is kept
	EndlessQueue  Fault = "endless queue"  // a queue grows beyond its limit
	EndlessWindow Fault = "endless window" // receive windows grow that must not
	EndlessStore  Fault = "endless store"  // what arrived is kept, beyond every window
	ForgottenSeat Fault = "forgotten seat" // a reservation is forgotten
	EndlessSeat   Fault = "endless seat"   // a reservation does not end in time
	BudgetIgnored Fault = "budget ignored" // a flush sends more than the game allows
	CapIgnored    Fault = "cap ignored"    // a channel sends faster than it is configured to
	LimitIgnored  Fault = "limit ignored"  // more is sent than the peer says that it takes
	AfterLife     Fault = "after life"     // an event comes after Disconnected
	FalseEnd      Fault = "false end"      // a connection ends for no reason
	ShortDrain    Fault = "short drain"    // drains end early and say that nothing is left
	Unannounced   Fault = "unannounced"    // a game that loads is taken for dead
	Resealed      Fault = "resealed"       // a number seals two contents

	// Flood is none: as much is sent at once as with those that fill memory, and the limits hold.
	Flood Fault = "flood"
)

// Faults lists them all, each with the checker that must catch it.
func Faults() []Planted {
	return []Planted{
		{Twice, world.ExactlyOnce},
		{Swapped, world.InOrder},
		{Stale, world.LatestOnly},
		{StaleKey, world.LatestOnly},
		{Straggler, world.InOrder},
		{EarlyExpiry, world.Expiry},
		{Altered, world.Untouched},
		{Truncated, world.Untouched},
		{Reused, world.Untouched},
		{Meddled, world.Untouched},
		{Invented, world.Untouched},
		{Vanished, world.Arrival},
		{FalseReceipt, world.Receipts},
		{FalseLoss, world.Receipts},
		{ReceiptTwice, world.Receipts},
		{ReceiptLess, world.Receipts},
		{LeakedBuffer, world.MemoryBound},
		{EndlessQueue, world.MemoryBound},
		{EndlessWindow, world.MemoryBound},
		{EndlessStore, world.MemoryBound},
		{ForgottenSeat, world.Seats},
		{EndlessSeat, world.Seats},
		{BudgetIgnored, world.Budget},
		{CapIgnored, world.Caps},
		{LimitIgnored, world.Limits},
		{AfterLife, world.Life},
		{FalseEnd, world.Life},
		{ShortDrain, world.Drained},
		{Unannounced, world.Held},
		{Resealed, world.NonceOnce},
	}
}

// A Planted fault and the checker that catches it.
type Planted struct {
	Fault   Fault
	Checker world.Checker
}

// ParseFault finds one of some faults by its name.
func ParseFault(name string, among []Planted) (Fault, error) {
	f := Fault(name)
	if f == NoFault || slices.ContainsFunc(among, func(p Planted) bool { return p.Fault == f }) {
		return f, nil
	}
	return NoFault, fmt.Errorf("swarm: no fault %q here", name)
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
	fault   Fault
	random  *rand.Rand
	due     bool // the fault waits for a message that suits it
	held    heldBack
	hoards  bool        // the game takes no messages of some lanes any more
	stuffed *world.Lane // is flooded again and again
	memory  []byte      // of a message to many that nobody has yet
}

// heldBack is a message that the next one of its lane overtakes: the next that must not.
type heldBack struct {
	lane    *world.Lane
	payload []byte
	opts    tickwire.SendOptions
}

// mustStay reports whether the message that is held back must not come after this one.
func (h *heldBack) mustStay(l *world.Lane, payload []byte) bool {
	if h.lane != l {
		return false
	}
	switch opts, _ := l.Options(payload); l.Channel().Delivery {
	case tickwire.UnreliableLatest, tickwire.ReliableLatest:
		return opts.Keyed == h.opts.Keyed && opts.Key == h.opts.Key
	default:
		return h.opts.Group == 0 || opts.Group != h.opts.Group
	}
}

// Message implements world.Tap.
func (s *saboteur) Message(l *world.Lane, payload []byte, pass func([]byte)) {
	s.due = s.due || s.random.IntN(oneIn) == 0
	s.cutDrain(l.From())
	s.stuff(l.From())
	if s.fault == Meddled && len(s.memory) > 0 && bytes.Equal(s.memory, payload) {
		payload = bytes.Clone(payload)
		s.memory[len(s.memory)-1] ^= 1
		s.memory = nil
	}
	switch {
	case s.held.mustStay(l, payload):
		pass(payload)
		pass(s.held.payload)
		s.held.lane = nil
	case s.due && s.held.lane == nil && s.suits(l, payload):
		s.due = false
		s.spoil(l, payload, pass)
	default:
		pass(payload)
	}
}

// stuff keeps one end full of messages that nobody takes, if the fault is that.
func (s *saboteur) stuff(e *world.End) {
	if s.stuffed == nil || e != e.Player().Server {
		return
	}
	if !s.stuffed.From().Open() {
		s.stuffed = e.Lanes()[tickwire.ReliableUnordered]
	}
	if s.stuffed.From() == e {
		flood(s.stuffed)
	}
}

// cutDrain ends a drain early, if the fault is that.
func (s *saboteur) cutDrain(e *world.End) {
	if s.fault == ShortDrain && s.due && e.Draining() {
		e.Conn().Drain(tickwire.CodeNone, "", 0)
	}
}

// suits reports whether the fault breaks a promise of this lane.
func (s *saboteur) suits(l *world.Lane, payload []byte) bool {
	d := l.Channel().Delivery
	opts, _ := l.Options(payload)
	switch s.fault {
	case Swapped:
		return d == tickwire.ReliableOrdered && opts.Group == 0
	case Straggler:
		return d == tickwire.ReliableOrdered && opts.Group != 0
	case Stale, StaleKey:
		return (d == tickwire.ReliableLatest || d == tickwire.UnreliableLatest) && opts.Keyed == (s.fault == StaleKey)
	case Vanished:
		return d == tickwire.ReliableUnordered && opts.TTL == 0
	case EndlessStore:
		return d == tickwire.ReliableUnordered && l.From() == l.From().Player().Server
	case EndlessQueue, EndlessWindow, Flood:
		return d == tickwire.ReliableUnordered
	case Reused, Meddled:
		return false // they wait for what is sent
	case Altered, Truncated:
		return len(payload) > world.StampBytes
	case Twice:
		return len(payload) >= world.StampBytes
	case FalseReceipt, FalseLoss, EarlyExpiry, ReceiptTwice, ReceiptLess, FalseEnd, AfterLife, ShortDrain, Unannounced:
		return false // they wait for an event
	case ForgottenSeat, EndlessSeat:
		return false // the run plants them
	case Resealed:
		return false // it waits for a datagram
	case BudgetIgnored, CapIgnored, LimitIgnored:
		return false // they are in the configuration
	}
	return true
}

func (s *saboteur) spoil(l *world.Lane, payload []byte, pass func([]byte)) {
	switch s.fault {
	case Twice:
		pass(payload)
		pass(payload)
	case Swapped, Straggler, Stale, StaleKey:
		opts, _ := l.Options(payload)
		s.held = heldBack{l, bytes.Clone(payload), opts}
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
	case LeakedBuffer:
		pass(payload)
		s.hoards = true
	case EndlessStore:
		pass(payload)
		s.hoards = true
		s.stuffed = l
	case EndlessQueue, EndlessWindow, Flood:
		pass(payload)
		flood(l)
	}
}

// Sent implements world.Tap. What a game must not do is really done here, to the memory that the
// library has.
func (s *saboteur) Sent(l *world.Lane, memory []byte, many bool) {
	d := l.Channel().Delivery
	if d != tickwire.ReliableOrdered && d != tickwire.ReliableUnordered || len(memory) < world.StampBytes {
		return
	}
	switch {
	case s.fault == Reused && s.due && !many:
		s.due = false
		memory[0]++
	case s.fault == Meddled && many:
		s.memory = memory
	}
}

// Event implements world.Tap.
func (s *saboteur) Event(e *world.End, ev tickwire.Event, pass func(tickwire.Event)) {
	switch {
	case !s.due:
	case s.fault == ShortDrain && e.Draining():
		ev.Undelivered = 0
	case s.fault == FalseReceipt && ev.Kind == tickwire.Lost && ev.Why == tickwire.NotKnown:
		s.due = false
		ev.Kind = tickwire.Delivered
	case s.fault == FalseLoss && ev.Kind == tickwire.Delivered && e.Open():
		s.due = false
		ev.Kind, ev.Why = tickwire.Lost, tickwire.ConnClosed
	case s.fault == EarlyExpiry && ev.Kind == tickwire.Delivered && ev.Channel == tickwire.ChannelID(tickwire.ReliableUnordered)+1:
		s.due = false
		ev.Kind, ev.Why = tickwire.Lost, tickwire.Expired
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

// Datagram implements world.Tap.
func (s *saboteur) Datagram(b []byte, pass func([]byte)) {
	pass(b)
	if s.fault == Resealed && s.due && b[0]&wire.PrefixDataMask == wire.PrefixData {
		s.due = false
		other := bytes.Clone(b)
		other[len(other)-1] ^= 1 // in the tag: there was another text behind this number
		pass(other)
	}
}

// flood sends more at once than a queue and a window hold, until it is refused, as is legal.
func flood(l *world.Lane) {
	for range floodMessages {
		if l.From().Send(l.Channel().ID, world.Message{Size: floodBytes}) != nil {
			return
		}
	}
}

const (
	floodMessages = 150
	floodBytes    = 200 << 10
)

// Takes implements world.Tap.
func (s *saboteur) Takes(l *world.Lane) bool {
	switch d := l.Channel().Delivery; s.fault {
	case LeakedBuffer:
		return !s.hoards || d.Reliable()
	case EndlessStore:
		return !s.hoards || d != tickwire.ReliableUnordered
	}
	return true
}

// Announces implements world.Tap.
func (s *saboteur) Announces(*world.End) bool { return s.fault != Unannounced }

// plant is what the fault changes in the configuration of every process.
func (f Fault) plant(cfg *tickwire.Config) {
	switch f {
	case EndlessQueue:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.MaxQueuedBytes = 1 << 30 })
	case EndlessWindow:
		cfg.WindowPoolBytes = 0
	case EndlessStore:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.WindowBytes = 24 << 20 })
	case CapIgnored:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.BytesPerSecond = 0 })
	case LimitIgnored:
		cfg.Inbound = tickwire.Limits{}
	}
}

// plantBudget is what the fault makes of a limit that the game sets for its flushes.
func (f Fault) plantBudget(bytes int) int {
	if f == BudgetIgnored {
		return -1
	}
	return bytes
}

// expects is the configuration that the checkers are told where it is not the game's.
func (f Fault) expects(cfg *tickwire.Config) {
	switch f {
	case EndlessWindow:
		cfg.WindowPoolBytes = -1
	case LimitIgnored:
		cfg.Inbound.MessagesPerSecond = 40
	case CapIgnored:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.BytesPerSecond = 500 })
	}
}

func changeChannels(cfg *tickwire.Config, change func(*tickwire.ChannelConfig)) {
	var changed []tickwire.AnyChannel
	for _, ch := range cfg.Channels {
		c := ch.Config()
		change(&c)
		changed = append(changed, tickwire.NewRawChannel(c))
	}
	cfg.Channels = changed
}

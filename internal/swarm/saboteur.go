package swarm

import (
	"bytes"
	"math/rand/v2"
	"net/netip"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/simnet/world"
)

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
	deaf    *world.Player
	missed  int // messages that it has not heard
	late    tardy
	echo    echo
}

// A tardy event is told after so many others of its end.
type tardy struct {
	of     *world.End
	event  tickwire.Event
	others int
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
	s.echoes(l, payload, pass)
	s.haunts(l, payload, pass)
	switch {
	case s.ignores(l):
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
	case EndlessQueue, EndlessWindow, Flood, PacketsIgnored, BytesIgnored, UntoldRoom:
		return d == tickwire.ReliableUnordered
	case Reused, Meddled:
		return false // they wait for what is sent
	case Altered, Truncated:
		return len(payload) > world.StampBytes
	case Twice:
		return len(payload) >= world.StampBytes
	case LateDroppable:
		return opts.Droppable
	case FalseReceipt, FalseLoss, EarlyExpiry, LateExpiry, WrongReason, ReceiptTwice, ReceiptLess,
		FalseRoom, FalseEnd, AfterLife, ShortDrain, Unannounced:
		return false // they wait for an event
	case UntoldBack, FalseAway, Bereft, Echo, Ghost, Limbo, Stranger, Evicted, Lingering:
		return false // they wait for somebody who comes back, or could
	case Overfed, Misled, Deaf:
		return false // they wait for a datagram, a look, somebody who roams
	case ForgottenSeat, EndlessSeat:
		return false // the run plants them
	case Resealed:
		return false // it waits for a datagram
	case BudgetIgnored, CapIgnored, MessagesIgnored, LaneBytesIgnored, LaneMessagesIgnored:
		return false // they are in the configuration
	}
	return true
}

func (s *saboteur) spoil(l *world.Lane, payload []byte, pass func([]byte)) {
	switch s.fault {
	case Twice:
		pass(payload)
		pass(payload)
	case Swapped, Straggler, Stale, StaleKey, LateDroppable:
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
	case EndlessQueue, EndlessWindow, Flood, PacketsIgnored, BytesIgnored, UntoldRoom:
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
	if s.late.of == e {
		if s.late.others--; s.late.others == 0 || ev.Kind == tickwire.Disconnected {
			pass(s.late.event)
			s.late.of = nil
		}
	}
	ev, told := s.always(e, ev, pass)
	if told && s.due && s.waitsFor(e, ev) {
		s.due = false
		ev, told = s.once(e, ev, pass)
	}
	if told {
		pass(ev)
	}
}

// always is what a fault does to all events that suit it: they are told otherwise, or not at all.
func (s *saboteur) always(e *world.End, ev tickwire.Event, pass func(tickwire.Event)) (_ tickwire.Event, told bool) {
	switch {
	case s.fault == UntoldRoom && ev.Kind == tickwire.Writable,
		s.fault == UntoldBack && ev.Kind == tickwire.Back,
		s.fault == Limbo && ev.Kind == tickwire.Lost && ev.Why == tickwire.ConnClosed,
		s.fault == Lingering && ev.Kind == tickwire.Disconnected && e.Away():
		return ev, false
	case s.fault == Evicted && ev.Kind == tickwire.Away && e == e.Player().Server:
		pass(ev)
		ev = tickwire.Event{Kind: tickwire.Disconnected, Conn: ev.Conn, Reason: tickwire.Reason{Code: tickwire.CodeTimeout}}
	case s.fault == Stranger && ev.Kind == tickwire.Connected:
		ev.Resumed = false
	case s.fault == Bereft && ev.Kind == tickwire.Back:
		ev.Kept, ev.Undelivered = false, 1
	case s.fault == ShortDrain && s.due && e.Draining():
		ev.Undelivered = 0
	}
	return ev, true
}

// waitsFor reports whether an event is one that a fault meddles with now and then.
func (s *saboteur) waitsFor(e *world.End, ev tickwire.Event) bool {
	delivered := ev.Kind == tickwire.Delivered
	switch s.fault {
	case FalseRoom, ReceiptTwice, ReceiptLess, FalseEnd:
		return delivered
	case FalseAway:
		return delivered && e.Open() && !e.Away()
	case FalseLoss:
		return delivered && e.Open()
	case EarlyExpiry:
		return delivered && ev.Channel == tickwire.ChannelID(tickwire.ReliableUnordered)+1
	case LateExpiry, WrongReason:
		return ev.Kind == tickwire.Lost && ev.Why == tickwire.Expired
	case FalseReceipt:
		return ev.Kind == tickwire.Lost && ev.Why == tickwire.NotKnown
	case AfterLife:
		return ev.Kind == tickwire.Disconnected
	}
	return false
}

// once is what a fault does to one of those.
func (s *saboteur) once(e *world.End, ev tickwire.Event, pass func(tickwire.Event)) (_ tickwire.Event, told bool) {
	switch s.fault {
	case FalseAway:
		pass(tickwire.Event{Kind: tickwire.Away, Conn: ev.Conn})
	case FalseRoom:
		pass(tickwire.Event{Kind: tickwire.Writable, Conn: ev.Conn, Channel: ev.Channel})
	case LateExpiry:
		s.late = tardy{e, ev, 100}
		return ev, false
	case WrongReason:
		ev.Why = tickwire.GaveUp
	case FalseReceipt:
		ev.Kind = tickwire.Delivered
	case FalseLoss:
		ev.Kind, ev.Why = tickwire.Lost, tickwire.ConnClosed
	case EarlyExpiry:
		ev.Kind, ev.Why = tickwire.Lost, tickwire.Expired
	case ReceiptTwice:
		pass(ev)
	case ReceiptLess:
		return ev, false
	case FalseEnd:
		return tickwire.Event{Kind: tickwire.Disconnected, Conn: ev.Conn, Reason: tickwire.Reason{Code: tickwire.CodeProtocol}}, true
	case AfterLife:
		pass(ev)
		ev = tickwire.Event{Kind: tickwire.Delivered, Conn: ev.Conn, Receipt: 1}
	}
	return ev, true
}

// Datagram implements world.Tap.
func (s *saboteur) Datagram(to netip.AddrPort, b []byte, pass func(netip.AddrPort, []byte)) {
	pass(to, b)
	if s.fault == Overfed && s.due {
		pass(nobody, b) // of all that follows the first is told, if the server sends it
	}
	if s.fault == Resealed && s.due && b[0]&wire.PrefixDataMask == wire.PrefixData {
		s.due = false
		other := bytes.Clone(b)
		other[len(other)-1] ^= 1 // in the tag: there was another text behind this number
		pass(to, other)
	}
}

// nobody is an address that no player has.
var nobody = netip.MustParseAddrPort("192.0.2.66:666")

// Place implements world.Tap.
func (s *saboteur) Place(_ *world.End, at netip.AddrPort) netip.AddrPort {
	if s.fault == Misled && s.due {
		s.due = false
		return nobody
	}
	return at
}

// ignores has a player who has just roamed hear nothing unreliable for a while, if the fault is that.
func (s *saboteur) ignores(l *world.Lane) bool {
	p := l.From().Player()
	if s.fault != Deaf || l.From() == p.Client || l.Channel().Delivery.Reliable() {
		return false
	}
	if s.deaf == nil && s.due && p.Roamed() {
		s.due = false
		s.deaf, s.missed = p, 0
	}
	if s.deaf == p {
		if s.missed++; s.missed > deafFor {
			s.deaf = nil
		}
	}
	return s.deaf == p
}

// deafFor is how many messages somebody deaf does not hear: those of a second or two.
const deafFor = 100

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

package swarm

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tickwire/tickwire"
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

	PacketsIgnored      Fault = "packets ignored"       // more packets are sent than the peer says that it takes
	BytesIgnored        Fault = "bytes ignored"         // and more bytes
	MessagesIgnored     Fault = "messages ignored"      // and more messages
	LaneBytesIgnored    Fault = "lane bytes ignored"    // and more bytes on a channel
	LaneMessagesIgnored Fault = "lane messages ignored" // and more messages

	LateDroppable Fault = "late droppable" // a droppable message comes behind one that was sent later
	LateExpiry    Fault = "late expiry"    // that a message has expired is told long after
	WrongReason   Fault = "wrong reason"   // what expired is reported as given up
	UntoldRoom    Fault = "untold room"    // there is room in a queue that was full, and no event says so
	FalseRoom     Fault = "false room"     // an event says that there is room, and nobody waits for it

	AfterLife   Fault = "after life"  // an event comes after Disconnected
	FalseEnd    Fault = "false end"   // a connection ends for no reason
	ShortDrain  Fault = "short drain" // drains end early and say that nothing is left
	Unannounced Fault = "unannounced" // a game that loads is taken for dead
	Resealed    Fault = "resealed"    // a number seals two contents
	Stubborn    Fault = "stubborn"    // every process draws the same random numbers

	Overfed Fault = "overfed" // more is sent to somebody unknown than he may get
	Misled  Fault = "misled"  // a connection takes the address of somebody else for its peer's
	Deaf    Fault = "deaf"    // nothing unreliable comes for a while after a player has roamed

	UntoldBack Fault = "untold back" // a peer is back, and the game is not told
	FalseAway  Fault = "false away"  // somebody is said to be away who is there
	Bereft     Fault = "bereft"      // it is said that messages got lost by a comeback
	Echo       Fault = "echo"        // what came before a comeback comes again after it
	Ghost      Fault = "ghost"       // what was under way before a comeback without it comes after it
	Limbo      Fault = "limbo"       // what a comeback has lost is not reported
	Evicted    Fault = "evicted"     // who is away is given up at once
	Lingering  Fault = "lingering"   // a seat is kept for longer than it should be
	Stranger   Fault = "stranger"    // a server takes somebody for new who has shown a ticket

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
		{PacketsIgnored, world.Limits},
		{BytesIgnored, world.Limits},
		{MessagesIgnored, world.Limits},
		{LaneBytesIgnored, world.Limits},
		{LaneMessagesIgnored, world.Limits},
		{LateDroppable, world.InOrder},
		{LateExpiry, world.Expiry},
		{WrongReason, world.Receipts},
		{UntoldRoom, world.Room},
		{FalseRoom, world.Room},
		{AfterLife, world.Life},
		{FalseEnd, world.Life},
		{ShortDrain, world.Drained},
		{Unannounced, world.Held},
		{Resealed, world.NonceOnce},
		{Stubborn, world.NonceOnce},
		{Overfed, world.Amplified},
		{Misled, world.Stolen},
		{Deaf, world.Gap},
		{UntoldBack, world.Comebacks},
		{FalseAway, world.Comebacks},
		{Bereft, world.Comebacks},
		{Echo, world.ExactlyOnce},
		{Ghost, world.Comebacks},
		{Limbo, world.Receipts},
		{Stranger, world.Comebacks},
		{Evicted, world.Comebacks},
		{Lingering, world.Comebacks},
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

// plant is what the fault changes in the configuration of every process.
func (f Fault) plant(cfg *tickwire.Config) {
	switch f {
	case Stubborn:
		cfg.Random = rand.NewChaCha8([32]byte{})
	case EndlessQueue:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.MaxQueuedBytes = 1 << 30 })
	case EndlessWindow:
		cfg.WindowPoolBytes = 0
	case EndlessStore:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.WindowBytes = 24 << 20 })
	case CapIgnored:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.BytesPerSecond = 0 })
	case PacketsIgnored, BytesIgnored, MessagesIgnored:
		cfg.Inbound = tickwire.Limits{}
	case LaneBytesIgnored, LaneMessagesIgnored:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.Inbound = tickwire.ChannelLimits{} })
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
	case PacketsIgnored:
		cfg.Inbound.PacketsPerSecond = 60
	case BytesIgnored:
		cfg.Inbound.BytesPerSecond = 60_000
	case MessagesIgnored:
		cfg.Inbound.MessagesPerSecond = 40
	case LaneBytesIgnored:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.Inbound.BytesPerSecond = 500 })
	case LaneMessagesIgnored:
		changeChannels(cfg, func(ch *tickwire.ChannelConfig) { ch.Inbound.MessagesPerSecond = 10 })
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

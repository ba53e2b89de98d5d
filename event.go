package tickwire

import (
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/seq"
)

// A Receipt stands for one message that was sent tracked. It is unique within
// its Conn and never 0.
type Receipt = endpoint.Receipt

// A LossReason says why a message is Lost.
type LossReason = endpoint.LossReason

// Why a message is Lost.
const (
	NotKnown   = endpoint.NotKnown   // its packet was lost, or it is not known what became of it
	Superseded = endpoint.Superseded // of a Latest channel: a newer value was begun before this one arrived
	Replaced   = endpoint.Replaced   // of a Latest channel: a newer value took its place in the queue
	Dropped    = endpoint.Dropped    // the queue was full, and the channel drops then (ChannelConfig.Full)
	ConnClosed = endpoint.ConnClosed // the connection ended first
	Expired    = endpoint.Expired    // its time was over (SendOptions.TTL)
	GaveUp     = endpoint.GaveUp     // it was lost, and ChannelConfig.Resend did not want it sent again
)

// An EventKind tells events apart.
type EventKind uint8

const (
	// NoEvent is the zero kind.
	NoEvent EventKind = iota
	// Connecting: a client's attempt came a step further; State says which.
	Connecting
	// Connected: a Conn is open in both directions.
	Connected
	// Delivered: the peer stored the whole message of Receipt.
	Delivered
	// Lost: the message of Receipt is not known to have arrived; Why says why.
	Lost
	// Writable: a channel whose full queue refused a message is half empty, and the
	// message would fit. There is no second such event before the first is taken.
	Writable
	// PathChanged: the Path of a Conn is in another PathState. If that changes several times
	// between two Updates only the last change is reported.
	PathChanged
	// RateChanged: the rate that the network carries to the peer of a Conn (BytesPerSecond) has changed by
	// a quarter or more since the last such event. A game may then send more state, or less, so that it arrives
	// in time. It comes four times a second at most; the first ones show the rate being found.
	RateChanged
	// Away: nothing was heard of the peer for its timeout, or the server has forgotten a client
	// that tries to resume. The Conn is kept meanwhile; see Conn.Away.
	Away
	// Back: the peer is there again. If Kept is false, what was sent and had not arrived is Lost, and
	// the peer may be a new process that knows nothing: send it the state of the game anew. If a peer
	// is back before it was Away, the event comes only if Kept is false.
	Back
	// Message: a message came. Only Hub and Session report messages as events.
	Message
	// Disconnected: a Conn is over; Reason says why. It is the last event of the
	// Conn. What had arrived before can still be received until the next Update.
	Disconnected
)

var eventNames = [...]string{
	"NoEvent", "Connecting", "Connected", "Delivered", "Lost", "Writable", "PathChanged", "RateChanged", "Away", "Back",
	"Message", "Disconnected",
}

// String names the kind.
func (k EventKind) String() string { return nameOf("EventKind", k, eventNames[:]) }

// nameOf names a value that a game may have made up, too.
func nameOf[T ~uint8](kind string, v T, names []string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%s(%d)", kind, uint8(v))
}

// An Event is something that happened to a connection or to a message.
type Event struct {
	Kind        EventKind
	Conn        *Conn
	State       State      // of Connecting
	Channel     ChannelID  // of Delivered, Lost, Writable and Message
	Receipt     Receipt    // of Delivered and Lost
	Why         LossReason // of Lost
	Reason      Reason     // of Disconnected
	Path        uint8      // of PathChanged
	PathState   PathState  // of PathChanged
	From        *Conn      // of Connecting, Connected and Disconnected after a hand-over: the Conn to the server before
	Resumed     bool       // of Connected: it came with a resume ticket, and its old Conn is gone
	Kept        bool       // of Back: messages go on in both directions as if nothing had happened
	Undelivered int        // of Disconnected and Back: messages not known to have arrived
	Unreliable  int        // of Disconnected and Back: how many of Undelivered were unreliable; some of these may have arrived
	Payload     []byte     // of Message, valid until the loop asks for the next event

	BytesPerSecond int // of RateChanged, with all headers

	version int // of Message: the schema version that it has
}

// String tells the event in a line, with what belongs to its kind.
func (ev Event) String() string {
	of := ""
	if ev.Conn != nil {
		of = fmt.Sprintf(" of conn %d", ev.Conn.id)
	}
	return ev.Kind.String() + of + ev.details()
}

func (ev *Event) details() string {
	switch ev.Kind {
	case Connecting:
		return fmt.Sprintf(": %v", ev.State)
	case Connected:
		return cmpText(ev.Resumed, ": resumed", "")
	case Delivered:
		return fmt.Sprintf(": receipt %d, channel %d", ev.Receipt, ev.Channel)
	case Lost:
		return fmt.Sprintf(": receipt %d, channel %d: %v", ev.Receipt, ev.Channel, ev.Why)
	case Writable:
		return fmt.Sprintf(": channel %d", ev.Channel)
	case PathChanged:
		return fmt.Sprintf(": path %d is %v", ev.Path, ev.PathState)
	case RateChanged:
		return fmt.Sprintf(": %d bytes a second", ev.BytesPerSecond)
	case Back:
		return cmpText(ev.Kept, ": kept", fmt.Sprintf(": not kept, %s", ev.undelivered()))
	case Message:
		return fmt.Sprintf(": channel %d, %d bytes", ev.Channel, len(ev.Payload))
	case Disconnected:
		return fmt.Sprintf(": %v, %s", ev.Reason, ev.undelivered())
	}
	return ""
}

// undelivered tells what may not have arrived.
func (ev *Event) undelivered() string {
	return fmt.Sprintf("%d reliable and %d unreliable messages not known to have arrived",
		ev.Undelivered-ev.Unreliable, ev.Unreliable)
}

func cmpText(which bool, yes, no string) string {
	if which {
		return yes
	}
	return no
}

// isMessageOf reports whether an event is a message of a channel.
func (ev *Event) isMessageOf(channel ChannelID) bool {
	return ev.Kind == Message && ev.Channel == channel
}

// A State is how far a client's attempt to connect has come.
type State uint8

const (
	// NoState is that of events other than Connecting.
	NoState State = iota
	// Requesting: the server is asked to let us in.
	Requesting
	// Answering: it challenged our address, and we answer.
	Answering
	// NextServer: the attempt goes on with the next address or ticket.
	NextServer
)

var stateNames = [...]string{"none", "requesting", "answering", "next server"}

// String names the state.
func (s State) String() string { return nameOf("State", s, stateNames[:]) }

// eventQueue holds what happened until the game has looked at it.
type eventQueue struct {
	ring    seq.Ring[Event]
	visible uint64 // events below it are shown to the game
	dropped uint64 // of those that give way: they found the queue full
	limit   int
}

// push queues an event; Delivered, Lost, PathChanged and RateChanged give way when the queue is full.
func (q *eventQueue) push(ev Event) {
	if q.ring.Len() >= q.limit && ev.Kind.givesWay() {
		q.dropped++
		return
	}
	*q.ring.Push() = ev
}

// pushOnce queues an event unless the last one of its kind is still there, whose number,
// plus one, is kept in last.
func (q *eventQueue) pushOnce(last *uint64, ev Event) {
	if *last == 0 || !q.ring.Has(*last-1) {
		q.push(ev)
		*last = q.ring.End()
	}
}

func (k EventKind) givesWay() bool {
	return k == Delivered || k == Lost || k == PathChanged || k == RateChanged
}

func (q *eventQueue) next() (Event, bool) {
	if q.ring.Base() >= q.visible {
		return Event{}, false
	}
	ev := *q.ring.At(q.ring.Base())
	q.ring.Pop()
	return ev, true
}

// takeAll appends all that next would return.
func (q *eventQueue) takeAll(to []Event) []Event {
	for q.ring.Base() < q.visible {
		to = append(to, *q.ring.First())
		q.ring.Pop()
	}
	return to
}

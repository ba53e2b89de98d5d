package endpoint

import (
	"fmt"
	"strconv"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A Code says why a connection ended: a number, a uint32, whose String is words and whose Local tells that
// no peer says it, 64 to 255. Applications use 256 and above. It is the Code of all packages.
type Code = wire.Code

// Codes that an application meets.
const (
	CodeNone        = wire.CodeNone
	CodeProtocol    = wire.CodeProtocol
	CodeFlow        = wire.CodeFlow
	CodeVersion     = wire.CodeVersion
	CodeMismatch    = wire.CodeMismatch
	CodeTooFast     = wire.CodeTooFast
	CodeTimeout     = wire.CodeTimeout
	CodeApplication = wire.CodeApplication
)

// A Receipt stands for one message that was sent with SendOptions.Receipt. It is never 0.
type Receipt uint64

// An EventKind tells events apart.
type EventKind uint8

const (
	// NoEvent: there is none.
	NoEvent EventKind = iota
	// Opened: the peer's HELLO matched, messages flow.
	Opened
	// Delivered: the peer says that it stored the whole message of Receipt. One that was changed
	// can say so without having it.
	Delivered
	// Lost: the message of Receipt is not known to have arrived; Why says why.
	Lost
	// Writable: a channel whose full queue refused a message is half empty, and the message
	// would fit.
	Writable
	// PathChanged: Path is in another State. Of what happened to a path between two Updates the
	// last is told.
	PathChanged
	// RateChanged: the paths together carry a quarter more or less than the event said before, or
	// than was assumed at first: BytesPerSecond. A game sends less state instead of late state.
	// It comes four times a second at most, and that there is more only to who has more to send.
	RateChanged
	// Away: nothing was heard of the peer for as long as the timeout. The connection is kept, for
	// Config.KeepFor.
	Away
	// Back: the peer is heard again.
	Back
	// Closed: the connection is over; Code, Text and Remote say why. It is the last event.
	Closed
)

var eventNames = [...]string{
	"NoEvent", "Opened", "Delivered", "Lost", "Writable", "PathChanged", "RateChanged", "Away", "Back", "Closed",
}

// String names the kind.
func (k EventKind) String() string { return nameOf(eventNames[:], int(k)) }

// A LossReason says why a message is Lost.
type LossReason uint8

const (
	// NotKnown: its packet was lost, or its fate could not be learned.
	NotKnown LossReason = iota
	// Superseded: a newer value was started before this one arrived.
	Superseded
	// Replaced: a newer value of its key replaced it in the queue.
	Replaced
	// Dropped: the queue was full (ChannelConfig.Full).
	Dropped
	// ConnClosed: the connection ended first.
	ConnClosed
	// Expired: its time was over (SendOptions.TTL).
	Expired
	// GaveUp: it was lost and not sent again (ChannelConfig.Resend).
	GaveUp

	lossReasons
)

var lossNames = [lossReasons]string{
	"not known", "superseded", "replaced", "dropped", "connection closed", "expired", "gave up",
}

// String names the reason.
func (r LossReason) String() string { return nameOf(lossNames[:], int(r)) }

// nameOf is a name from a list, or the number if the list has none.
func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return strconv.Itoa(i)
}

// An Event is something that happened to the connection or to a message.
type Event struct {
	Kind        EventKind
	Channel     ChannelID  // of Delivered, Lost and Writable
	Receipt     Receipt    // of Delivered and Lost
	Why         LossReason // of Lost
	Code        Code       // of Closed
	Text        string     // of Closed
	Remote      bool       // of Closed: the peer decided
	Undelivered int        // of Closed: messages not known to have arrived
	Unreliable  int        // of Closed: how many of them were unreliable
	Path        uint8      // of PathChanged
	State       PathState  // of PathChanged

	BytesPerSecond int // of RateChanged, with all headers
}

// String tells the event in a line, with what belongs to its kind.
func (ev Event) String() string { return ev.Kind.String() + ev.details() }

func (ev *Event) details() string {
	switch ev.Kind {
	case Delivered:
		return fmt.Sprintf(": receipt %d, channel %d", ev.Receipt, ev.Channel)
	case Lost:
		return fmt.Sprintf(": receipt %d, channel %d: %v", ev.Receipt, ev.Channel, ev.Why)
	case Writable:
		return fmt.Sprintf(": channel %d", ev.Channel)
	case PathChanged:
		return fmt.Sprintf(": path %d is %v", ev.Path, ev.State)
	case RateChanged:
		return fmt.Sprintf(": %d bytes a second", ev.BytesPerSecond)
	case Closed:
		return ": " + ev.why()
	}
	return ""
}

// why tells why the connection is over, and what was left behind.
func (ev *Event) why() string {
	text, side := ev.Code.String(), "by this side"
	if ev.Text != "" && ev.Text != text {
		text += ": " + ev.Text
	}
	if ev.Remote {
		side = "by the peer"
	}
	return fmt.Sprintf("%s (%s), %d reliable and %d unreliable messages not known to have arrived",
		text, side, ev.Undelivered-ev.Unreliable, ev.Unreliable)
}

// events is a queue of which the game sees only what was there at the last Update. Most have none at
// most times, so the memory of an empty one is lent to the next that has.
type events struct {
	ring    seq.Ring[Event]
	visible uint64
	lent    *eventMemory // of all endpoints of the owner
}

// An eventMemory is that of queues that are empty: as many as had events at a time.
type eventMemory [][]Event

func (q *events) push(ev Event) {
	if last := len(*q.lent) - 1; q.ring.Bare() && last >= 0 {
		q.ring.Lend((*q.lent)[last])
		(*q.lent)[last] = nil
		*q.lent = (*q.lent)[:last]
	}
	*q.ring.Push() = ev
}

// pushLatest pushes an event of a kind of which only the last one matters: if the one that was
// pushed last was not shown yet it is brought up to date. Its number, plus one, is kept in last.
func (q *events) pushLatest(last *uint64, ev Event) {
	if *last > q.visible && q.ring.Has(*last-1) {
		*q.ring.At(*last - 1) = ev
		return
	}
	q.push(ev)
	*last = q.ring.End()
}

// unread reports whether the game has still to take an event, of such a number plus one.
func (q *events) unread(last uint64) bool { return last > 0 && q.ring.Has(last-1) }

func (q *events) reveal() { q.visible = q.ring.End() }

func (q *events) next() (Event, bool) {
	if q.ring.Base() >= q.visible {
		return Event{}, false
	}
	ev := *q.ring.At(q.ring.Base())
	if q.ring.Pop(); q.ring.Len() == 0 {
		*q.lent = append(*q.lent, q.ring.Return())
	}
	return ev, true
}

// News reports whether Update would show the game something new: a message or an event.
func (e *Endpoint) News() bool {
	return e.events.ring.End() != e.events.visible || e.inbox.news()
}

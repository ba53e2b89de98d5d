package world

import (
	"errors"
	"fmt"
	"iter"

	"github.com/tickwire/tickwire"
)

// An End is one side of a player's connection: the player's own, or the
// server's. It sends, receives, and keeps the receipts.
//
//	opening → open → over
//	    └───────────↗
//
// An end whose process crashed is gone, and nothing more is expected of it. When a player is back
// without his messages that End is over, and another one has the Conn.
type End struct {
	world  *World
	player *Player
	server bool
	state  endState
	conn   *tickwire.Conn
	peer   *End
	lanes  []*Lane // that it sends on
	pass   func(tickwire.Event)
	buf    []byte
	unsent []byte // what Leave has written into the draft

	out          outflow
	receipts     []receipt // in the order in which they were given
	firstReceipt tickwire.Receipt
	closedLosses int // receipts that were lost because the connection ended
	stalled      bool
	closing      bool // the game said Close, with this:
	said         tickwire.Reason
	reason       tickwire.Reason
	overflowed   uint64 // messages that the library dropped because the game did not take them
	drained      bool   // it took all there was at its end
	life         int    // of its connection: how often both sides had begun before
	born         int64  // when it took the place of another one, which takes what came until then
	retired      bool   // it has given its place up
	judged       bool

	drains  bool  // the game said Drain,
	drainBy int64 // and has time until then
	left    int   // messages that it left behind
	comings comings

	silentUntil int64 // its peer has heard that it will be silent until then
}

type endState uint8

const (
	endOpening endState = iota
	endOpen
	endLast // Disconnected was seen in this step; messages can still be taken
	endOver
	endGone
)

// A receipt says which message it is of.
type receipt struct {
	lane *Lane
	n    uint64
}

func newEnd(p *Player, server bool) *End {
	e := &End{world: p.world, player: p, server: server, firstReceipt: 1}
	e.pass = e.handle
	return e
}

func (e *End) addLanes(channels []tickwire.AnyChannel) {
	for i, ch := range channels {
		l := &Lane{from: e, to: e.peer, channel: ch.Config(), place: i, key: e.keyOf(e.life, i)}
		l.pass = l.received
		e.lanes = append(e.lanes, l)
	}
}

// keyOf is the key of the stamps that an end writes on a channel.
func (e *End) keyOf(life, channel int) uint32 {
	key := uint32(e.player.Number)<<14 | uint32(life&15)<<10 | uint32(channel)<<1
	if e.server {
		key |= 1
	}
	return key
}

// String names the end.
func (e *End) String() string {
	if e.server {
		return fmt.Sprintf("server to player %d", e.player.Number)
	}
	return fmt.Sprintf("player %d", e.player.Number)
}

// Conn is the connection as this end's game has it; nil before Connected at the server.
func (e *End) Conn() *tickwire.Conn { return e.conn }

// Player is the player whose connection it is.
func (e *End) Player() *Player { return e.player }

// Open reports whether the end has seen Connected and not Disconnected.
func (e *End) Open() bool { return e.state == endOpen && !e.closing }

// Over reports whether it has seen Disconnected, or crashed.
func (e *End) Over() bool { return e.state >= endLast }

// Reason says why it ended.
func (e *End) Reason() tickwire.Reason { return e.reason }

// Stall makes the end take no messages until it is called with false.
func (e *End) Stall(stalled bool) { e.stalled = stalled }

// Lanes are the lanes that the end sends on, in the order of the channels.
func (e *End) Lanes() []*Lane { return e.lanes }

func (e *End) lane(channel tickwire.ChannelID) *Lane {
	for _, l := range e.lanes {
		if l.channel.ID == channel {
			return l
		}
	}
	return nil
}

// A Message is something to send.
type Message struct {
	// Payload is what to send. If it is nil a payload of Size bytes is made up
	// that names itself, so that a change can be told from a mix-up. On a Latest
	// channel contents should differ, or the ledger cannot tell which one came.
	Payload []byte
	Size    int
	// Tracked asks for a receipt, which is checked.
	Tracked bool
	// InPlace has it written piece by piece into the Conn's Draft, and sent from there.
	InPlace bool
	// Options are what else is asked for, and checked. Where they, or the channel, let a message
	// get lost, contents should differ.
	Options tickwire.SendOptions
}

// Send sends a message and notes it in the ledger. The error is that of
// Conn.SendWith, which is ErrClosed before the end is open, too; what was refused is not in the
// ledger.
func (e *End) Send(channel tickwire.ChannelID, m Message) error {
	l := e.lane(channel)
	if l == nil {
		return fmt.Errorf("%w: channel %d is not in world.Config.Channels", tickwire.ErrNoChannel, channel)
	}
	if e.state != endOpen {
		return shut{e}
	}
	e.host().wake(e.world)
	payload, from := m.Payload, given
	switch {
	case payload != nil:
	case e.unsent != nil: // what is in the draft may take the number
		e.buf = e.world.appendCommon(e.buf[:0], m.Size)
		payload, from = e.buf, common
	default:
		e.buf = AppendStamp(e.buf[:0], l.key, uint32(l.Sent()), m.Size)
		payload, from = e.buf, stamped
	}
	opts := m.Options
	opts.Receipt = opts.Receipt || m.Tracked
	if m.InPlace {
		return e.sendInPlace(l, payload, from, opts)
	}
	r, err := e.conn.SendWith(channel, payload, opts)
	return e.sent(l, payload, from, opts, r, err)
}

// A shut end takes no message: it is tickwire.ErrClosed, in other words.
type shut struct{ end *End }

// Error says which end it is, and whether it was ever open.
func (s shut) Error() string {
	if s.end.state == endOpening {
		return fmt.Sprintf("world: %v is not open yet: Step, or Run, until End.Open", s.end)
	}
	return fmt.Sprintf("world: %v is over: %v", s.end, s.end.reason)
}

// Is makes errors.Is with ErrClosed true.
func (s shut) Is(target error) bool { return target == tickwire.ErrClosed }

// sent notes what became of a message that the library was given.
func (e *End) sent(
	l *Lane, payload []byte, from origin, opts tickwire.SendOptions, r tickwire.Receipt, err error,
) error {
	e.checkDraft(l, opts, err)
	if err != nil {
		l.counts.refused++
		l.refusedFull(len(payload), err)
		e.checkRefusal(l, len(payload), err)
		return err
	}
	if opts.Receipt {
		e.noteReceipt(r, l)
	}
	l.accepted(payload, from, opts)
	return nil
}

// checkRefusal: an open connection refuses only for a limit.
func (e *End) checkRefusal(l *Lane, size int, err error) {
	for _, fine := range []error{tickwire.ErrFull, tickwire.ErrTooLarge, tickwire.ErrClosed, tickwire.ErrDraft} {
		if errors.Is(err, fine) {
			return // checkDraft has looked at the last one
		}
	}
	l.fault(Life, "Send of %d bytes on an open connection: %v", size, err)
}

// LastReceipt is the receipt of the last message of this end that was Tracked, or asked for one; 0
// if there is none.
func (e *End) LastReceipt() tickwire.Receipt {
	return e.firstReceipt + tickwire.Receipt(len(e.receipts)) - 1
}

func (e *End) noteReceipt(r tickwire.Receipt, l *Lane) {
	if want := e.firstReceipt + tickwire.Receipt(len(e.receipts)); r != want {
		l.fault(Receipts, "receipt %d where %d was next", r, want)
		return
	}
	e.receipts = append(e.receipts, receipt{l, l.Sent()})
}

// Receive takes the messages of a channel that arrived, and shows them to the checkers on
// the way. Only with Config.Manual; otherwise the world takes them.
func (e *End) Receive(channel tickwire.ChannelID) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		l := e.peer.lane(channel)
		for e.conn != nil && l != nil {
			b, ok := e.conn.Next(channel)
			if !ok {
				return
			}
			e.take(l, b)
			if !yield(b) {
				return
			}
		}
	}
}

// receiveAll takes everything, and reports whether it was allowed to.
func (e *End) receiveAll() (all bool) {
	all = true
	for _, l := range e.peer.lanes {
		if tap := e.world.cfg.Tap; tap != nil && !tap.Takes(l) {
			all = false
			continue
		}
		for {
			b, ok := e.conn.Next(l.channel.ID)
			if !ok {
				break
			}
			e.take(l, b)
		}
	}
	return all
}

func (e *End) take(l *Lane, payload []byte) {
	if e.state >= endOver {
		l.fault(Life, "%d bytes were received after Disconnected", len(payload))
	}
	if tap := e.world.cfg.Tap; tap != nil {
		tap.Message(l, payload, l.pass)
		return
	}
	l.received(payload)
}

// handle checks an event.
func (e *End) handle(ev tickwire.Event) {
	w := e.world
	w.fold(uint64(e.player.Number), uint64(ev.Kind), uint64(ev.Receipt))
	switch {
	case e.state >= endLast:
		w.fault(Life, e.String(), fmt.Sprintf("event %v after Disconnected", ev.Kind))
		return
	case e.state == endOpening && ev.Kind != tickwire.Connected && ev.Kind != tickwire.Connecting && ev.Kind != tickwire.Disconnected,
		e.state == endOpen && (ev.Kind == tickwire.Connected || ev.Kind == tickwire.Connecting):
		w.fault(Life, e.String(), fmt.Sprintf("event %v out of turn", ev.Kind))
		return
	}
	switch ev.Kind {
	case tickwire.Connected:
		e.state, e.conn = endOpen, ev.Conn
		e.checkResumed(ev)
		e.noteSeat()
		e.beginLimits()
	case tickwire.Delivered, tickwire.Lost:
		e.resolve(ev)
	case tickwire.Writable:
		if l := e.lane(ev.Channel); l != nil {
			l.writable()
		}
	case tickwire.Away:
		e.wentAway()
	case tickwire.Back:
		e.cameBack(ev)
	case tickwire.Disconnected:
		e.ended(ev.Reason)
		e.leftBehind(ev.Undelivered)
	}
}

// resolve finds the message of a receipt.
func (e *End) resolve(ev tickwire.Event) {
	i := int64(ev.Receipt) - int64(e.firstReceipt)
	switch {
	case i < 0:
		e.world.fault(Receipts, e.String(), fmt.Sprintf("receipt %d resolved again as %v", ev.Receipt, ev.Kind))
		return
	case i >= int64(len(e.receipts)):
		e.world.fault(Receipts, e.String(), fmt.Sprintf("receipt %d was never given", ev.Receipt))
		return
	}
	r := e.receipts[i]
	if r.lane.channel.ID != ev.Channel {
		r.lane.fault(Receipts, "the receipt of message %d resolved for channel %d", r.n, ev.Channel)
	}
	r.lane.resolved(r.n, ev.Kind, ev.Why)
	k := 0
	for k < len(e.receipts) && e.receipts[k].through() {
		k++
	}
	e.receipts = e.receipts[k:]
	e.firstReceipt += tickwire.Receipt(k)
}

func (r receipt) through() bool {
	m := r.lane.at(r.n)
	return m == nil || m.fate != pending
}

// ended checks that everything that was promised has been said.
func (e *End) ended(r tickwire.Reason) {
	opened := e.state == endOpen
	e.state, e.reason = endLast, r
	e.player.settleComing()
	w := e.world
	w.fold(uint64(r.Code), uint64(e.player.Number))
	if opened {
		e.overflowed = droppedByLimit(e.conn)
	}
	switch {
	case opened:
		e.checkSilence(r)
		e.checkGivenUp(r)
		w.checkKept(e, r)
	case r.Code == tickwire.CodeFull && r.Remote:
		w.checkFull(e.player)
	}
	if opened && !w.excused(e, r) {
		w.fault(Life, e.String(), fmt.Sprintf("the connection ended for no reason of this world: %v", r))
	}
	for _, l := range e.lanes {
		if l.open > 0 {
			l.fault(Receipts, "%d receipts have not resolved at Disconnected", l.open)
		}
	}
}

// droppedByLimit is how many messages that arrived were dropped, because the game did not take
// them or because more came than an inbound limit gives.
func droppedByLimit(c *tickwire.Conn) uint64 {
	st := c.Stats()
	return st.MessagesOverflowed + st.MessagesTooFast
}

// checkClosedLosses: Lost because the connection ended comes together with its
// end.
func (e *End) checkClosedLosses() {
	if e.closedLosses > 0 && e.state == endOpen {
		e.world.fault(Receipts, e.String(), fmt.Sprintf("%d messages are lost because the connection ended, and it has not", e.closedLosses))
	}
	e.closedLosses = 0
}

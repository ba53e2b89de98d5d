package world

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire"
)

// An allowance judges a rate from outside: it fills at the rate, and what was done is taken out. It
// holds what a step of the world and a tenth of a second give, and a few pieces, which is more
// than the library lets go at a time.
type allowance struct {
	rate, depth int64 // rate 0: no limit
	level       int64 // billionths
	at          int64
}

func (w *World) newAllowance(rate, piece int) allowance {
	a := allowance{rate: int64(max(rate, 0)), at: w.now()}
	a.depth = a.rate*int64(w.step+time.Second/10)/int64(time.Second) + 4*int64(piece)
	a.level = a.depth * int64(time.Second)
	return a
}

// take takes units out, and says by how many that is too much.
func (a *allowance) take(now int64, units int) (over int64) {
	if a.rate == 0 {
		return 0
	}
	elapsed := min(now-a.at, int64(30*time.Second))
	a.level = min(a.level+elapsed*a.rate, a.depth*int64(time.Second))
	a.at = now
	if a.level -= int64(units) * int64(time.Second); a.level < 0 {
		over = -a.level / int64(time.Second)
		a.level = 0
	}
	return over
}

// An outflow is what an end sends, as its game and the wire see it, and the limits that it keeps
// to: those that its game sets for each flush, and those that its peer states.
type outflow struct {
	limit int    // bytes of messages in the flush that runs; negative: none
	next  int    // in the next one
	told  int    // what the library was told of it
	base  uint64 // bytes of messages before this flush
	wire  int    // bytes of large datagrams in it, with headers

	packets, bytes, messages allowance
	started                  uint64 // messages that were sent at least once, or more
}

// A laneFlow is the same of one lane.
type laneFlow struct {
	bytes, messages allowance
	sent, started   uint64
}

const (
	// largeDatagram is more than a datagram without messages has: acks and what steers channels.
	largeDatagram = 600
	// steering is more than the frames that steer channels take in a flush.
	steering = 2000
)

// LimitBudget limits what each flush sends, as Conn.LimitBudget does, and has it checked.
func (e *End) LimitBudget(bytes int) {
	if e.state != endOpen {
		return
	}
	e.out.next = bytes
	if plant := e.world.cfg.PlantBudget; plant != nil {
		bytes = plant(bytes)
	}
	e.out.told = bytes
	e.conn.LimitBudget(bytes)
}

// beginLimits notes what an end that was connected has to keep to.
func (e *End) beginLimits() {
	w := e.world
	peer := &w.cfg.Server.Config
	if e.server {
		peer = &w.cfg.Client.Config
	}
	datagram := orElse(peer.MaxDatagramBytes, 1472)
	e.out = outflow{limit: -1, next: -1, told: -1,
		packets:  w.newAllowance(peer.Inbound.PacketsPerSecond, 4),
		bytes:    w.newAllowance(peer.Inbound.BytesPerSecond, datagram),
		messages: w.newAllowance(peer.Inbound.MessagesPerSecond, 1),
	}
	for _, l := range e.lanes {
		rate := l.channel.BytesPerSecond
		if theirs := l.channel.Inbound.BytesPerSecond; theirs > 0 && (rate <= 0 || rate > theirs) {
			rate = theirs
		}
		l.flow = laneFlow{bytes: w.newAllowance(rate, datagram), messages: w.newAllowance(l.channel.Inbound.MessagesPerSecond, 1)}
	}
}

// checkFlows looks at what left since the last flush, and begins the next one.
func (w *World) checkFlows() {
	for _, p := range w.players {
		for _, e := range [2]*End{p.Client, p.Server} {
			if e.state == endOpen && e.conn.Open() {
				e.checkFlow()
			}
		}
	}
}

func (e *End) checkFlow() {
	now, sent := e.world.now(), uint64(0)
	limited := e.out.limit >= 0 || e.out.next >= 0
	for _, l := range e.lanes {
		if !limited && l.flow.bytes.rate == 0 && l.flow.messages.rate == 0 {
			continue
		}
		st := e.conn.ChannelStats(l.channel.ID)
		sent += st.BytesSent
		l.checkFlow(now, &st)
	}
	if over := e.out.messages.take(now, e.out.newlyStarted(e.conn)); over > 0 {
		e.tooMuch(Limits, "messages", over, e.out.messages.rate)
	}
	if o := &e.out; o.limit >= 0 {
		if n := int(sent - o.base); n > o.limit+steering {
			e.world.fault(Budget, e.String(), fmt.Sprintf("%d bytes of messages left in a flush, the limit is %d", n, o.limit))
		}
		if o.wire > o.limit {
			e.world.fault(Budget, e.String(), fmt.Sprintf("%d bytes of datagrams left in a flush, the limit is %d", o.wire, o.limit))
		}
	}
	if !limited {
		return
	}
	if n := e.conn.Budget(); n < 0 || e.out.told >= 0 && n > e.out.told {
		e.world.fault(Budget, e.String(), fmt.Sprintf("the budget is %d, the limit %d", n, e.out.next))
	}
	e.out.limit, e.out.base, e.out.wire = e.out.next, sent, 0
}

// newlyStarted is how many messages were sent for the first time since the last call, at least:
// those that were dropped later are left out.
func (o *outflow) newlyStarted(c *tickwire.Conn) int {
	if o.messages.rate == 0 {
		return 0
	}
	st := c.Stats()
	return grown(&o.started, started(st.MessagesSent, st.QueuedMessages, st.MessagesDropped[:]))
}

// started is how many messages of those accepted were sent at least once.
func started(accepted uint64, waiting int, dropped []uint64) uint64 {
	n := accepted - uint64(waiting)
	for _, d := range dropped {
		n -= min(d, n)
	}
	return n
}

// grown raises a counter and says by how much.
func grown(counter *uint64, to uint64) int {
	n := int(max(to, *counter) - *counter)
	*counter = max(to, *counter)
	return n
}

func (l *Lane) checkFlow(now int64, st *tickwire.ChannelStats) {
	f := &l.flow
	if over := f.bytes.take(now, grown(&f.sent, st.BytesSent)); over > 0 {
		checker := Limits
		if l.channel.BytesPerSecond > 0 && int64(l.channel.BytesPerSecond) == f.bytes.rate {
			checker = Caps
		}
		l.fault(checker, "%d bytes more than %d a second", over, f.bytes.rate)
	}
	if over := f.messages.take(now, grown(&f.started, started(st.MessagesSent, st.QueuedMessages, st.Dropped[:]))); over > 0 {
		l.fault(Limits, "%d messages more than %d a second", over, f.messages.rate)
	}
}

func (e *End) tooMuch(c Checker, what string, over, rate int64) {
	e.world.fault(c, e.String(), fmt.Sprintf("%d %s more than the %d a second that the peer takes", over, what, rate))
}

// wrote notes a sealed datagram of an end that is large enough to hold messages.
func (e *End) wrote(b []byte) {
	if e.state != endOpen || len(b) < largeDatagram || b[0]&0xf8 != 0x08 {
		return
	}
	now := e.world.now()
	e.out.wire += len(b) + headerBytes
	if over := e.out.packets.take(now, 1); over > 0 {
		e.tooMuch(Limits, "packets", over, e.out.packets.rate)
	}
	if over := e.out.bytes.take(now, len(b)); over > 0 {
		e.tooMuch(Limits, "bytes", over, e.out.bytes.rate)
	}
}

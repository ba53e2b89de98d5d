package tickwire

import (
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
)

// A Conn is a live association with one peer: a player at a server, or the
// server of a client. It is never reused: after it ended its methods return
// ErrClosed or nothing.
//
// A Conn belongs to the goroutine that owns its Server or Client, between
// Update and Flush. Under a Hub or a Session all its methods may be called
// from any goroutine.
type Conn struct {
	core *core
	id   uint64
	peer peer

	// One of these carries the messages, until the Conn is forgotten; then neither.
	end   *endpoint.Endpoint // of our dialect
	plain *plainConn         // of plain netcode 1.02

	sealer    *netcode.Sealer // of what end sends; nil as long as the handshake lasts
	routes    []way           // by endpoint.Route
	here      endpoint.Route  // that leads to the peer
	lastRoute endpoint.Route  // that was given to another way
	lost      uint8           // a bit for each path whose way has ended, and that is not closed yet
	jam       jam
	newcomer  *player // ACCEPT goes ahead of his packets until his seat is confirmed

	clientID uint64
	userData string  // without the zeros at its end
	from     *Conn   // whose server has sent us to this one, until this one is open
	former   *former // what end has followed, until the game has taken its messages

	state     connState
	resumed   bool // it began with a resume ticket
	away      bool // Away was told, and not Back
	came      bool // back, while that was not told
	limited   bool // in budgets.limited
	touched   bool // in marks.touched
	dirty     bool // in marks.dirty
	shown     bool // its Disconnected was shown
	limitedTo int  // by LimitBudget
	appointed int  // one more than its place in core.due

	reason      Reason
	because     *Reason // for the end, in place of what the endpoint says
	undelivered int     // messages that had no fate at the end
	unreliable  int     // of them: unreliable ones
	typed       *typed  // what typed channels keep; nil until they have something
	draft       Draft
	told        []told     // the channels of which the game was told that they are writable
	final       *ConnStats // after the end

	// Value is the application's: tickwire never looks at it, nor guards it. Under a Hub or a Session
	// set it and look at it in the loop over Events alone, or put something with a lock there.
	Value any
}

// A connState is where a Conn is in its life. Of its end the code speaks in these words:
//
//	abort         end the handshake, if it is not complete
//	close, drain  begin the end, at once or when all that was sent is through
//	disconnected  it is over, and Disconnected is queued; neverConnected: nobody saw it
//	forget        the endpoint has said its last goodbye, too: what belongs to the Conn is given back
//	Release       of an endpoint, or of a seat: its memory, or its place, is given back
type connState uint8

const (
	connOpening connState = iota // the handshake is not complete
	connOpen                     // Connected was reported
	connClosing                  // Close was called; Disconnected comes with the next Update
	connEnded                    // Disconnected was queued; messages can still be taken
	connGone                     // removed from Conns; the endpoint may still say goodbye
)

// ID is the number of the Conn, unique within its Server or Client.
func (c *Conn) ID() uint64 { return c.id }

// ClientID is the player's id, authenticated by the connect token. At a client 0.
func (c *Conn) ClientID() uint64 { return c.clientID }

// UserData is a copy of what the backend wrote into the connect token: 256 bytes with
// zeros at their end, without which text is read by its method Text. At a client nil.
func (c *Conn) UserData() netcode.UserData {
	if _, ok := c.peer.(*player); !ok {
		return nil
	}
	b := make([]byte, netcode.UserDataBytes)
	copy(b, c.userData)
	return b
}

// RemoteAddr is the peer's address now, of several paths that of the first one on
// which it answers; not valid on transports without addresses.
func (c *Conn) RemoteAddr() netip.AddrPort {
	c.lock()
	defer c.unlock()
	return c.at().path.Remote
}

// Plain reports whether the peer speaks plain netcode 1.02, so that there is
// only PlainChannel.
func (c *Conn) Plain() bool { return c.plain != nil }

// Open reports whether messages can be sent.
func (c *Conn) Open() bool {
	c.lock()
	defer c.unlock()
	return c.open()
}

func (c *Conn) open() bool { return c.state == connOpen && (c.end == nil || c.end.Open()) }

// Reason says why the Conn ended, from its Disconnected on; before that it is the zero Reason.
func (c *Conn) Reason() Reason {
	c.lock()
	defer c.unlock()
	return c.reason
}

// Receive takes the messages of a channel that the last Update showed, the oldest first. The
// bytes are valid until the next Update. What is not taken stays, and the next Receive begins with
// it: so much as ChannelConfig.WindowBytes says, beyond which an unreliable channel drops the oldest
// and a reliable one holds up its sender.
//
// Under a Hub or a Session messages are events, so that Receive, Next and Latest panic.
func (c *Conn) Receive(channel ChannelID) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) { c.receive(channel, yield) }
}

func (c *Conn) receive(channel ChannelID, yield func([]byte) bool) {
	for {
		b, ok := c.Next(channel)
		if !ok || !yield(b) {
			return
		}
	}
}

// Next takes the next message of a channel that the last Update showed; false
// if there is none. The bytes are valid until the next Update.
func (c *Conn) Next(channel ChannelID) ([]byte, bool) {
	c.mustPoll()
	return c.next(channel)
}

// Latest takes all messages of a channel that the last Update showed, and returns the last of
// them; false if there is none. The bytes are valid until the next Update.
//
// It is for an UnreliableLatest channel without keys, of which the game wants the newest only, as
// of inputs and state: after a pause, or a late Update, several are there. Elsewhere it drops what
// may still be of use.
func (c *Conn) Latest(channel ChannelID) (last []byte, ok bool) {
	c.mustPoll()
	for b, more := c.next(channel); more; b, more = c.next(channel) {
		last, ok = b, true
	}
	return last, ok
}

// mustPoll panics if messages are events: to find none for ever would be a riddle.
func (c *Conn) mustPoll() {
	if c.core.shared != nil {
		panic("tickwire: under a Hub or a Session messages are events: take them in the loop over Events, " +
			"by Event.Payload or Channel.Decode, in place of Receive, Next and Latest")
	}
}

func (c *Conn) next(channel ChannelID) ([]byte, bool) {
	if c.plain != nil {
		return c.plain.next(channel)
	}
	if c.end == nil || c.state == connGone || c.state == connOpening {
		return nil, false
	}
	m, ok := c.inbox().Receive(channel)
	if !ok {
		c.withheld()
		return nil, false
	}
	c.taken()
	return m.Bytes(), true
}

// withheld notes that there is more than was given (ChannelConfig.Compression), or that it ends here.
func (c *Conn) withheld() {
	if end := c.inbox(); end.Withheld() {
		c.taken()
		c.core.news = c.core.news || end.News()
	}
}

// taken notes that a message was taken.
func (c *Conn) taken() {
	c.core.touch(c)     // the next Update takes the bytes back
	c.core.markDirty(c) // credit may be due
}

// Stats returns what was counted and measured.
func (c *Conn) Stats() ConnStats {
	c.lock()
	defer c.unlock()
	return c.stats()
}

// ChannelStats returns what was counted of a channel, and what waits there. All is
// zero of a channel that is not configured, towards a plain peer, and when the
// Update after Disconnected has come.
func (c *Conn) ChannelStats(channel ChannelID) ChannelStats {
	c.lock()
	defer c.unlock()
	if c.end == nil || c.state == connGone {
		return ChannelStats{}
	}
	c.end.SetNow(c.core.nowOfCall())
	return c.end.ChannelStats(channel)
}

// ChangeKeys has what is sent from here on sealed under new keys as soon as
// the peer has acknowledged a packet under the present ones, and three probe
// timeouts after the last change. It happens by itself after four million
// packets, and does nothing to a plain connection.
func (c *Conn) ChangeKeys() {
	c.lock()
	defer c.unlock()
	if c.sealer != nil {
		c.sealer.WantNewKeys()
	}
}

// mustBe is the core of a Conn to whom a message shall go.
func (c *Conn) mustBe() *core {
	if c == nil {
		panic("tickwire: nil Conn: a message goes to one of Conns, or of an event, or to Session.Conn")
	}
	return c.core
}

func (c *Conn) lock() { c.mustBe().lock() }

func (c *Conn) unlock() { c.core.unlock() }

// takeEvents moves what happened in the endpoint to the queue of the game.
func (c *Conn) takeEvents() {
	switch {
	case c.plain != nil:
		c.plain.reveal()
		c.takeMessages()
	case c.end != nil && c.state != connOpening:
		if c.takeFormer() {
			return
		}
		c.end.Update()
		c.takeMessages()
		for ev, ok := c.end.NextEvent(); ok; ev, ok = c.end.NextEvent() {
			c.takeEvent(ev)
		}
		if c.came {
			c.tellBack(KeepMessages)
		}
	}
}

func (c *Conn) takeEvent(ev endpoint.Event) {
	of := Event{Conn: c, Channel: ev.Channel, Receipt: ev.Receipt, Why: ev.Why}
	switch ev.Kind {
	case endpoint.Delivered:
		of.Kind = Delivered
	case endpoint.Lost:
		of.Kind = Lost
	case endpoint.Writable:
		c.tellWritable(ev.Channel)
		return
	case endpoint.PathChanged:
		c.aimAtActive()
		if c.lost != 0 {
			c.closeLost()
		}
		c.core.unused = c.core.unused || ev.State == PathClosed
		if c.state > connClosing {
			return // the game has heard the last of it, or never saw it
		}
		of.Kind, of.Path, of.PathState = PathChanged, ev.Path, ev.State
	case endpoint.RateChanged:
		if c.state > connClosing {
			return
		}
		of.Kind, of.BytesPerSecond = RateChanged, ev.BytesPerSecond
	case endpoint.Away:
		c.tellAway()
		return
	case endpoint.Back:
		c.tellBack(KeepMessages)
		return
	case endpoint.Closed:
		c.undelivered, c.unreliable = ev.Undelivered, ev.Unreliable
		r := Reason{Code: ev.Code, Text: ev.Text, Remote: ev.Remote}
		if c.because != nil {
			r = *c.because
		}
		c.core.disconnected(c, r)
		return
	default:
		return
	}
	c.core.events.push(of)
}

// A told is where in the queue of events the last Writable of a channel is, plus one.
type told struct {
	channel ChannelID
	at      uint64
}

// tellWritable queues Writable, unless the game has not taken the last one yet: so
// the queue stays bounded, and none has to be dropped for whom a game may wait.
func (c *Conn) tellWritable(channel ChannelID) {
	if !c.open() {
		return // there is room, and nothing to be done with it
	}
	i := slices.IndexFunc(c.told, func(t told) bool { return t.channel == channel })
	if i < 0 {
		i = len(c.told)
		c.told = append(c.told, told{channel: channel})
	}
	c.core.events.pushOnce(&c.told[i].at, Event{Kind: Writable, Conn: c, Channel: channel})
}

// takeMessages makes events of messages, under a Hub or a Session.
func (c *Conn) takeMessages() {
	if c.core.shared == nil {
		return
	}
	for channel, b, ok := c.nextOfAny(); ok; channel, b, ok = c.nextOfAny() {
		c.core.events.push(Event{Kind: Message, Conn: c, Channel: channel, Payload: b, version: c.versionRead()})
	}
}

// nextOfAny is next of the first channel that has something.
func (c *Conn) nextOfAny() (channel ChannelID, b []byte, ok bool) {
	switch {
	case c.plain != nil:
		b, ok = c.plain.next(PlainChannel)
		return PlainChannel, b, ok
	case c.state == connGone:
		return 0, nil, false
	}
	channel, m, ok := c.inbox().ReceiveAny()
	if ok {
		c.taken()
	} else {
		c.withheld()
	}
	return channel, m.Bytes(), ok
}

// handlePacket hands a packet that has opened to the endpoint.
func (c *Conn) handlePacket(at int64, in endpoint.Incoming) {
	c.end.HandlePacket(at, in)
	c.peer.handled()
	c.core.showLater(c)
	c.core.markDirty(c)
}

// pump sends what the Conn has to send now, and notes when it wants to be
// asked again.
func (c *Conn) pump(now int64) {
	switch {
	case c.plain != nil:
		c.flushPlain()
	case c.sealer != nil:
		if !c.end.Done() {
			c.sendPackets(now)
		}
		if c.state != connOpening {
			c.core.showLater(c) // room in a queue, or a message that has expired
		}
		c.core.due.set(c, min(c.end.Deadline(), c.peer.deadline()))
	}
}

// seal begins to seal packets; from now on the endpoint knows what that costs.
func (c *Conn) seal(s *netcode.Sealer) {
	c.sealer = s
	c.end.SetPacketOverhead(endpoint.DatagramHeaderBytes + s.Overhead(shortestNumber))
}

const shortestNumber = 2 // bytes, and the usual

// renewKeys changes the keys of what we send, if it is time and the peer is
// known to have the present ones.
func (c *Conn) renewKeys(now int64) {
	for path := range c.end.Paths() {
		acked, ok := c.end.LargestAcked(path)
		if ok && c.sealer.ChangeKeys(now, path, acked, c.end.ProbeTimeout()) {
			return
		}
	}
}

// endpointTimeout turns the handshake's word for how long silence may last into
// the endpoint's: zero is for ever to the one, the default to the other.
func endpointTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

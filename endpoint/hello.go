package endpoint

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A hello is what the two ends tell each other of themselves before any data.
type hello struct {
	instance uint64
	sent     bool // at least once (without a handshake)
	acked    bool // the peer has ours
	peer     peerHello
	peerAt   int64 // when the peer's came
}

// A peerHello is what is kept of the peer's.
type peerHello struct {
	instance, capabilities uint64
	clock                  uint64 // wire.ClockUnit
	largestDatagram        uint16 // 0: it did not come yet
	silenceSeconds         uint16
	schema                 uint16 // the version of typed messages that both ends use
}

// A MismatchError says that the two ends cannot talk: their wire versions, their channels or the forms
// of their messages differ.
type MismatchError struct {
	Code Code   // CodeVersion or CodeMismatch
	Text string // names the first difference
	Rows []byte // our rows, of channels or of forms, for the peer (SPEC.md, 6.4)
}

// Error tells the difference.
func (e *MismatchError) Error() string { return "endpoint: " + e.Text }

// AppendHello appends the body of HELLO, for a handshake to carry.
func (e *Endpoint) AppendHello(now int64, dst []byte) []byte { return e.life.appendHello(now, dst) }

func (l *lifetime) appendHello(now int64, dst []byte) []byte {
	return l.plan.appendHello(now, l.hello.instance, dst)
}

// hello is what HELLO says of a configuration, whose defaults are filled in.
func (c *Config) hello() wire.Hello {
	h := wire.Hello{
		MinVersion:      wire.Version,
		MaxVersion:      wire.Version,
		Capabilities:    wire.CapabilityHold | wire.CapabilityRepair | wire.CapabilityOptions | wire.CapabilityEpochs,
		LargestDatagram: uint16(min(c.MaxDatagramBytes, 0xffff)),
		AckHoldMillis:   uint8((int64(c.AckHold) + millisecond - 1) / millisecond),
		SilenceSeconds:  uint16(c.MaxHold / time.Second),
	}
	if c.MaxPaths > 0 {
		h.Capabilities |= wire.CapabilityPaths
	}
	h.DefaultWindow, h.Windows = firstWindows(c.Channels)
	h.Limits, h.ChannelLimits = helloLimits(c.Inbound, c.Channels)
	return h
}

// firstWindows is the window of most reliable channels and the list of those that have
// another. If the list would be too long the smallest window stands for all that are not on
// it, and the first BLOCKED of such a channel brings what it has.
func firstWindows(channels []ChannelConfig) (usual uint32, others []wire.Window) {
	differ, smallest := 0, defaultWindow
	for i := range channels {
		if ch := &channels[i]; ch.Delivery.Reliable() && ch.WindowBytes != defaultWindow {
			differ++
			smallest = min(smallest, ch.WindowBytes)
		}
	}
	first := defaultWindow
	if differ > wire.MaxHelloWindows {
		first = smallest
	}
	for i := range channels {
		ch := &channels[i]
		if ch.Delivery.Reliable() && ch.WindowBytes != first && len(others) < wire.MaxHelloWindows {
			others = append(others, wire.Window{Channel: uint16(ch.ID), Bytes: uint32(ch.WindowBytes)})
		}
	}
	return uint32(first), others
}

// HandleHello takes the peer's HELLO. If it matches, messages may flow. The error is a
// MismatchError; the connection cannot be used then.
func (e *Endpoint) HandleHello(now int64, body []byte) error {
	h, err := e.plan.match(body)
	if err != nil {
		return err
	}
	if e.life.state != stateMeeting {
		return nil
	}
	version, _ := e.plan.forms.common(&h.Schemas)
	e.life.hello.peer = peerHello{h.Instance, h.Capabilities, h.Clock, h.LargestDatagram, h.SilenceSeconds, uint16(version)}
	e.life.hello.peerAt = now
	e.outbox.handleHello(now, &h)
	for _, p := range e.paths.all {
		p.ackDelay = min(int64(h.AckHoldMillis)*millisecond, int64(maxAckHold))
	}
	e.life.state = stateOpen
	e.life.lastHeard = max(e.life.lastHeard, now)
	e.events.push(Event{Kind: Opened})
	return nil
}

// MaxDatagramBytes is the largest datagram to send: as configured, and no larger than the peer
// said it reads.
func (e *Endpoint) MaxDatagramBytes() int { return e.life.maxDatagramBytes() }

// maxDatagramBytes is Endpoint.MaxDatagramBytes.
func (l *lifetime) maxDatagramBytes() int {
	most := l.cfg.MaxDatagramBytes
	if peer := int(l.hello.peer.largestDatagram); peer > 0 {
		most = min(most, peer)
	}
	return most
}

// PeerInstance is the random number by which the peer tells its lives apart; 0 before its
// HELLO.
func (e *Endpoint) PeerInstance() uint64 { return e.life.hello.peer.instance }

// SchemaVersion is the newest version of typed messages that the endpoints of the plan have; 0 if no
// message says what its form is (Config.Schemas).
func (p *Plan) SchemaVersion() int { return p.forms.newest() }

// SchemaVersion is the version of typed messages that both ends use; before the peer's HELLO it is our
// newest.
func (e *Endpoint) SchemaVersion() int {
	if e.life.hello.peer.largestDatagram == 0 {
		return e.plan.forms.newest()
	}
	return int(e.life.hello.peer.schema)
}

// peerClock is what the peer's clock should show, in units of the wire.
func (l *lifetime) peerClock(now int64) uint64 {
	return l.hello.peer.clock + uint64(max(0, now-l.hello.peerAt)/wire.ClockUnit)
}

// helloFirst reports whether our first HELLO waits to be sent.
func (l *lifetime) helloFirst() bool { return !l.cfg.Handshake && !l.hello.sent }

// helloKnown reports whether the peer is known to have our HELLO.
func (l *lifetime) helloKnown() bool { return l.cfg.Handshake || l.hello.acked }

// helloAcked: a packet with HELLO was acknowledged.
func (l *lifetime) helloAcked() { l.hello.acked = true }

// peerReads reports whether the peer's HELLO has told of a capability.
func (l *lifetime) peerReads(capability uint64) bool {
	return l.hello.peer.capabilities&capability != 0
}

// helloWanted reports whether the packet that is being built shall carry HELLO: the first,
// each probe, and each that carries anything else, until one is acknowledged.
func (p *path) helloWanted(now int64) bool {
	if p.ps.life.helloKnown() {
		return false
	}
	return p.ps.life.helloFirst() || p.loss.probe > 0 || p.sendAt() <= now
}

// helloFrame is what HELLO takes in a packet.
func helloFrame(body []byte) int { return 1 + wire.UvarintLen(uint64(len(body))) + len(body) }

// buildHello appends HELLO, whole or not at all.
func (l *lifetime) buildHello(b *builder) {
	var body [wire.MaxHelloBytes]byte
	hello := l.appendHello(b.now, body[:0])
	if b.room() < helloFrame(hello) {
		return
	}
	b.dst = wire.AppendBytes(append(b.dst, wire.TypeHello), hello)
	b.pkt.eliciting = true
	b.record(content{kind: contentHello})
	l.hello.sent = true
}

func (e *Endpoint) handleHelloFrame(now int64, p *path, b []byte) (n int, err error) {
	body, n := wire.ConsumeBytes(b[1:])
	if n < 0 || e.cfg.Handshake {
		return 0, errProtocol
	}
	if err := e.HandleHello(now, body); err != nil {
		mismatch := err.(*MismatchError)
		e.closeWith(now, mismatch.Code, mismatch.Text, mismatch.Rows)
		return 1 + n, nil
	}
	return 1 + n, nil
}

// firstDifference names the first difference between our channel rows and the peer's.
func firstDifference(ours, theirs []byte) string {
	for len(ours) > 0 || len(theirs) > 0 {
		switch {
		case len(ours) == 0 || len(theirs) > 0 && rowAt(theirs).Channel < rowAt(ours).Channel:
			return fmt.Sprintf("channel %d is in Config.Channels of the peer, and not of this end", rowAt(theirs).Channel)
		case len(theirs) == 0 || rowAt(ours).Channel < rowAt(theirs).Channel:
			return fmt.Sprintf("channel %d is in Config.Channels of this end, and not of the peer", rowAt(ours).Channel)
		}
		var a, b wire.ChannelRow
		var byUs, byThem uint32
		a, byUs, ours = takeRow(ours)
		b, byThem, theirs = takeRow(theirs)
		switch {
		case a.Delivery != b.Delivery:
			return fmt.Sprintf("channel %d is %v here and %v at the peer",
				a.Channel, Delivery(a.Delivery), Delivery(b.Delivery))
		case a.MaxMessage != b.MaxMessage:
			return fmt.Sprintf("channel %d has MaxMessageBytes %d here and %d at the peer",
				a.Channel, a.MaxMessage, b.MaxMessage)
		case a.Name != b.Name:
			return fmt.Sprintf("channel %d has different names", a.Channel)
		case byUs != byThem:
			return fmt.Sprintf("channel %d is %s here and %s at the peer",
				a.Channel, compressionName(byUs), compressionName(byThem))
		}
	}
	return "no difference in the rows that came"
}

// takeRow takes the row of a channel off, with that of its compression if there is one.
func takeRow(b []byte) (row wire.ChannelRow, compression uint32, rest []byte) {
	row, rest = rowAt(b), b[wire.ChannelRowSize:]
	if len(rest) > 0 && rowAt(rest).Channel == row.Channel && rowAt(rest).Delivery == wire.CompressionRow {
		return row, rowAt(rest).MaxMessage, rest[wire.ChannelRowSize:]
	}
	return row, 0, rest
}

func rowAt(b []byte) wire.ChannelRow { return wire.ConsumeChannelRow(b) }

// Difference names the first difference between this endpoint's channels and the rows that
// came with a refusal.
func (e *Endpoint) Difference(rows []byte) string { return e.plan.difference(rows) }

func (p *Plan) difference(rows []byte) string {
	if len(rows) >= wire.ChannelRowSize && wire.RowFlags(rows) != wire.RowOfChannel {
		return p.forms.difference(rows[:len(rows)/wire.ChannelRowSize*wire.ChannelRowSize])
	}
	return firstDifference(p.rows, rows[:len(rows)/wire.ChannelRowSize*wire.ChannelRowSize])
}

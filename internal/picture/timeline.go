package picture

import (
	"math"
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// never is the time of what did not happen.
const never = math.MaxInt64

// A Timeline is what happened in a scene. Times are in nanoseconds since its beginning.
type Timeline struct {
	Messages []Message
	Packets  []Packet // of both directions, in the order in which they were sent
	Turns    []int64  // when the receiving game could have taken messages
	Notes    []Note
	seen     int
}

// A Message is one that the sending game gave to Send.
type Message struct {
	Cue    Cue
	Sent   int64
	Stored int64 // all of it has arrived
	Seen   int64 // the other game took it
	Place  int   // how many messages were seen before it
	Told   int64 // the sending game read its receipt, or saw it refused
	Fate   endpoint.EventKind
	Why    endpoint.LossReason
	// Refused: Send returned ErrFull or ErrClosed.
	Refused bool
}

// A Note is something else that a game did or was told.
type Note struct {
	At     int64
	AtPeer bool // by the game that receives the messages
	Did    bool // or was told
	Text   string
}

// A Packet is one datagram.
type Packet struct {
	Number    uint16
	FromPeer  bool // from the receiver of the messages to their sender
	Sent      int64
	Arrived   int64 // never: it was lost
	Frames    []Frame
	SizeBytes int
}

// A FrameKind says what a frame is, as far as a picture tells them apart.
type FrameKind uint8

const (
	Other    FrameKind = iota // PING, STORED and REBUILT
	Ack                       // an ACK
	Whole                     // a message, in a RUN
	Piece                     // bytes From to To of a message, in a FRAGMENT
	Skip                      // a message will not come
	Window                    // the receiver allows more
	Blocked                   // the sender would like to send more
	Hold                      // its sender falls silent, or wakes up
	Close                     // the end
	CloseAck                  // and its answer
	Draining                  // its sender drains, or is through
	Sum                       // of messages, in a REPAIR
)

// A Frame is what a packet says about one message, or about a channel.
type Frame struct {
	Kind     FrameKind
	Channel  endpoint.ChannelID
	Message  int // of Whole, Piece and Skip: index in Messages
	From, To int // of Piece
}

// Quiet reports whether the packet has nothing but acknowledgements to say.
func (p *Packet) Quiet() bool {
	return !slices.ContainsFunc(p.Frames, func(f Frame) bool { return f.Kind > Ack })
}

// Lost reports whether a packet with any of message i was lost.
func (t *Timeline) Lost(i int) bool {
	for p := range t.Packets {
		if t.Packets[p].Arrived == never && t.Packets[p].carries(i) {
			return true
		}
	}
	return false
}

// Again reports whether a frame repeats what an earlier packet carried, and whether a packet
// with that was lost.
func (t *Timeline) Again(p *Packet, f *Frame) (again, lost bool) {
	for i := range t.Packets {
		q := &t.Packets[i]
		if q.Sent >= p.Sent || q.FromPeer != p.FromPeer {
			continue
		}
		for j := range q.Frames {
			if f.overlaps(&q.Frames[j]) {
				again, lost = true, lost || q.Arrived == never
			}
		}
	}
	return again, lost
}

// overlaps reports whether two frames carry the same bytes of a message, or some of them.
func (f *Frame) overlaps(g *Frame) bool {
	return f.content() && g.content() && f.Message == g.Message && f.From < g.To && g.From < f.To
}

// content reports whether the frame carries any of a message.
func (f *Frame) content() bool { return f.Kind == Whole || f.Kind == Piece }

func (p *Packet) carries(i int) bool {
	return slices.ContainsFunc(p.Frames, func(f Frame) bool { return f.content() && f.Message == i })
}

// Times returns how many packets carried any of message i.
func (t *Timeline) Times(i int) (n int) {
	for p := range t.Packets {
		if t.Packets[p].carries(i) {
			n++
		}
	}
	return n
}

// Find returns the message with this label; the script of a scene has each once.
func (t *Timeline) Find(label string) *Message {
	for i := range t.Messages {
		if t.Messages[i].Cue.Label == label {
			return &t.Messages[i]
		}
	}
	return nil
}

// Seen returns the labels of what the receiving game saw, in its order.
func (t *Timeline) Seen() []string {
	var labels []string
	for _, i := range t.inOrderSeen() {
		labels = append(labels, t.Messages[i].Cue.Label)
	}
	return labels
}

func (t *Timeline) inOrderSeen() []int {
	var seen []int
	for i := range t.Messages {
		if t.Messages[i].Seen != never {
			seen = append(seen, i)
		}
	}
	slices.SortFunc(seen, func(a, b int) int { return t.Messages[a].Place - t.Messages[b].Place })
	return seen
}

// Waited reports whether a message was there for longer than until the game's next turn.
func (t *Timeline) Waited(m *Message) bool {
	return m.Seen != never && m.Seen-m.Stored > int64(turn)
}

// end is when the last message has its fate, a little later, in round numbers.
func (t *Timeline) end() time.Duration {
	last := int64(0)
	for i := range t.Messages {
		m := &t.Messages[i]
		for _, at := range []int64{m.Sent, m.Stored, m.Seen, m.Told} {
			if at != never {
				last = max(last, at)
			}
		}
	}
	for _, n := range t.Notes {
		last = max(last, n.At)
	}
	const round = 50 * ms
	return (time.Duration(last)/round + 1) * round
}

// store fills in when each message was there as a whole.
func (t *Timeline) store() {
	arrived := make([]*Packet, 0, len(t.Packets))
	for i := range t.Packets {
		if p := &t.Packets[i]; p.Arrived != never && !p.FromPeer {
			arrived = append(arrived, p)
		}
	}
	slices.SortStableFunc(arrived, func(a, b *Packet) int { return int(a.Arrived - b.Arrived) })
	have := make([]coverage, len(t.Messages))
	for _, p := range arrived {
		for _, f := range p.Frames {
			if !f.content() {
				continue
			}
			m := &t.Messages[f.Message]
			if have[f.Message].add(f.From, f.To) == m.Cue.bytes() {
				m.Stored = min(m.Stored, p.Arrived)
			}
		}
	}
	for i := range t.Messages {
		if m := &t.Messages[i]; m.Stored == never && m.Seen != never {
			m.Stored = rebuiltAt(arrived, m.Seen)
		}
	}
}

// rebuiltAt is when the last sum arrived before a message was seen that did not arrive itself.
func rebuiltAt(arrived []*Packet, seen int64) (at int64) {
	at = seen
	for _, p := range arrived {
		if p.Arrived <= seen && slices.ContainsFunc(p.Frames, func(f Frame) bool { return f.Kind == Sum }) {
			at = p.Arrived
		}
	}
	return at
}

// A coverage says which bytes of a message have arrived.
type coverage struct {
	there []bool
	count int
}

func (c *coverage) add(from, to int) (total int) {
	if missing := to - len(c.there); missing > 0 {
		c.there = append(c.there, make([]bool, missing)...)
	}
	for i := from; i < to; i++ {
		if !c.there[i] {
			c.there[i] = true
			c.count++
		}
	}
	return c.count
}

package swarm

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/simnet"
)

// A WireCost says what each kind of byte costs on average in a packet of one
// direction.
type WireCost struct {
	Packets  int
	Bytes    int // UDP payload
	Header   int // prefix, connection id, number, tag
	Acks     int // without clocks
	Clocks   int // in acks
	Repairs  int
	Control  int // every other frame that is not a run
	Runs     int // type, channel, id, and the length of the first message
	Lengths  int // of the further messages in a run
	Payload  int // what the game sent
	Reliable cost
	Other    cost
}

// A cost is that of the runs of one channel.
type cost struct{ runs, header, messages, lengths int }

const (
	wireRate    = 60
	wireSeconds = 10
	reliableID  = 1
	otherID     = 2
	wireMessage = 20 // bytes of the reliable message, and of each further one
	wireState   = 60 // bytes of the unreliable message
	sealBytes   = 1 + 2 + 16
)

// MeasureWire plays sixty ticks a second for ten seconds over a clean 4g link, both ways, each
// tick with the given number of reliable messages of 20 bytes and one
// unreliable message of 60.
func MeasureWire(reliable int) (up, down WireCost, err error) {
	a, b, err := newWirePair()
	if err != nil {
		return up, down, err
	}
	step := int64(time.Second) / wireRate
	for tick := range int64(wireRate * wireSeconds) {
		for _, side := range [2]*wireSide{a, b} {
			if err := side.tick(tick*step, reliable); err != nil {
				return up, down, err
			}
		}
		runWire(a, b, tick*step, (tick+1)*step)
	}
	return a.cost, b.cost, errors.Join(a.err, b.err)
}

// MeasureIdle is the bytes a second, IP and UDP headers not counted, of a
// connection over which nothing is sent.
func MeasureIdle() (up, down float64, err error) {
	a, b, err := newWirePair()
	if err != nil {
		return 0, 0, err
	}
	const seconds = 60
	runWire(a, b, 0, seconds*int64(time.Second))
	return float64(a.cost.Bytes) / seconds, float64(b.cost.Bytes) / seconds, errors.Join(a.err, b.err)
}

// A wireSide is an endpoint, the link on which it sends, and what that cost.
type wireSide struct {
	end  *endpoint.Endpoint
	out  *simnet.Link
	id   int // bytes of the connection id
	cost WireCost
	ack  wire.Ack
	err  error
	buf  []byte
}

func newWirePair() (a, b *wireSide, err error) {
	links := simnet.LTE4G()
	links.Up.Loss, links.Down.Loss = 0, 0
	links.Up.LossBurst, links.Down.LossBurst = 0, 0
	if a, err = newWireSide(links.Up, 4, 1); err != nil {
		return nil, nil, err
	}
	if b, err = newWireSide(links.Down, 0, 2); err != nil {
		return nil, nil, err
	}
	return a, b, errors.Join(a.end.HandleHello(0, b.end.AppendHello(0, nil)), b.end.HandleHello(0, a.end.AppendHello(0, nil)))
}

func newWireSide(link simnet.LinkConfig, id int, seed uint64) (*wireSide, error) {
	end, err := endpoint.New(0, endpoint.Config{
		Channels: []endpoint.ChannelConfig{
			{ID: reliableID, Delivery: endpoint.ReliableOrdered},
			{ID: otherID, Delivery: endpoint.Unreliable},
		},
		Seed: seed, Handshake: true, Trusted: true, PacketOverheadBytes: endpoint.DatagramHeaderBytes + id + sealBytes,
	})
	if err != nil {
		return nil, err
	}
	out, err := simnet.NewLink(0, link, seed)
	return &wireSide{end: end, out: out, id: id}, err
}

func (s *wireSide) tick(now int64, reliable int) error {
	s.end.Update()
	for _, ch := range [2]endpoint.ChannelID{reliableID, otherID} {
		for {
			if _, ok := s.end.Receive(ch); !ok {
				break
			}
		}
	}
	for range reliable {
		if _, err := s.end.Send(reliableID, make([]byte, wireMessage), endpoint.SendOptions{}); err != nil {
			return err
		}
	}
	_, err := s.end.Send(otherID, make([]byte, wireState), endpoint.SendOptions{})
	s.pump(now)
	return err
}

// pump sends what there is to send, with its number in front. The header and
// the seal are counted, not made.
func (s *wireSide) pump(now int64) {
	for {
		around := 0 // what header and seal take
		var out endpoint.Outgoing
		ok := s.end.NextPacket(now, &out, func(h endpoint.Header) ([]byte, endpoint.Envelope) {
			around = s.id + sealBytes - 2 + h.NumberBytes
			return appendNumber(s.buf[:0], h.Number), endpoint.Envelope{Tail: around - numberBytes}
		})
		if !ok {
			return
		}
		s.buf = out.Packet
		s.count(around, out.Packet[numberBytes:])
		s.out.Send(now, out.Packet)
	}
}

// numberBytes is how many bytes of its number a packet of a measurement brings.
const numberBytes = 3

func appendNumber(b []byte, number uint64) []byte {
	return append(b, byte(number), byte(number>>8), byte(number>>16))
}

// incoming is a packet of a measurement that arrived.
func incoming(b []byte) endpoint.Incoming {
	number := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16
	return endpoint.Incoming{Number: number, Frames: b[numberBytes:]}
}

// runWire lets packets arrive and deadlines pass until the time.
func runWire(a, b *wireSide, now, until int64) {
	for now < until {
		for _, way := range [2][2]*wireSide{{a, b}, {b, a}} {
			from, to := way[0], way[1]
			for {
				p, ok := from.out.Receive(now)
				if !ok {
					break
				}
				to.end.HandlePacket(now, incoming(p))
			}
		}
		next := until
		for _, s := range [2]*wireSide{a, b} {
			if s.end.Deadline() <= now {
				s.end.HandleTimeout(now)
			}
			s.pump(now)
			next = min(next, max(s.end.Deadline(), now+1000))
			if at, ok := s.out.Next(); ok {
				next = min(next, max(at, now+1))
			}
		}
		now = next
	}
}

var errWire = errors.New("swarm: a packet of ours cannot be read")

// count takes a packet apart.
func (s *wireSide) count(header int, frames []byte) {
	c := &s.cost
	c.Packets++
	c.Bytes += header + len(frames)
	c.Header += header
	for len(frames) > 0 {
		n := 0
		switch kind := frames[0]; {
		case kind >= wire.TypeRunLong:
			n = c.countRun(frames)
		case kind >= wire.TypeAck && kind < wire.TypeFragment:
			n = wire.ConsumeAck(frames, &s.ack)
			c.Acks += n
			if s.ack.HasClock {
				c.Acks, c.Clocks = c.Acks-3, c.Clocks+3
			}
		case kind == wire.TypePing:
			n = 1
			c.Control++
		case kind == wire.TypeRepair:
			_, _, n = wire.ConsumeRepair(frames)
			c.Repairs += n
		case kind == wire.TypeWindow || kind == wire.TypeBlocked:
			_, _, n = wire.ConsumeLimit(frames)
			c.Control += n
		}
		if n <= 0 {
			s.err = errWire
			return
		}
		frames = frames[n:]
	}
}

func (c *WireCost) countRun(frames []byte) int {
	run, n := wire.ConsumeRun(frames)
	if n < 0 {
		return n
	}
	of := &c.Other
	if run.Channel == reliableID {
		of = &c.Reliable
	}
	of.runs++
	of.header += n
	c.Runs += n
	for i := range run.Count {
		payload, k := wire.ConsumeBytes(frames[n:])
		if k < 0 {
			return k
		}
		n += k
		c.Payload += len(payload)
		if i == 0 {
			c.Runs, of.header = c.Runs+k-len(payload), of.header+k-len(payload)
		} else {
			c.Lengths, of.lengths = c.Lengths+k-len(payload), of.lengths+k-len(payload)
			of.messages++
		}
	}
	return n
}

// each is an average over the packets.
func (c *WireCost) each(bytes int) float64 { return float64(bytes) / float64(c.Packets) }

// FramesButRuns is what acks and control frames cost in a packet.
func (c *WireCost) FramesButRuns() float64 { return c.each(c.Acks + c.Clocks + c.Control) }

// WireTable prints the measurement as SPEC.md shows it.
func WireTable() (string, error) {
	up, down, err := MeasureWire(1)
	if err != nil {
		return "", err
	}
	up4, down4, err := MeasureWire(4)
	if err != nil {
		return "", err
	}
	idleUp, idleDown, err := MeasureIdle()
	if err != nil {
		return "", err
	}
	var t strings.Builder
	row := func(what string, c, s float64) { fmt.Fprintf(&t, "| %s | %.2f | %.2f |\n", what, c, s) }
	t.WriteString("| bytes in a packet, on average | C→S | S→C |\n|---|---|---|\n")
	row("prefix, connection id, number, tag", up.each(up.Header), down.each(down.Header))
	row("ACK", up.each(up.Acks), down.each(down.Acks))
	row("clock in the ACK", up.each(up.Clocks), down.each(down.Clocks))
	row("all other frames but runs", up.each(up.Control), down.each(down.Control))
	row("REPAIR of the reliable messages, while nothing is lost", up.each(up.Repairs), down.each(down.Repairs))
	row("run of one reliable message, its length included", up.Reliable.perRun(), down.Reliable.perRun())
	row("run of one unreliable message, its length included", up.Other.perRun(), down.Other.perRun())
	row("messages: 20 and 60 bytes", up.each(up.Payload), down.each(down.Payload))
	row("the whole datagram", up.each(up.Bytes), down.each(down.Bytes))
	row("packets in a second", float64(up.Packets)/wireSeconds, float64(down.Packets)/wireSeconds)
	row("with four reliable messages: each one after the first of its run", up4.Reliable.perFurther(), down4.Reliable.perFurther())
	row("bytes in a second when nothing is sent for a minute", idleUp, idleDown)
	return t.String(), nil
}

func (c *cost) perRun() float64     { return float64(c.header) / float64(c.runs) }
func (c *cost) perFurther() float64 { return float64(c.lengths) / float64(c.messages) }

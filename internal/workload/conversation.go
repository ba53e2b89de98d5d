package workload

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// A conversation is two endpoints and what the second one has received.
type conversation struct {
	ends    [2]*end
	delay   time.Duration // that no message goes below
	latency []time.Duration
	got     meter // what the second end received
	back    meter // what the first one did
}

// newConversation returns two endpoints that have met; messages are sent from a time to another.
func newConversation(c *Cell, seed uint64, from, until int64) (*conversation, error) {
	v := &conversation{delay: c.Up.Delay}
	for i := range v.ends {
		e, err := endpoint.New(from, c.config(seed*2+uint64(i)))
		if err != nil {
			return nil, err
		}
		v.ends[i] = &end{Endpoint: e, from: from, until: until, payload: make([]byte, BulkBytes)}
		v.ends[i].carrier.DontFragment = c.Up.MTU > 0
	}
	v.ends[0].bulks = c.Workload.bulks()
	if c.Workload.streams() {
		v.ends[0].rate, v.ends[0].bytes = c.Rate, c.Bytes
	}
	v.ends[0].bulkFrom = from + int64(c.bulkFrom())
	v.ends[1].took = v.took
	if c.Workload == Duplex {
		v.ends[1].bulks, v.ends[1].bulkFrom = true, from
		v.ends[0].took = func(now int64, _ endpoint.ChannelID, b []byte) { v.back.add(now, len(b)) }
	}
	a, b := v.ends[0], v.ends[1]
	return v, errors.Join(a.HandleHello(from, b.AppendHello(from, nil)), b.HandleHello(from, a.AppendHello(from, nil)))
}

// took is called for each message that the receiver takes.
func (v *conversation) took(now int64, ch endpoint.ChannelID, b []byte) {
	v.got.add(now, len(b))
	if ch != StreamChannel {
		return
	}
	n := int(binary.LittleEndian.Uint64(b))
	if n != len(v.latency) || n >= len(v.ends[0].sentAt) {
		v.ends[1].fail(fmt.Errorf("workload: message %d came after %d others", n, len(v.latency)))
		return
	}
	v.latency = append(v.latency, time.Duration(now-v.ends[0].sentAt[n])-v.delay)
}

// missing is how many messages of the stream have not arrived.
func (v *conversation) missing() int { return len(v.ends[0].sentAt) - len(v.latency) }

func (v *conversation) hosts() (a, b host) { return v.ends[0], v.ends[1] }
func (v *conversation) received() *meter   { return &v.got }
func (v *conversation) err() error         { return errors.Join(v.ends[0].err, v.ends[1].err) }

// An end is an endpoint and the game that drives it. The first end of a conversation sends
// messages, the second takes them.
type end struct {
	*endpoint.Endpoint
	from, until int64 // when messages are sent
	carrier     endpoint.Carrier
	rate, bytes int // of the stream's messages; 0: there is none
	bulks       bool
	bulkFrom    int64
	ticks       int     // of the stream, so far
	sentAt      []int64 // of its messages
	payload     []byte
	took        func(now int64, channel endpoint.ChannelID, b []byte) // nil: it takes nothing
	err         error
}

func (e *end) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// arrive implements host.
func (e *end) arrive(now int64, number uint64, b []byte) {
	e.HandlePacket(now, endpoint.Incoming{Number: number, Frames: b})
	e.take(now)
}

// take shows the game what has arrived.
func (e *end) take(now int64) {
	e.Update()
	for ev, ok := e.NextEvent(); ok; ev, ok = e.NextEvent() {
		if ev.Kind == endpoint.Closed {
			e.fail(fmt.Errorf("workload: the connection ended with %v: %s", ev.Code, ev.Text))
		}
	}
	if e.took == nil {
		return
	}
	for _, ch := range [2]endpoint.ChannelID{StreamChannel, BulkChannel} {
		for m, ok := e.Receive(ch); ok; m, ok = e.Receive(ch) {
			e.took(now, ch, m.Bytes())
		}
	}
}

// wake implements host.
func (e *end) wake(now int64) {
	if now >= e.Endpoint.Deadline() {
		e.HandleTimeout(now)
		e.take(now)
	}
	for now >= e.tickAt() {
		e.ticks++
		binary.LittleEndian.PutUint64(e.payload, uint64(len(e.sentAt)))
		e.sentAt = append(e.sentAt, now)
		e.send(StreamChannel, e.payload[:e.bytes])
	}
}

// tickAt is when the stream has its next message.
func (e *end) tickAt() int64 {
	if e.rate == 0 {
		return never
	}
	at := e.from + int64(e.ticks)*int64(time.Second)/int64(e.rate)
	if at >= e.until {
		return never
	}
	return at
}

func (e *end) send(ch endpoint.ChannelID, b []byte) {
	if _, err := e.Send(ch, b, endpoint.SendOptions{}); err != nil {
		e.fail(fmt.Errorf("workload: %w", err))
	}
}

// next implements host.
func (e *end) next(now int64, dst []byte) (number uint64, _ []byte) {
	if now < e.from || e.err != nil {
		return 0, dst
	}
	if e.bulks && now >= e.bulkFrom && now < e.until {
		for e.ChannelStats(BulkChannel).QueuedBytes < bulkAhead && e.err == nil {
			e.send(BulkChannel, e.payload)
		}
	}
	var out endpoint.Outgoing
	ok := e.NextPacket(now, &out, func(endpoint.Header) ([]byte, endpoint.Envelope) {
		return dst, endpoint.Envelope{Tail: sealBytes - len(dst), Carrier: e.carrier}
	})
	if !ok {
		return 0, dst
	}
	return out.Number, out.Packet
}

// deadline implements host.
func (e *end) deadline(now int64) int64 {
	switch {
	case e.err != nil:
		return never
	case now < e.from:
		return e.from
	}
	at := min(e.Endpoint.Deadline(), e.tickAt())
	if e.bulks && now < e.bulkFrom {
		at = min(at, e.bulkFrom)
	}
	return at
}

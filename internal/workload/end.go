package workload

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// An end is an endpoint and the game that drives it. The first end of a flow sends messages, the
// second takes them.
type end struct {
	*endpoint.Endpoint
	until   int64 // when messages cease
	streams bool
	bulks   bool
	ticks   int // of the stream, so far
	started int64
	sentAt  []int64 // of the stream's messages
	payload []byte
	took    func(now int64, channel endpoint.ChannelID, b []byte)
	err     error
}

// newEnds returns two endpoints that have met.
func newEnds(now int64, c *Cell) (ends [2]*end, err error) {
	for i := range ends {
		e, err := endpoint.New(now, c.config(i))
		if err != nil {
			return ends, err
		}
		ends[i] = &end{Endpoint: e, payload: make([]byte, bulkBytes), started: now, until: never}
	}
	return ends, errors.Join(
		ends[0].HandleHello(now, ends[1].AppendHello(now, nil)),
		ends[1].HandleHello(now, ends[0].AppendHello(now, nil)))
}

// arrive implements host.
func (e *end) arrive(now int64, b []byte) {
	if len(b) < numberBytes {
		return
	}
	e.HandlePacket(now, 0, 0, binary.LittleEndian.Uint64(b), b[numberBytes:])
	e.take(now)
}

// take shows the game what has arrived.
func (e *end) take(now int64) {
	if e.took == nil {
		return
	}
	e.Update()
	for ev, ok := e.NextEvent(); ok; ev, ok = e.NextEvent() {
		if ev.Kind == endpoint.Closed {
			e.err = fmt.Errorf("workload: the connection ended with %v: %s", ev.Code, ev.Text)
		}
	}
	for _, ch := range []endpoint.ChannelID{StreamChannel, BulkChannel} {
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
		e.send(StreamChannel, e.payload[:streamBytes])
	}
}

// tickAt is when the stream has its next message.
func (e *end) tickAt() int64 {
	at := e.started + int64(e.ticks)*int64(time.Second)/streamRate
	if !e.streams || at >= e.until {
		return never
	}
	return at
}

func (e *end) send(ch endpoint.ChannelID, b []byte) {
	if _, err := e.Send(ch, b, endpoint.SendOptions{}); err != nil && e.err == nil {
		e.err = fmt.Errorf("workload: %w", err)
	}
}

// next implements host.
func (e *end) next(now int64, dst []byte) []byte {
	if e.bulks && now < e.until {
		for e.ChannelStats(BulkChannel).QueuedBytes < bulkAhead && e.err == nil {
			e.send(BulkChannel, e.payload)
		}
	}
	for path := range e.Turns(now) {
		number := e.NextNumber(path)
		packet := binary.LittleEndian.AppendUint64(dst, number)
		room := e.MaxDatagramBytes() - sealBytes
		if b := e.AppendPacket(now, path, number, packet, room); len(b) > len(packet) {
			return b
		}
	}
	return dst
}

// deadline implements host.
func (e *end) deadline() int64 {
	if e.err != nil {
		return never
	}
	return min(e.Endpoint.Deadline(), e.tickAt())
}

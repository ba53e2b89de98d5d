package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// Channel 0 is the library's own (SPEC.md, 6.4): ReliableOrdered, there without being configured,
// and not the game's to send on. What goes over it goes before everything else, whatever the game
// has limited; for the game it is not there, but in ChannelStats(0). Until it is used it costs
// its places in the lists of channels.
var ownChannel = ChannelConfig{
	Delivery: ReliableOrdered, MaxMessageBytes: wire.MaxControlBytes, MaxQueuedBytes: 64 << 10,
}

// own reports whether a half of a channel is the library's.
func (s *sender) own() bool   { return s.id == 0 }
func (r *receiver) own() bool { return r.id == 0 }

// SendControl sends a message of a kind on channel 0. The body is copied; with its kind it has
// at most 16384 bytes. The error is ErrClosed, or a *SendError that wraps ErrTooLarge or ErrFull:
// 64 KiB may wait. A Hold is not ended by it.
func (e *Endpoint) SendControl(kind uint64, body []byte) error {
	if !e.life.accepts() {
		return ErrClosed
	}
	s, size := e.outbox.senderAt(0), wire.UvarintLen(kind)+len(body)
	switch {
	case size > s.cfg.MaxMessageBytes:
		return &SendError{0, ErrTooLarge, "MaxMessageBytes", size, s.cfg.MaxMessageBytes}
	case s.queued+charge(size) > s.cfg.MaxQueuedBytes:
		return &SendError{0, ErrFull, "MaxQueuedBytes", s.queued + charge(size), s.cfg.MaxQueuedBytes}
	}
	m := s.queue.Push()
	m.size = uint32(size)
	m.payload = e.cfg.Buffers.fetch(size)
	wire.AppendControl(m.payload[:0], kind, body)
	s.queued += charge(size)
	s.counts.messages++
	s.activate()
	return nil
}

// ReceiveControl takes the next message of channel 0: its kind and its body, which has the layout
// of that kind, and is valid until the next Update. It does not wait for Update as messages of
// the game do. Kinds that are not known are passed over, and counted. Whoever never calls it
// keeps at most 64 KiB of what the peer sends.
func (e *Endpoint) ReceiveControl() (kind uint64, body []byte, ok bool) {
	return e.inbox.receiveControl()
}

// receiveControl takes the next message of channel 0 whose kind is known.
func (in *inbox) receiveControl() (kind uint64, body []byte, ok bool) {
	for r := in.receivers[0]; r != nil && r.ready.Len() > 0; {
		payload := r.ready.First().payload
		r.ready.Pop()
		in.lentToGame = append(in.lentToGame, payload)
		r.untaken -= charge(len(payload))
		r.returnCharge(charge(len(payload)))
		kind, body, ok = wire.ConsumeControl(payload)
		switch {
		case ok && wire.ControlKnown(kind):
			return kind, body, true
		case ok:
			in.stats.ControlUnknown++
		}
	}
	return 0, nil, false
}

// controlArrived looks at the messages of channel 0 that a frame has brought, or let through.
// They count as shown, so that they are no News.
func (in *inbox) controlArrived() error {
	for r := in.receivers[0]; r.visible < r.ready.End(); r.visible++ {
		if r.visible < r.ready.Base() {
			continue
		}
		if _, _, ok := wire.ConsumeControl(r.ready.At(r.visible).payload); !ok {
			return errProtocol
		}
	}
	return nil
}

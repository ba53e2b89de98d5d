package endpoint

import (
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// An inbox is what comes from the peer: the receivers of all channels, the unfinished messages and
// the sums that they share, the credit that they give and how much of it came from the pool, and
// what the peer may send in a second.
type inbox struct {
	*common
	receivers  []*receiver // in ascending order of channel, the library's own first; nil: nothing came on it
	owing      bool        // a receiver has WINDOW, STORED or REBUILT to send
	lentToGame [][]byte    // payloads that the game may use until the next Update
	withheld   bool        // a receiver with compression has more than the game may have until then
	broken     bool        // a message did not open
	final      bool        // nothing comes any more

	partials   spares[partial]
	rebuilders *rebuilders // nil: the peer has repaired nothing so far
	share      poolShare   // of the pool of windows
	inbound    *inbound
}

// begin makes an inbox that has received nothing. The tables of its receivers are seeded with a number
// that no peer ever sees.
func (in *inbox) begin(c *common) {
	in.common = c
	in.receivers = make([]*receiver, len(c.cfg.Channels))
	in.inbound = newInbound(c.begun, c.cfg)
}

// receiver returns the incoming half of a channel; nil if there is none.
func (in *inbox) receiver(id uint16) *receiver {
	if i := in.plan.index(id); i >= 0 {
		return in.receiverAt(i)
	}
	return nil
}

// receiverAt returns the receiver at a place, which it makes if this is its first use.
func (in *inbox) receiverAt(i int) *receiver {
	if r := in.receivers[i]; r != nil {
		return r
	}
	cfg := &in.cfg.Channels[i]
	r := &receiver{in: in, cfg: cfg, id: uint16(cfg.ID), window: cfg.WindowBytes, limitAt: in.begun}
	r.limit = uint64(r.window)
	r.keys.table.seed, r.unfinished.seed = in.keySeed, in.keySeed
	if cfg.Delivery == Unreliable {
		r.whole = seq.NewWindow(partialSpan)
	}
	r.inbound = newChannelInbound(in.begun, in.cfg, cfg)
	in.receivers[i] = r
	return r
}

// count counts a frame that steers a channel, if there is one.
func (in *inbox) count(now int64, channel uint16, bytes int) {
	if r := in.receiver(channel); r != nil {
		r.count(now, bytes)
	}
}

// owes reports whether a receiver has an answer to send: WINDOW, STORED or REBUILT.
func (in *inbox) owes() bool { return in.owing }

// earnAck lets the peer send an acknowledgement more: of a packet that asks for one.
func (in *inbox) earnAck(now int64) {
	if in.inbound != nil {
		in.inbound.acks.earn(now)
	}
}

// reveal shows the game what arrived, and takes back the payloads that it had before.
func (in *inbox) reveal() {
	for i, b := range in.lentToGame {
		in.cfg.Buffers.release(b)
		in.lentToGame[i] = nil
	}
	in.withheld = false
	in.lentToGame = in.lentToGame[:0]
	for _, r := range in.receivers {
		if r != nil {
			r.reveal()
		}
	}
}

// news reports whether reveal would show the game a message.
func (in *inbox) news() bool {
	if in.withheld {
		return true
	}
	for _, r := range in.receivers {
		if r != nil && r.ready.End() != r.visible {
			return true
		}
	}
	return false
}

// handleRun handles a RUN, and says whether its messages are repaired if they are lost.
func (in *inbox) handleRun(now int64, b []byte) (n int, reliable bool, err error) {
	run, n := wire.ConsumeRun(b)
	r := in.receiver(run.Channel)
	if n < 0 || r == nil {
		return 0, false, errProtocol
	}
	k, err := r.handleRun(now, &run, b[n:])
	return n + k, r.cfg.Delivery.Reliable(), in.handled(now, r, n+k, err)
}

// handleFragment handles a FRAGMENT, likewise.
func (in *inbox) handleFragment(now int64, b []byte) (n int, reliable bool, err error) {
	f, payload, n := wire.ConsumeFragment(b)
	r := in.receiver(f.Channel)
	if n < 0 || r == nil {
		return 0, false, errProtocol
	}
	reliable = r.cfg.Delivery.Reliable() && f.Options&wire.OptionDroppable == 0
	return n, reliable, in.handled(now, r, n, r.handleFragment(now, &f, payload))
}

// handleSkip handles a SKIP.
func (in *inbox) handleSkip(now int64, b []byte) (n int, err error) {
	channel, first, count, n := wire.ConsumeSkip(b)
	r := in.receiver(channel)
	if n < 0 || r == nil {
		return 0, errProtocol
	}
	k, err := r.handleSkip(first, count, b[n:])
	return n + k, in.handled(now, r, n+k, err)
}

// handled counts a frame that was handled, and looks at what it has brought on channel 0.
func (in *inbox) handled(now int64, r *receiver, bytes int, err error) error {
	r.count(now, bytes)
	if r.own() && err == nil {
		return in.controlArrived()
	}
	return err
}

// expire drops what stayed unfinished for too long, and says when to look again.
func (in *inbox) expire(now int64) int64 {
	at := in.resume(now)
	for _, r := range in.receivers {
		if r == nil {
			continue
		}
		at = min(at, r.expirePartials(now), r.expireRebuilder(now))
	}
	return at
}

// dropUnfinished drops all that the game will never see.
func (in *inbox) dropUnfinished() {
	in.final = true
	for _, r := range in.receivers {
		if r != nil {
			r.dropUnfinished()
			r.dropRebuilder()
		}
	}
}

// release gives all memory back to the pools.
func (in *inbox) release() {
	for _, r := range in.receivers {
		if r == nil {
			continue
		}
		for ; r.ready.Len() > 0; r.ready.Pop() {
			in.cfg.Buffers.release(r.ready.At(r.ready.Base()).payload)
		}
		in.cfg.Pool.give(&in.share, r.pooled)
		r.pooled, r.held = 0, 0
	}
}

// dropUnfinished drops what the game will never see: partials, and messages that wait for an
// earlier one.
func (r *receiver) dropUnfinished() {
	for len(r.partials) > 0 {
		r.dropPartial(r.partials[0])
	}
	for r.unfinished.used > 0 {
		r.dropPartial(r.unfinished.any())
	}
	for r.waiting.len() > 0 {
		r.in.cfg.Buffers.release(r.waiting.pop().payload)
	}
	for r.droppables.len() > 0 {
		r.dropDroppable(r.droppables.pop().payload)
	}
	r.limitDue, r.stored = false, nil
}

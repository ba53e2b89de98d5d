package world

import (
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/tickwire/tickwire"
)

// Limits that the library documents as defaults.
const (
	defaultReceipts   = 16384
	defaultPool       = 64 << 20
	defaultFree       = 16 << 20
	internalQueue     = 4 << 20 // of the library's own channel
	unreliableQueue   = 256 << 10
	unreliableMessage = 64 << 10
	reliableQueue     = 4 << 20
	reliableMessage   = 1 << 20
	firstWindow       = 64 << 10
)

// limits are what one connection may hold.
type limits struct {
	queue   int // bytes to be sent
	buffers int // messages of any kind; a message is charged at least 32 bytes wherever it waits
	held    int // bytes of messages, beside those that wait to be sent and those for which windows grew
}

const (
	leastCharge = 32
	openIDs     = 1 << 14 // messages of a channel that are sent and not acknowledged

	// What is kept to rebuild messages that are lost, of 16 channels at most.
	repairedChannels = 16
	repairBuffers    = 64 + 17
	repairHeld       = 64*512 + 17*(64+512)
)

// limitsOf sums up the channels. A window counts four times for a reliable channel: what
// arrived; what the game took and gives back with its next Update, by which time as much again
// may have arrived; and both of them at the peer, to which the messages here are on their way
// until they are acknowledged. For an unreliable one the first two count, and so they do for the
// droppables of an ordered one.
func limitsOf(channels []tickwire.AnyChannel, droppables bool) limits {
	sum := limits{queue: internalQueue, held: 4 * firstWindow}
	for i, ch := range channels {
		c := ch.Config()
		queue, window := c.MaxQueuedBytes, c.WindowBytes
		if c.Delivery.Reliable() {
			message := orElse(c.MaxMessageBytes, reliableMessage)
			queue = orElse(queue, max(reliableQueue, 2*message))
			window = orElse(window, firstWindow)
			sum.held += 4 * window
			if droppables && c.Delivery == tickwire.ReliableOrdered {
				apart := max(unreliableQueue, message+leastCharge)
				sum.held += 2 * apart
				sum.buffers += openIDs + apart/leastCharge
			}
		} else {
			message := orElse(c.MaxMessageBytes, unreliableMessage)
			queue = orElse(queue, max(unreliableQueue, message+leastCharge))
			window = orElse(window, max(unreliableQueue, 2*(message+leastCharge)))
			sum.held += 2 * window
		}
		if i < repairedChannels {
			sum.held += repairHeld
			sum.buffers += repairBuffers
		}
		sum.queue += queue
		sum.buffers += queue/leastCharge + openIDs + window/leastCharge
	}
	return sum
}

// orElse resolves a limit of a configuration: zero is the default, negative means none.
func orElse(v, zero int) int {
	if v == 0 {
		return zero
	}
	return max(v, 0)
}

// A memory is what a host holds.
type memory struct {
	buffers, bytes int // in use
	free           int // bytes of those that are kept for later
	windows        int // bytes by which they have grown
	queued         int // bytes, of the connection that has most
	allQueued      int // bytes, of each connection as many as are allowed
	receipts       int // open, of the connection that has most
}

// memoryOf asks a host what it holds. A connection may queue so many bytes.
func (w *World) memoryOf(h *host, most int) memory {
	st := h.driver.Stats()
	m := memory{buffers: st.Buffers.InUse, bytes: st.Buffers.BytesInUse, free: st.Buffers.FreeBytes, windows: st.WindowBytes}
	for e := range w.endsAt(h) {
		st := e.conn.Stats()
		m.queued = max(m.queued, st.QueuedBytes)
		m.allQueued += min(st.QueuedBytes, most)
		m.receipts = max(m.receipts, st.OpenReceipts)
	}
	return m
}

// endsAt lists the open ends of a host.
func (w *World) endsAt(h *host) iter.Seq[*End] {
	return func(yield func(*End) bool) {
		if p := h.player; p != nil {
			if p.Client.state == endOpen {
				yield(p.Client)
			}
			return
		}
		for _, p := range w.players {
			if p.Server.state == endOpen && !yield(p.Server) {
				return
			}
		}
	}
}

// checkMemory compares what all hosts hold, after each step, with what they may.
func (w *World) checkMemory() {
	each := limitsOf(w.cfg.Channels, w.droppables)
	w.noteGrowth()
	for _, h := range w.hosts {
		cfg := &w.cfg.Client.Config
		if h == w.home {
			cfg = &w.cfg.Server.Config
		}
		m := w.memoryOf(h, each.queue)
		conns, grown := w.held(h)
		w.checkLimit(h, "bytes wait to be sent", m.queued, each.queue)
		w.checkLimit(h, "buffers are in use", m.buffers, conns*each.buffers+orElse(cfg.WindowPoolBytes, defaultPool)/leastCharge)
		w.checkLimit(h, "receipts are open", m.receipts, orElse(cfg.MaxReceipts, defaultReceipts))
		w.checkLimit(h, "bytes of windows have grown", m.windows, orElse(cfg.WindowPoolBytes, defaultPool))
		w.checkLimit(h, "bytes of free buffers are kept", m.free, orElse(cfg.BufferBytes, defaultFree))
		w.checkLimit(h, "bytes of buffers are in use", m.bytes, roundingUp*(m.allQueued+conns*each.held+2*grown))
	}
}

// noteGrowth notes by how much the windows of all hosts have grown at most. What is on its
// way to a peer may be as much as the peer allowed before it went.
func (w *World) noteGrowth() {
	for _, p := range w.players {
		if !p.done {
			p.grown = max(p.grown, p.host.driver.Stats().WindowBytes)
		}
	}
	if w.home != nil {
		w.grown = max(w.grown, w.home.driver.Stats().WindowBytes)
	}
}

// roundingUp is how much larger than what is charged for a message the buffer behind it may
// be: buffers are powers of two.
const roundingUp = 2

// held is how many connections a host has, and by how much windows have grown, its own and those
// of its peers. Those that have just ended count: what their games took is theirs until the next
// Update.
func (w *World) held(h *host) (conns, grown int) {
	if h.player != nil {
		return 1, w.grown + h.player.grown
	}
	open := 0
	grown = w.grown
	for _, p := range w.players {
		if !p.done {
			open++
			grown += p.grown
		}
	}
	conns, h.conns = max(open, h.conns), open
	return conns, grown
}

func (w *World) checkLimit(h *host, what string, n, limit int) {
	if n > limit {
		w.fault(MemoryBound, h.name, fmt.Sprintf("%d %s, the limit is %d", n, what, limit))
	}
}

// checkReturned wants all buffers, and all seats, back when nothing is under way but the last
// acknowledgements, unfinished messages of unreliable channels, which are given up after a
// while, and messages that may be given up, and have waited in a queue: while those become fewer there is
// no end of patience.
func (w *World) checkReturned(patience time.Duration, play func()) {
	end, least := w.Elapsed()+patience, math.MaxInt
	for w.Elapsed() < end {
		inUse := 0
		w.buffersInUse(func(_ *host, n int) { inUse += n })
		switch {
		case inUse == 0 && w.seatsLost() == 0:
			return
		case inUse < least:
			end, least = w.Elapsed()+patience, inUse
		}
		w.Step(play)
	}
	if n := w.seatsLost(); n != 0 {
		w.fault(Seats, "server", fmt.Sprintf("%d seats are taken by nobody", n))
	}
	w.buffersInUse(func(h *host, n int) {
		w.fault(MemoryBound, h.name, fmt.Sprintf("%d buffers are in use when nothing is under way", n))
	})
}

// buffersInUse reports whether any host has some, and tells which.
func (w *World) buffersInUse(tell func(*host, int)) (any bool) {
	for _, h := range w.hosts {
		if n := h.driver.Stats().Buffers.InUse; n != 0 {
			any = true
			if tell != nil {
				tell(h, n)
			}
		}
	}
	return any
}

// checkEmpty looks at a host that was closed.
func (w *World) checkEmpty(h *host) {
	st := h.driver.Stats()
	if st.Buffers.InUse != 0 || st.Buffers.BytesInUse != 0 || st.WindowBytes != 0 {
		w.fault(MemoryBound, h.name, fmt.Sprintf("%d buffers and %d bytes of windows are in use after Close", st.Buffers.InUse, st.WindowBytes))
	}
}

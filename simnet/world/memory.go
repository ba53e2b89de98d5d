package world

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire"
)

// memoryEvery is how many ticks pass between two looks at everybody's memory.
const memoryEvery = 30

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
}

const (
	leastCharge = 32
	openIDs     = 1 << 14 // messages of a channel that are sent and not acknowledged
)

// limitsOf sums up the channels.
func limitsOf(channels []tickwire.AnyChannel) limits {
	sum := limits{queue: internalQueue}
	for _, ch := range channels {
		c := ch.Config()
		queue, window := c.MaxQueuedBytes, c.WindowBytes
		if c.Delivery.Reliable() {
			message := orElse(c.MaxMessageBytes, reliableMessage)
			queue = orElse(queue, max(reliableQueue, 2*message))
			window = orElse(window, firstWindow)
		} else {
			message := orElse(c.MaxMessageBytes, unreliableMessage)
			queue = orElse(queue, max(unreliableQueue, message+leastCharge))
			window = orElse(window, max(unreliableQueue, 2*message))
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

// memoryOf asks a host what it holds.
func (w *World) memoryOf(h *host) Memory {
	st := h.driver.Stats()
	m := Memory{Where: h.name, BuffersInUse: st.Buffers.InUse, FreeBytes: st.Buffers.FreeBytes, WindowBytes: st.WindowBytes}
	for _, p := range w.players {
		for _, e := range [2]*End{p.Client, p.Server} {
			if e.state != endOpen || e.server != (h == w.home) || !e.server && p.host != h {
				continue
			}
			st := e.conn.Stats()
			m.QueuedBytes = max(m.QueuedBytes, st.QueuedBytes)
			m.OpenReceipts = max(m.OpenReceipts, st.OpenReceipts)
		}
	}
	if w.cfg.Tap != nil {
		w.cfg.Tap.Memory(&m)
	}
	return m
}

// checkMemory compares what all hosts hold with what they may.
func (w *World) checkMemory() {
	each := limitsOf(w.cfg.Channels)
	for _, h := range w.hosts {
		cfg := &w.cfg.Client.Config
		if h == w.home {
			cfg = &w.cfg.Server.Config
		}
		m := w.memoryOf(h)
		w.checkLimit(h, "bytes wait to be sent", m.QueuedBytes, each.queue)
		conns := len(w.players) + 1 // no more than ever were
		w.checkLimit(h, "buffers are in use", m.BuffersInUse, conns*each.buffers+orElse(cfg.WindowPoolBytes, defaultPool)/leastCharge)
		w.checkLimit(h, "receipts are open", m.OpenReceipts, orElse(cfg.MaxReceipts, defaultReceipts))
		w.checkLimit(h, "bytes of windows have grown", m.WindowBytes, orElse(cfg.WindowPoolBytes, defaultPool))
		w.checkLimit(h, "bytes of free buffers are kept", m.FreeBytes, orElse(cfg.BufferBytes, defaultFree))
	}
}

func (w *World) checkLimit(h *host, what string, n, limit int) {
	if n > limit {
		w.fault(MemoryBound, h.name, fmt.Sprintf("%d %s, the limit is %d", n, what, limit))
	}
}

// checkReturned wants all buffers back when nothing is under way but the last
// acknowledgements, and unfinished messages of unreliable channels, which are
// given up after a while.
func (w *World) checkReturned(patience time.Duration, play func()) {
	for end := w.Elapsed() + patience; w.Elapsed() < end && w.buffersInUse(nil); {
		w.Step(play)
	}
	w.buffersInUse(func(h *host, n int) {
		w.fault(MemoryBound, h.name, fmt.Sprintf("%d buffers are in use when nothing is under way", n))
	})
}

// buffersInUse reports whether any host has some, and tells which.
func (w *World) buffersInUse(tell func(*host, int)) (any bool) {
	for _, h := range w.hosts {
		if n := w.memoryOf(h).BuffersInUse; n != 0 {
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
	m := w.memoryOf(h)
	if m.BuffersInUse != 0 || m.WindowBytes != 0 {
		w.fault(MemoryBound, h.name, fmt.Sprintf("%d buffers and %d bytes of windows are in use after Close", m.BuffersInUse, m.WindowBytes))
	}
}

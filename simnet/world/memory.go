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
)

// queueLimit is what a connection with these channels may hold to be sent.
func queueLimit(channels []tickwire.AnyChannel) int {
	sum := internalQueue
	for _, ch := range channels {
		c := ch.Config()
		message, queue := c.MaxMessageBytes, c.MaxQueuedBytes
		switch {
		case queue > 0:
		case c.Delivery.Reliable():
			queue = max(reliableQueue, 2*orElse(message, reliableMessage))
		default:
			queue = max(unreliableQueue, orElse(message, unreliableMessage)+32)
		}
		sum += queue
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
	queue := queueLimit(w.cfg.Channels)
	for _, h := range w.hosts {
		cfg := &w.cfg.Client.Config
		if h == w.home {
			cfg = &w.cfg.Server.Config
		}
		m := w.memoryOf(h)
		w.checkLimit(h, "bytes wait to be sent", m.QueuedBytes, queue)
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

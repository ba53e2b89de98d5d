package world

import (
	"iter"
	"slices"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A host is a process and the sockets that it has.
type host struct {
	name    string
	player  *Player // nil: it is the server's
	driver  driver
	sockets []*simnet.Socket
	next    time.Time // when it wants to be serviced; zero: when something arrives
	calls   int       // of Service in this step
	pause   pause
	conns   int // of the server, when it was looked at last
}

// A driver is a Server or a Client.
type driver interface {
	Update(now time.Time)
	Flush(now time.Time) time.Time
	Service(now time.Time) time.Time
	Events() iter.Seq[tickwire.Event]
	Stats() tickwire.Stats
	Close() error
}

func (h *host) crash() {
	for _, s := range h.sockets {
		s.Close()
	}
}

func (h *host) add(s *simnet.Socket) { h.sockets = append(h.sockets, s) }

func (h *host) drop(s *simnet.Socket) {
	h.sockets = slices.DeleteFunc(h.sockets, func(other *simnet.Socket) bool { return other == s })
}

// readable reports whether something has arrived.
func (h *host) readable() bool {
	for _, s := range h.sockets {
		if some, _ := s.Wait(time.Time{}); some {
			return true
		}
	}
	return false
}

func (w *World) dropHost(h *host) {
	w.hosts = slices.DeleteFunc(w.hosts, func(other *host) bool { return other == h })
}

// maxCallsPerStep is far beyond what a process needs: one that asks for more
// never sleeps.
const maxCallsPerStep = 5000

// wire lets the network and the library work until the time.
func (w *World) wire(until time.Time) {
	for _, h := range w.hosts {
		h.calls = 0
	}
	for {
		at := until
		for _, h := range w.hosts {
			if !h.pause.asleep && !h.next.IsZero() && h.next.Before(at) {
				at = h.next
			}
		}
		if t, ok := w.net.Next(); ok && t.Before(at) {
			at = t
		}
		if now := w.net.Now(); !at.After(now) {
			at = now.Add(time.Microsecond)
		}
		if !at.Before(until) {
			w.net.AdvanceTo(until)
			return
		}
		w.net.AdvanceTo(at)
		for _, h := range w.hosts {
			h.service(w, at)
		}
	}
}

// service does what a program does that waits for its socket and a deadline.
func (h *host) service(w *World, now time.Time) {
	if h.pause.asleep {
		return
	}
	if !h.readable() && (h.next.IsZero() || h.next.After(now)) {
		return
	}
	h.next = h.driver.Service(now)
	if h == w.home {
		w.noteCrowd()
	}
	if h.readable() { // it reads so much in a call, and no more
		h.next = now
	}
	if h.calls++; h.calls == maxCallsPerStep {
		w.fault(Life, h.name, "it asks to be serviced without end")
		h.next = time.Time{}
	}
}

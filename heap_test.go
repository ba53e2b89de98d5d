package tickwire_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// mostIdleHeap is what an idle connection may take at either end.
const mostIdleHeap = 6 << 10

// fiveChannels are those of a usual game.
func fiveChannels() []tickwire.AnyChannel {
	var all []tickwire.AnyChannel
	for i, d := range []tickwire.Delivery{
		tickwire.ReliableOrdered, tickwire.ReliableOrdered, tickwire.ReliableUnordered, tickwire.UnreliableLatest, tickwire.Unreliable,
	} {
		all = append(all, tickwire.NewRawChannel(tickwire.ChannelConfig{ID: tickwire.ChannelID(i + 1), Delivery: d}))
	}
	return all
}

// liveHeap is what is in use after everything else was collected.
func liveHeap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what had a finalizer
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestAllocIdle: both ends of a connection over which nothing is said, which has five channels, take
// twice 6 KiB at most; then each has said something on each channel, and what they keep of that is
// printed.
func TestAllocIdle(t *testing.T) {
	const others, connections = 100, 500
	w := newWorld(t)
	channels := tickwire.Channels(fiveChannels()...)
	srv := w.serve(w.address(), func(c *tickwire.ServerConfig) { c.Channels, c.MaxClients = channels, others+connections })
	client := w.join(func(c *tickwire.ClientConfig) { c.Channels, c.WireIDBytes = channels, 2 })
	first := w.crowd(client, srv, 0, others) // with what all share
	before := w.heapSince(0)
	conns := w.crowd(client, srv, others, connections)
	idle := w.heapSince(before) / connections
	t.Logf("# %d bytes a connection, both ends together", idle)
	if idle > 2*mostIdleHeap {
		t.Errorf("an idle connection takes %d bytes at both ends together, at most %d", idle, 2*mostIdleHeap)
	}
	for range 20 {
		for _, c := range conns {
			chatter(c)
		}
		for c := range srv.Conns() {
			chatter(c)
		}
		w.run(50*time.Millisecond, nil)
	}
	w.run(5*time.Second, nil)
	t.Logf("# %d once all channels were used", w.heapSince(before)/connections)
	runtime.KeepAlive(append(first, conns...))
}

// chatter says something on each channel, and takes what was said.
func chatter(c *tickwire.Conn) {
	for ch := tickwire.ChannelID(1); ch <= 5; ch++ {
		c.Send(ch, make([]byte, 40))
		for range c.Receive(ch) {
			continue
		}
	}
}

// crowd opens connections, a few at a time, and leaves them alone for a while.
func (w *world) crowd(client *tickwire.Client, srv *tickwire.Server, from, n int) (conns []*tickwire.Conn) {
	w.t.Helper()
	for i := range n {
		conns = append(conns, w.dial(client, srv, uint64(from+i)+1))
		if i%25 == 24 {
			w.run(200*time.Millisecond, nil)
		}
	}
	w.run(3*time.Second, nil)
	for i, c := range conns {
		if !c.Open() {
			w.t.Fatalf("connection %d is not open: %v", i, c.Reason())
		}
	}
	return conns
}

// heapSince is by how much the live heap has grown, but for what the world has noted.
func (w *world) heapSince(before int) int {
	clear(w.heard)
	n := liveHeap() - before
	runtime.KeepAlive(w)
	return n
}

package tickwire_test

import (
	"context"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// allChannels has one channel of each delivery.
var allChannels = func() (cs []*tickwire.RawChannel) {
	for d := tickwire.Unreliable; d <= tickwire.ReliableOrdered; d++ {
		cfg := tickwire.ChannelConfig{ID: tickwire.ChannelID(d) + 10, Delivery: d}
		cs = append(cs, tickwire.NewRawChannel(cfg))
	}
	return cs
}()

// allocs counts the allocations of f in steady state.
func allocs(t *testing.T, what string, f func()) {
	t.Helper()
	for range 300 { // until every buffer has its size
		f()
	}
	if n := testing.AllocsPerRun(200, f); n != 0 {
		t.Errorf("%s: %v allocations, want none", what, n)
	}
}

// A steadyPair is a tickPair whose messages arrive within a second.
type steadyPair struct {
	*tickPair
	t       *testing.T
	message []byte
}

func newSteadyPair(t *testing.T) *steadyPair {
	t.Helper()
	p := newTickPair(t)
	t.Cleanup(p.close)
	return &steadyPair{p, t, make([]byte, 64)}
}

// arrive steps until f has seen what it waits for.
func (p *steadyPair) arrive(f func() bool) {
	for end := time.Now().Add(patience); !p.over(f(), end); p.step() {
	}
}

// arriveAt waits for a message on a channel. It has a loop of its own, as arriveInput has: whether
// closures within closures allocate is up to the compiler.
func (p *steadyPair) arriveAt(c *tickwire.Conn, channel tickwire.ChannelID) {
	for end := time.Now().Add(patience); ; p.step() {
		came := false
		for range c.Receive(channel) {
			came = true
		}
		if p.over(came, end) {
			return
		}
	}
}

// arriveInput waits for an input that is {1, 2}.
func (p *steadyPair) arriveInput() {
	for end := time.Now().Add(patience); ; p.step() {
		came := false
		for in, err := range inputs.Receive(p.player) {
			came = in.Y == 2 && err == nil
		}
		if p.over(came, end) {
			return
		}
	}
}

// arriveLatest is arriveInput for who takes the newest alone.
func (p *steadyPair) arriveLatest() {
	for end := time.Now().Add(patience); ; p.step() {
		in, ok, err := inputs.Latest(p.player)
		if p.over(ok && in.Y == 2 && err == nil, end) {
			return
		}
	}
}

func (p *steadyPair) over(came bool, end time.Time) bool {
	if !came && time.Now().After(end) {
		p.t.Fatal("nothing came")
	}
	return came
}

// TestAlloc: in steady state nothing is allocated to send or to receive, over sealed UDP.
func TestAlloc(t *testing.T) {
	p := newSteadyPair(t)
	for _, ch := range allChannels {
		allocs(t, ch.Config().Delivery.String(), func() {
			ch.Send(p.conn, p.message)
			p.arriveAt(p.player, ch.Config().ID)
		})
	}
	allocs(t, "a typed channel", func() {
		inputs.Send(p.conn, input{1, 2})
		p.arriveInput()
	})
	allocs(t, "the latest of several", func() {
		inputs.Send(p.conn, input{0, 1})
		inputs.Send(p.conn, input{1, 2})
		p.arriveLatest()
	})
}

// TestAllocOptions: nor with the options of one message.
func TestAllocOptions(t *testing.T) {
	p := newSteadyPair(t)
	for name, c := range map[string]struct {
		channel tickwire.ChannelID
		opts    tickwire.SendOptions
	}{
		"a TTL":             {unreliable, tickwire.SendOptions{TTL: time.Second}},
		"a key":             {latest, tickwire.SendOptions{Keyed: true, Key: 7, TTL: time.Second}},
		"a group":           {ordered, tickwire.SendOptions{Group: 1, TTL: time.Second}},
		"what is droppable": {ordered, tickwire.SendOptions{Droppable: true}},
	} {
		allocs(t, "SendWith of "+name, func() {
			p.conn.SendWith(c.channel, p.message, c.opts)
			p.arriveAt(p.player, c.channel)
		})
	}
	allocs(t, "SendWith of a typed message", func() {
		inputs.SendWith(p.conn, input{1, 2}, tickwire.SendOptions{TTL: time.Second})
		p.arriveInput()
	})
}

// TestAllocDraft: nor to write a message where it is sent from.
func TestAllocDraft(t *testing.T) {
	p := newSteadyPair(t)
	draft := p.conn.Draft()
	field := func(b []byte) []byte { return append(b, p.message...) }
	allocs(t, "a draft", func() {
		draft.Append(field)
		draft.WriteString("and more")
		draft.SendWith(ordered, tickwire.SendOptions{})
		p.arriveAt(p.player, ordered)
	})
}

// TestAllocBroadcast: nor to send to all, or to some, with a report of each.
func TestAllocBroadcast(t *testing.T) {
	p := newSteadyPair(t)
	many, few := p.srv.NewDraft(), p.message[:4]
	all, report := p.srv.Conns(), func(*tickwire.Conn, tickwire.Receipt, error) {}
	opts := tickwire.SendOptions{TTL: time.Second}
	for name, broadcast := range map[string]func() error{
		"bytes":   func() error { return p.srv.Broadcast(nil, 1, few, opts, report) },
		"to some": func() error { return p.srv.Broadcast(all, 1, few, opts, report) },
		"a value": func() error { return inputs.Broadcast(p.srv, all, input{1, 2}, opts, report) },
		"a draft": func() error {
			many.Write(few)
			return many.Broadcast(nil, 1, opts, report)
		},
	} {
		allocs(t, "a broadcast of "+name, func() {
			must(t, broadcast())
			p.arriveAt(p.conn, 1)
		})
	}
	for _, ch := range allChannels {
		allocs(t, "a broadcast, "+ch.Config().Delivery.String(), func() {
			must(t, ch.Broadcast(p.srv, all, p.message, opts, report))
			p.arriveAt(p.conn, ch.Config().ID)
		})
	}
}

// TestAllocLoop: nor for receipts, in loops over what did not happen, and for figures.
func TestAllocLoop(t *testing.T) {
	p := newSteadyPair(t)
	allocs(t, "a receipt", func() {
		chat.SendWith(p.conn, p.message, tickwire.SendOptions{Receipt: true})
		p.arrive(func() (delivered bool) {
			for range p.player.Receive(2) {
				p.player.Send(3, p.message) // takes the acknowledgement along
			}
			for range p.conn.Receive(3) {
			}
			for ev := range p.client.Events() {
				delivered = ev.Kind == tickwire.Delivered
			}
			return delivered
		})
	})
	allocs(t, "loops", func() {
		p.step()
		for range p.srv.Events() {
		}
		for c := range p.srv.Conns() {
			for range c.Receive(1) {
			}
		}
	})
	allocs(t, "stats of a channel", func() { p.conn.ChannelStats(ordered) })
	allocs(t, "Service and stats of a connection", func() {
		p.srv.Service(time.Now())
		p.player.Stats()
	})
}

// TestAllocShared: nor through Session and Hub.
func TestAllocShared(t *testing.T) {
	hub := tickwire.NewHub(benchServer(t))
	defer hub.Close()
	token, err := hub.DevToken(1)
	must(t, err)
	came := make(chan bool, 1)
	go func() {
		for ev := range hub.Events(context.Background()) {
			if ev.Kind == tickwire.Message {
				came <- true
			}
		}
	}()
	s := benchSession(t, token)
	defer s.Close()
	message := make([]byte, 64)
	allocs(t, "a message through Session and Hub", func() {
		s.Send(3, message)
		<-came
	})
	allocs(t, "a message that need not wait for room", func() {
		s.SendContext(t.Context(), 3, message, tickwire.SendOptions{})
		<-came
	})
}

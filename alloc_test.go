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

// TestAlloc: in steady state nothing is allocated to send or to receive, over sealed UDP.
func TestAlloc(t *testing.T) {
	p := newTickPair(t)
	defer p.close()
	arrive := func(f func() bool) {
		for end := time.Now().Add(time.Second); !f(); p.step() {
			if time.Now().After(end) {
				t.Fatal("nothing came")
			}
		}
	}
	message := make([]byte, 64)
	for _, ch := range allChannels {
		allocs(t, ch.Config().Delivery.String(), func() {
			ch.Send(p.conn, message)
			arrive(func() (came bool) {
				for range ch.Receive(p.player) {
					came = true
				}
				return came
			})
		})
	}
	allocs(t, "a typed channel", func() {
		inputs.Send(p.conn, input{1, 2})
		arrive(func() (came bool) {
			for in, err := range inputs.Receive(p.player) {
				came = in.Y == 2 && err == nil
			}
			return came
		})
	})
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
			p.conn.SendWith(c.channel, message, c.opts)
			arrive(func() (came bool) {
				for range p.player.Receive(c.channel) {
					came = true
				}
				return came
			})
		})
	}
	allocs(t, "SendWith of a typed message", func() {
		inputs.SendWith(p.conn, input{1, 2}, tickwire.SendOptions{TTL: time.Second})
		arrive(func() (came bool) {
			for in, err := range inputs.Receive(p.player) {
				came = in.Y == 2 && err == nil
			}
			return came
		})
	})
	draft, many := p.conn.Draft(), p.srv.NewDraft()
	field := func(b []byte) []byte { return append(b, message...) }
	allocs(t, "a draft", func() {
		draft.Append(field)
		draft.WriteString("and more")
		p.conn.SendDraft(ordered, tickwire.SendOptions{})
		arrive(func() (came bool) {
			for range p.player.Receive(ordered) {
				came = true
			}
			return came
		})
	})
	all, report := p.srv.Conns(), func(*tickwire.Conn, tickwire.Receipt, error) {}
	opts := tickwire.SendOptions{TTL: time.Second}
	for name, broadcast := range map[string]func() error{
		"bytes":   func() error { return p.srv.Broadcast(nil, 1, message[:4], opts, report) },
		"to some": func() error { return p.srv.Broadcast(all, 1, message[:4], opts, report) },
		"a value": func() error { return inputs.Broadcast(p.srv, all, input{1, 2}, opts, report) },
		"a draft": func() error {
			many.Write(message[:4])
			return p.srv.BroadcastDraft(nil, 1, many, opts, report)
		},
	} {
		allocs(t, "a broadcast of "+name, func() {
			must(t, broadcast())
			arrive(func() (came bool) {
				for range p.conn.Receive(1) {
					came = true
				}
				return came
			})
		})
	}
	for _, ch := range allChannels {
		allocs(t, "a broadcast, "+ch.Config().Delivery.String(), func() {
			must(t, ch.Broadcast(p.srv, all, message, opts, report))
			arrive(func() (came bool) {
				for range ch.Receive(p.conn) {
					came = true
				}
				return came
			})
		})
	}
	allocs(t, "stats of a channel", func() { p.conn.ChannelStats(ordered) })
	allocs(t, "a receipt", func() {
		chat.SendTracked(p.conn, message)
		arrive(func() (delivered bool) {
			for range p.player.Receive(2) {
				p.player.Send(3, message) // takes the acknowledgement along
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
		s.SendContext(t.Context(), 3, message)
		<-came
	})
}

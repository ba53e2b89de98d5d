package tickwire_test

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A viewer is a player of a server that has more to tell than the line takes: entities, sorted by
// importance, on one channel.
type viewer struct {
	*world
	srv  *tickwire.Server
	conn *tickwire.Conn // the server's, of the player
	at   *tickwire.Conn // the player's

	entities *tickwire.RawChannel
	sent     int
	queued   int           // bytes that waited when the game began to send, the most there were
	waits    time.Duration // likewise how long that takes
}

func newViewer(t *testing.T, d tickwire.Delivery, link simnet.LinkConfig, change func(*tickwire.Config)) *viewer {
	w := newWorld(t)
	c := &viewer{world: w, entities: tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Delivery: d, MaxMessageBytes: 1000, MaxQueuedBytes: 2 << 20})}
	configure := func(cfg *tickwire.Config) {
		cfg.Channels = tickwire.Channels(inputs, chat, c.entities)
	}
	c.srv = w.serve(w.address(), func(cfg *tickwire.ServerConfig) { configure(&cfg.Config) })
	client := w.join(func(cfg *tickwire.ClientConfig) {
		configure(&cfg.Config)
		if change != nil {
			change(&cfg.Config)
		}
	})
	c.at = w.open(client, c.srv, 1)
	c.conn = players(c.srv)[0]
	must(t, w.nw.SetDefault(link))
	return c
}

// play sends for a while, in each tick as many entities as tell says, and returns the bytes of
// them that came in a second on average.
func (c *viewer) play(d time.Duration, tell func() bool) int {
	came := 0
	began := c.nw.Now()
	c.queued, c.waits = 0, 0
	c.run(d, func() bool {
		for b := range c.entities.Receive(c.at) {
			came += len(b)
		}
		st := c.conn.ChannelStats(3)
		c.queued, c.waits = max(c.queued, st.QueuedBytes), max(c.waits, st.QueueDelay)
		for range 2000 {
			if !tell() {
				break
			}
			c.sent++
			must(c.t, c.entities.Send(c.conn, make([]byte, 30+c.sent%40)))
		}
		return false
	})
	return came * int(time.Second) / int(c.nw.Now().Sub(began))
}

// TestBudgetFillsTheLine: over lines of several rates a game that sends until its budget is used
// up fills more than four fifths of the line with its messages and hardly lets any wait; one that
// sends all it has waits for its own queue.
func TestBudgetFillsTheLine(t *testing.T) {
	for name, line := range map[string]simnet.LinkConfig{
		"1 Mbit/s":  {BitsPerSecond: 1_000_000, Delay: 20 * time.Millisecond, QueuePackets: 30},
		"4 Mbit/s":  {BitsPerSecond: 4_000_000, Delay: 5 * time.Millisecond, QueuePackets: 60},
		"10 Mbit/s": {BitsPerSecond: 10_000_000, Delay: 30 * time.Millisecond, QueuePackets: 200},
	} {
		for _, d := range []tickwire.Delivery{tickwire.Unreliable, tickwire.ReliableUnordered} {
			c := newViewer(t, d, line, nil)
			rate := int(line.BitsPerSecond / 8)
			tick := rate / 60
			c.play(3*time.Second, func() bool { return c.conn.Budget() > 0 })
			got := c.play(4*time.Second, func() bool { return c.conn.Budget() > 0 })
			t.Logf("%s, %v: %d%% of the line, %d bytes waited", name, d, got*100/rate, c.queued)
			if got < rate*80/100 || c.queued > 3*tick+4000 {
				t.Errorf("%s, %v: %d of %d bytes a second came, %d waited in a queue", name, d, got, rate, c.queued)
			}
			n := 0
			c.play(2*time.Second, func() bool { n++; return n%2000 != 0 && c.conn.ChannelStats(3).QueuedBytes < 1<<20 })
			if c.waits < 100*time.Millisecond {
				t.Errorf("%s, %v: without a look at the budget %v of messages wait", name, d, c.waits)
			}
		}
	}
}

// TestLimitBudget divides a server's line: what leaves in each tick keeps to the limit, on the
// wire, and acknowledgements and the other direction do not suffer.
func TestLimitBudget(t *testing.T) {
	c := newViewer(t, tickwire.ReliableUnordered, simnet.LinkConfig{Delay: 10 * time.Millisecond}, nil)
	fill := func() bool { return c.conn.ChannelStats(3).QueuedBytes < 1<<16 }
	for _, limit := range []int{2000, 5000} {
		c.conn.LimitBudget(limit)
		if got := c.conn.Budget(); got > limit {
			t.Errorf("budget %d, limit %d", got, limit)
		}
		c.play(time.Second, fill)
		before := c.conn.Stats().BytesSent
		c.play(5*time.Second, fill)
		if sent := int(c.conn.Stats().BytesSent-before) / 300; sent > limit*105/100 || sent < limit*90/100 {
			t.Errorf("%d bytes in a flush, the limit is %d", sent, limit)
		}
	}
	t.Log("# nothing may leave: the connection lives on")
	c.conn.LimitBudget(0)
	c.run(time.Second, nil)
	before := c.conn.ChannelStats(3).BytesSent
	must(t, chat.Send(c.at, []byte("are you there?")))
	c.until("heard", func() bool { return heardChat(c.conn) })
	c.run(30*time.Second, nil)
	if !c.conn.Open() || c.conn.ChannelStats(3).BytesSent != before {
		t.Errorf("open %v, %d bytes left", c.conn.Open(), c.conn.ChannelStats(3).BytesSent-before)
	}
	t.Log("# and the limit can go")
	c.conn.LimitBudget(-1)
	c.until("empty", func() bool {
		for range c.entities.Receive(c.at) {
		}
		return c.conn.ChannelStats(3).QueuedBytes == 0
	})
	t.Log("# a connection that is over has no budget")
	c.conn.Close(tickwire.CodeNone, "")
	c.conn.LimitBudget(100)
	if got := c.conn.Budget(); got != 0 {
		t.Errorf("budget %d", got)
	}
	c.run(time.Second, nil)
}

// TestInboundLimits: what a client takes is kept by the server, and its budget knows.
func TestInboundLimits(t *testing.T) {
	c := newViewer(t, tickwire.ReliableUnordered, simnet.LinkConfig{Delay: 10 * time.Millisecond}, func(cfg *tickwire.Config) {
		cfg.Inbound = tickwire.Limits{BytesPerSecond: 60_000}
	})
	got := c.play(10*time.Second, func() bool { return c.conn.Budget() > 0 })
	if st := c.at.Stats(); got < 45_000 || got > 60_000 || st.MessagesTooFast > 0 || !c.at.Open() {
		t.Errorf("%d bytes a second came of 60000, %d messages too fast, open %v", got, st.MessagesTooFast, c.at.Open())
	}
	if c.queued > 6000 {
		t.Errorf("%d bytes waited", c.queued)
	}
	t.Log("# both sides see how much it is")
	a, b := c.conn.Stats().BytesSentPerSecond, c.at.Stats().BytesReceivedPerSecond
	if a < 45_000 || a > 66_000 || b < 45_000 || b > 66_000 {
		t.Errorf("%d sent, %d received a second", a, b)
	}
	x, y := c.conn.ChannelStats(3).BytesSentPerSecond, c.at.ChannelStats(3).BytesReceivedPerSecond
	if x < 45_000 || x > 60_000 || y < 45_000 || y > 60_000 {
		t.Errorf("on the channel %d sent, %d received a second", x, y)
	}
	c.run(3*time.Second, nil)
	if a := c.conn.ChannelStats(3).BytesSentPerSecond; a != 0 {
		t.Errorf("%d sent a second after a pause", a)
	}
}

func heardChat(c *tickwire.Conn) bool {
	_, ok := c.Next(2)
	return ok
}

package tickwire_test

import (
	"errors"
	"iter"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/endpoint"
)

var (
	serverHost = netip.MustParseAddr("10.0.0.1")
	clientHost = netip.MustParseAddr("10.0.0.2")
)

// A sendWorld is a server and a player with one raw channel of each delivery, as allChannels
// has them, and more.
type sendWorld struct {
	*world
	client *tickwire.Client
	conn   *tickwire.Conn // the client's
	player *tickwire.Conn // the server's
}

func newSendWorld(t testing.TB, rate int, more ...tickwire.ChannelConfig) *sendWorld {
	t.Helper()
	w := &sendWorld{world: newWorld(t)}
	channels := func(cfg *tickwire.Config) {
		cfg.Channels = tickwire.Channels(inputs)
		for _, ch := range allChannels {
			cfg.Channels = append(cfg.Channels, ch)
		}
		for _, ch := range more {
			cfg.Channels = append(cfg.Channels, tickwire.NewRawChannel(ch))
		}
		if rate > 0 {
			cfg.Controller = func() endpoint.Controller { return steady(rate) }
		}
	}
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { channels(&cfg.Config) })
	w.client = w.join(func(cfg *tickwire.ClientConfig) { channels(&cfg.Config) })
	w.conn = w.open(w.client, srv, 1)
	w.player = players(srv)[0]
	return w
}

// A steady controller sends as many bytes a second.
type steady int

func (r steady) Sent(int64, int, int)                { _ = r }
func (r steady) Acked(int64, endpoint.AckSample)     { _ = r }
func (r steady) Lost(int64, endpoint.LossSample)     { _ = r }
func (r steady) Spurious(int64, endpoint.LossSample) { _ = r }
func (r steady) WindowBytes() int                    { return int(r) }
func (r steady) BytesPerSecond() int                 { return int(r) }

const (
	unreliable = tickwire.ChannelID(tickwire.Unreliable) + 10
	latest     = tickwire.ChannelID(tickwire.ReliableLatest) + 10
	ordered    = tickwire.ChannelID(tickwire.ReliableOrdered) + 10
)

func (w *sendWorld) send(ch tickwire.ChannelID, text string, opts tickwire.SendOptions) tickwire.Receipt {
	w.t.Helper()
	r, err := w.conn.SendWith(ch, []byte(text), opts)
	must(w.t, err)
	if (r != 0) != opts.Receipt {
		w.t.Errorf("receipt %d of %+v", r, opts)
	}
	return r
}

// arrivals runs for a while and returns what the player got on a channel.
func (w *sendWorld) arrivals(ch tickwire.ChannelID, d time.Duration) (texts []string) {
	w.run(d, func() bool {
		for b := range w.player.Receive(ch) {
			texts = append(texts, string(b))
		}
		return false
	})
	return texts
}

// fate is the event about a receipt; the zero Event while there is none.
func (w *sendWorld) fate(r tickwire.Receipt) (fate tickwire.Event) {
	for _, ev := range w.heard[w.client] {
		if ev.Receipt == r && r != 0 {
			fate = ev
		}
	}
	return fate
}

func (w *sendWorld) wantLost(r tickwire.Receipt, why tickwire.LossReason) {
	w.t.Helper()
	if ev := w.fate(r); ev.Kind != tickwire.Lost || ev.Why != why || ev.Conn != w.conn {
		w.t.Errorf("receipt %d: %v (%v), want Lost (%v)", r, ev.Kind, ev.Why, why)
	}
}

// written counts the Writable events of a channel.
func (w *sendWorld) written(ch tickwire.ChannelID) (n int) {
	for _, ev := range w.heard[w.client] {
		if ev.Kind == tickwire.Writable && ev.Channel == ch && ev.Conn == w.conn {
			n++
		}
	}
	return n
}

// TestSendTTL: a message that cannot arrive expires, not early and not much later, and an ordered
// channel goes on without it.
func TestSendTTL(t *testing.T) {
	w := newSendWorld(t, 0)
	w.nw.Cut(clientHost, serverHost)
	const ttl = 100 * time.Millisecond
	sent := w.nw.Now()
	stale := w.send(ordered, "stale", tickwire.SendOptions{Receipt: true, TTL: ttl})
	fresh := w.send(ordered, "fresh", tickwire.SendOptions{Receipt: true})
	w.until("expired", func() bool { return w.fate(stale).Kind != tickwire.NoEvent })
	w.wantLost(stale, tickwire.Expired)
	if took := w.nw.Now().Sub(sent); took < ttl || took > ttl+time.Second/30 {
		t.Errorf("it lived for %v", took)
	}
	w.nw.HealAll()
	if got := w.arrivals(ordered, 2*time.Second); !slices.Equal(got, []string{"fresh"}) {
		t.Errorf("got %q", got)
	}
	if ev := w.fate(fresh); ev.Kind != tickwire.Delivered {
		t.Errorf("the other one: %v", ev)
	}
	t.Log("# one that is of no use is not sent; one that lives for ever is")
	late := w.send(ordered, "late", tickwire.SendOptions{Receipt: true, TTL: -1})
	w.send(ordered, "for ever", tickwire.SendOptions{TTL: math.MaxInt64})
	if got := w.arrivals(ordered, time.Second); !slices.Equal(got, []string{"for ever"}) {
		t.Errorf("got %q", got)
	}
	w.wantLost(late, tickwire.Expired)
}

func TestSendKeyed(t *testing.T) {
	w := newSendWorld(t, 0)
	key := func(n uint64) tickwire.SendOptions {
		return tickwire.SendOptions{Receipt: true, Keyed: true, Key: n}
	}
	old := w.send(latest, "one, old", key(1))
	w.send(latest, "two", key(2))
	w.send(latest, "one, new", key(1))
	w.send(latest, "none", tickwire.SendOptions{})
	got := w.arrivals(latest, time.Second)
	slices.Sort(got)
	if !slices.Equal(got, []string{"none", "one, new", "two"}) {
		t.Errorf("got %q", got)
	}
	w.wantLost(old, tickwire.Replaced)
}

// TestSendGroup: within a group the second need not wait for the first, which was lost; what
// follows the group waits for both.
func TestSendGroup(t *testing.T) {
	w := newSendWorld(t, 0)
	group := tickwire.SendOptions{Group: 3}
	w.nw.Cut(clientHost, serverHost)
	w.send(ordered, "first", group)
	w.run(time.Second/60, nil)
	w.nw.HealAll()
	w.send(ordered, "second", group)
	w.send(ordered, "behind", tickwire.SendOptions{})
	if got := w.arrivals(ordered, time.Second); !slices.Equal(got, []string{"second", "first", "behind"}) {
		t.Errorf("got %q", got)
	}
}

func TestSendDroppable(t *testing.T) {
	w := newSendWorld(t, 0)
	w.nw.Cut(clientHost, serverHost)
	lost := w.send(ordered, "lost", tickwire.SendOptions{Receipt: true, Droppable: true})
	w.run(time.Second/60, nil)
	w.nw.HealAll()
	w.send(ordered, "kept", tickwire.SendOptions{Droppable: true})
	w.send(ordered, "behind", tickwire.SendOptions{})
	if got := w.arrivals(ordered, time.Second); !slices.Equal(got, []string{"kept", "behind"}) {
		t.Errorf("got %q", got)
	}
	w.wantLost(lost, tickwire.NotKnown)
}

// TestSendDropped: what is dropped without any packet is heard of with the next Update.
func TestSendDropped(t *testing.T) {
	w := newSendWorld(t, 0, tickwire.ChannelConfig{
		ID: 20, Delivery: tickwire.Unreliable, MaxMessageBytes: 1000, MaxQueuedBytes: 1032, Full: tickwire.DropNewest,
	})
	w.run(time.Second, nil)
	w.nw.Cut(clientHost, serverHost)
	w.send(20, string(make([]byte, 1000)), tickwire.SendOptions{})
	full := w.send(20, "no room", tickwire.SendOptions{Receipt: true})
	w.run(time.Second/30, nil)
	w.wantLost(full, tickwire.Dropped)
	late := w.send(unreliable, "too late", tickwire.SendOptions{Receipt: true, TTL: -1})
	w.run(time.Second/30, nil)
	w.wantLost(late, tickwire.Expired)
}

// TestSendGaveUp: a policy may end the repair of a message, and sees what it judges by.
func TestSendGaveUp(t *testing.T) {
	var asked []tickwire.ResendInput
	w := newSendWorld(t, 0, tickwire.ChannelConfig{
		ID: 20, Delivery: tickwire.ReliableUnordered,
		Resend: tickwire.ResendPolicy{Again: func(in tickwire.ResendInput) bool {
			asked = append(asked, in)
			return in.Attempts < 2
		}},
	})
	w.nw.Cut(clientHost, serverHost)
	r := w.send(20, "in vain", tickwire.SendOptions{Receipt: true})
	w.run(2*time.Second, nil)
	w.nw.HealAll()
	w.run(2*time.Second, nil)
	w.wantLost(r, tickwire.GaveUp)
	if last := asked[len(asked)-1]; asked[0].Attempts != 1 || last.Attempts != 2 || last.Bytes != len("in vain") ||
		last.RTT < 20*time.Millisecond || last.Age < 100*time.Millisecond {
		t.Errorf("asked %+v", asked)
	}
}

// TestSendMisfit: an option that a channel does not have is named.
func TestSendMisfit(t *testing.T) {
	w := newSendWorld(t, 0)
	raw := allChannels[tickwire.Unreliable]
	for field, send := range map[string]func() (tickwire.Receipt, error){
		"Keyed": func() (tickwire.Receipt, error) {
			return w.conn.SendWith(ordered, nil, tickwire.SendOptions{Keyed: true})
		},
		"Group": func() (tickwire.Receipt, error) {
			return raw.SendWith(w.conn, nil, tickwire.SendOptions{Group: 1})
		},
		"Droppable": func() (tickwire.Receipt, error) {
			return inputs.SendWith(w.conn, input{}, tickwire.SendOptions{Droppable: true})
		},
	} {
		r, err := send()
		var misfit *tickwire.SendError
		if r != 0 || !errors.Is(err, tickwire.ErrOption) || !errors.As(err, &misfit) || misfit.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	other := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: ordered, Delivery: tickwire.Unreliable})
	if _, err := other.SendWith(w.conn, nil, tickwire.SendOptions{}); !errors.Is(err, tickwire.ErrNoChannel) {
		t.Errorf("a channel that is not configured: %v", err)
	}
	w.conn.Close(tickwire.CodeNone, "")
	if _, err := raw.SendWith(w.conn, nil, tickwire.SendOptions{}); !errors.Is(err, tickwire.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestWaysToSend: there are three, of a Conn and of both kinds of channels, and no more.
func TestWaysToSend(t *testing.T) {
	for _, of := range []any{new(tickwire.Conn), new(tickwire.RawChannel), new(tickwire.Channel[input])} {
		var names []string
		for i := range reflect.TypeOf(of).NumMethod() {
			if name := reflect.TypeOf(of).Method(i).Name; strings.HasPrefix(name, "Send") {
				names = append(names, name)
			}
		}
		if !slices.Equal(names, []string{"Send", "SendContext", "SendWith"}) {
			t.Errorf("%T has %v", of, names)
		}
	}
}

// TestSendPlain: plain netcode has none of the options, and says so.
func TestSendPlain(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv := w.serve(at, allowPlain)
	peer := w.plainClient(w.mint(8, forPlain, at))
	w.until("connected", func() bool { return len(players(srv)) == 1 })
	player := players(srv)[0]
	for field, opts := range map[string]tickwire.SendOptions{
		"TTL": {TTL: time.Second}, "Keyed": {Keyed: true}, "Group": {Group: 1}, "Droppable": {Droppable: true},
	} {
		_, err := player.SendWith(tickwire.PlainChannel, []byte{1}, opts)
		var misfit *tickwire.SendError
		if !errors.Is(err, tickwire.ErrOption) || !errors.As(err, &misfit) || misfit.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err := player.SendWith(tickwire.PlainChannel, []byte{1}, tickwire.SendOptions{Receipt: true})
	if err != tickwire.ErrPlainReceipt {
		t.Errorf("Receipt: %v", err)
	}
	budget, cost := player.Budget(), player.Cost(5)
	_, err = player.SendWith(tickwire.PlainChannel, []byte("plain"), tickwire.SendOptions{})
	must(t, err)
	if left := player.Budget(); cost <= 0 || left != budget-cost {
		t.Errorf("a message that costs %d took %d of %d", cost, budget-left, budget)
	}
	w.run(time.Second, nil)
	if !slices.Equal(peer.got, []string{"plain"}) || player.ChannelStats(tickwire.PlainChannel) != (tickwire.ChannelStats{}) {
		t.Errorf("got %q", peer.got)
	}
}

// narrow is a channel whose queue is soon full.
var narrow = tickwire.ChannelConfig{
	ID: 20, Delivery: tickwire.ReliableOrdered, MaxMessageBytes: 1000, MaxQueuedBytes: 10_000,
}

// fill sends on narrow until it refuses.
func (w *sendWorld) fill() {
	w.t.Helper()
	var err error
	for n := 0; err == nil && n < 100; n++ {
		err = w.conn.Send(narrow.ID, make([]byte, 500))
	}
	if !errors.Is(err, tickwire.ErrFull) {
		w.t.Fatalf("Send: %v", err)
	}
}

// TestWritable: who was refused hears once when there is room, and then there is.
func TestWritable(t *testing.T) {
	w := newSendWorld(t, 50_000, narrow)
	for round := range 3 {
		w.fill()
		w.run(time.Second/60, nil)
		if w.written(narrow.ID) != round {
			t.Error("writable while the queue is full")
		}
		w.until("writable", func() bool { return w.written(narrow.ID) > round })
		if n := w.conn.ChannelStats(narrow.ID).QueuedBytes; n > narrow.MaxQueuedBytes/2 {
			t.Errorf("writable with %d bytes in the queue", n)
		}
		must(t, w.conn.Send(narrow.ID, make([]byte, 1000)))
		w.arrivals(narrow.ID, time.Second)
	}
	if n := w.written(narrow.ID); n != 3 {
		t.Errorf("%d times writable", n)
	}
}

// A deaf driver does not take its events.
type deaf struct{ *tickwire.Client }

func (deaf) Events() iter.Seq[tickwire.Event] { return func(func(tickwire.Event) bool) {} }

// TestWritableUnread: a game that does not look is told once, not each time.
func TestWritableUnread(t *testing.T) {
	w := newSendWorld(t, 50_000, narrow)
	w.remove(w.client)
	w.add(deaf{w.client})
	for range 5 {
		w.fill()
		w.arrivals(narrow.ID, time.Second)
	}
	n := 0
	for ev := range w.client.Events() {
		if ev.Kind == tickwire.Writable {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d times writable", n)
	}
}

// TestSendPriority: a download that fills the path delays nothing of a higher class, and all of a
// lower one.
func TestSendPriority(t *testing.T) {
	slowest := func(priority int8) (worst time.Duration) {
		w := newSendWorld(t, 100_000,
			tickwire.ChannelConfig{ID: 20, Delivery: tickwire.ReliableOrdered, Weight: 100},
			tickwire.ChannelConfig{ID: 21, Delivery: tickwire.ReliableOrdered, Priority: priority})
		for range 10 {
			for w.conn.ChannelStats(20).QueuedBytes < 500_000 {
				must(t, w.conn.Send(20, make([]byte, 50_000)))
			}
			sent := w.nw.Now()
			w.send(21, "urgent", tickwire.SendOptions{})
			w.run(time.Second, func() bool {
				for range w.player.Receive(20) {
				}
				_, came := w.player.Next(21)
				return came
			})
			worst = max(worst, w.nw.Now().Sub(sent))
		}
		return worst
	}
	if d := slowest(1); d > 60*time.Millisecond { // a tick at either end, the way, a packet's turn
		t.Errorf("the higher class waited %v", d)
	}
	if d := slowest(-1); d < time.Second {
		t.Errorf("the lower class waited %v only", d)
	}
}

func TestChannelStats(t *testing.T) {
	w := newSendWorld(t, 0, tickwire.ChannelConfig{
		ID: 20, Delivery: tickwire.Unreliable, MaxMessageBytes: 1000, MaxQueuedBytes: 2100, Full: tickwire.DropNewest,
	})
	for range 3 {
		w.send(20, string(make([]byte, 1000)), tickwire.SendOptions{})
	}
	w.send(ordered, "one", tickwire.SendOptions{})
	if st := w.conn.ChannelStats(20); st.QueuedMessages != 2 || st.QueuedBytes != 2*1032 {
		t.Errorf("queued: %+v", st)
	}
	w.run(time.Second, nil)
	st, there := w.conn.ChannelStats(20), w.player.ChannelStats(20)
	if st.MessagesSent != 3 || st.Dropped[tickwire.Dropped] != 1 || st.QueuedMessages != 0 || st.BytesSent < 2000 {
		t.Errorf("sender: %+v", st)
	}
	if there.MessagesReceived != 2 || there.BytesReceived != st.BytesSent {
		t.Errorf("receiver: %+v", there)
	}
	if st := w.player.ChannelStats(ordered); st.MessagesReceived != 1 || w.conn.ChannelStats(latest).MessagesSent != 0 {
		t.Errorf("another channel: %+v", st)
	}
	if w.conn.ChannelStats(99) != (tickwire.ChannelStats{}) {
		t.Error("a channel that is not there has numbers")
	}
	w.conn.Close(tickwire.CodeNone, "")
	w.run(time.Second, nil)
	if w.conn.ChannelStats(20) != (tickwire.ChannelStats{}) {
		t.Error("numbers after the end")
	}
}

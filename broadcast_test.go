package tickwire_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// A crowd is a server and several players, each a client of its own.
type crowd struct {
	*world
	srv   *tickwire.Server
	bots  []*tickwire.Client
	conns []*tickwire.Conn // the players'
	got   map[*tickwire.Conn][]string
}

func newCrowd(t testing.TB, n int) *crowd {
	t.Helper()
	w := &crowd{world: newWorld(t), got: make(map[*tickwire.Conn][]string)}
	channels := func(cfg *tickwire.Config) {
		cfg.Channels = tickwire.Channels(inputs, chat, tickwire.NewRawChannel(narrow))
		for _, ch := range allChannels {
			cfg.Channels = append(cfg.Channels, ch)
		}
	}
	w.srv = w.serve(w.address(), func(cfg *tickwire.ServerConfig) { channels(&cfg.Config) })
	for i := range n {
		bot := w.join(func(cfg *tickwire.ClientConfig) { channels(&cfg.Config) })
		w.bots, w.conns = append(w.bots, bot), append(w.conns, w.open(bot, w.srv, uint64(i)+1))
	}
	return w
}

// hear runs for a while, and keeps what the players get on a channel.
func (w *crowd) hear(ch tickwire.ChannelID, d time.Duration) {
	w.run(d, func() bool {
		for _, c := range w.conns {
			for b := range c.Receive(ch) {
				w.got[c] = append(w.got[c], string(b))
			}
		}
		return false
	})
}

// wantAll wants all to have got the same on a channel, and forgets it.
func (w *crowd) wantAll(want ...string) {
	w.t.Helper()
	for i, c := range w.conns {
		if !slices.Equal(w.got[c], want) {
			w.t.Errorf("player %d got %q, want %q", i+1, w.got[c], want)
		}
	}
	clear(w.got)
}

// TestBroadcast: one message reaches everybody, in each delivery, and lies in memory once.
func TestBroadcast(t *testing.T) {
	w := newCrowd(t, 5)
	large := strings.Repeat("0123456789", 5000)
	for _, ch := range allChannels {
		for _, text := range []string{"small", "", large} {
			before, told := w.srv.Stats().Buffers, 0
			must(t, ch.Broadcast(w.srv, nil, []byte(text), tickwire.SendOptions{}, func(c *tickwire.Conn, r tickwire.Receipt, err error) {
				if told++; r != 0 || err != nil || c != players(w.srv)[told-1] {
					t.Errorf("report %d: receipt %d, %v", told, r, err)
				}
			}))
			st := w.srv.Stats().Buffers
			if n := min(len(text), 1); told != 5 || int(st.Fetched-before.Fetched) != n || st.InUse-before.InUse != n {
				t.Errorf("%v: %d of %d bytes told, buffers %+v, then %+v", ch.Config().Delivery, told, len(text), before, st)
			}
			w.hear(ch.Config().ID, time.Second)
			w.wantAll(text)
		}
	}
	if n := w.srv.Stats().Buffers.InUse; n != 0 {
		t.Errorf("%d buffers", n)
	}
}

// TestBroadcastTyped: a value is encoded once.
func TestBroadcastTyped(t *testing.T) {
	w := newCrowd(t, 3)
	encoded := 0
	counted := tickwire.NewChannel[counting](inputs.Config())
	must(t, counted.Broadcast(w.srv, nil, counting{&encoded}, tickwire.SendOptions{}, nil))
	got := 0
	w.run(time.Second, func() bool {
		for _, c := range w.conns {
			for in, err := range inputs.Receive(c) {
				if got++; err != nil || in != (input{0x6f66, 0x7275}) {
					t.Errorf("got %v, %v", in, err)
				}
			}
		}
		return false
	})
	if got != 3 || encoded != 1 {
		t.Errorf("%d got it, it was encoded %d times", got, encoded)
	}
	t.Log("# an error of its own, and a channel that is not configured")
	if err := counted.Broadcast(w.srv, nil, counting{}, tickwire.SendOptions{}, nil); err != errCounting {
		t.Error(err)
	}
	other := tickwire.NewChannel[input](tickwire.ChannelConfig{ID: 99})
	if err := other.Broadcast(w.srv, nil, input{}, tickwire.SendOptions{}, nil); !errors.Is(err, tickwire.ErrNoChannel) {
		t.Error(err)
	}
}

// A counting value counts how often it is encoded; without a counter it cannot be.
type counting struct{ n *int }

var errCounting = errors.New("cannot count")

func (c counting) AppendBinary(b []byte) ([]byte, error) {
	if c.n == nil {
		return append(b, "half"...), errCounting
	}
	*c.n++
	return append(b, "four"...), nil
}

func (c *counting) UnmarshalBinary([]byte) error { return errCounting }

// TestDraftBroadcast: what was written in place goes to all, and to those that are chosen.
func TestDraftBroadcast(t *testing.T) {
	w := newCrowd(t, 4)
	d := w.srv.NewDraft()
	for round := range 3 {
		fmt.Fprintf(d, "round %d", round)
		must(t, d.Broadcast(nil, 2, tickwire.SendOptions{}, nil))
		if d.Len() != 0 {
			t.Errorf("%d bytes are left", d.Len())
		}
	}
	w.hear(2, time.Second)
	w.wantAll("round 0", "round 1", "round 2")
	d.WriteString("odd")
	odd := func(yield func(*tickwire.Conn) bool) {
		for c := range w.srv.Conns() {
			if c.ClientID()%2 == 1 && !yield(c) {
				return
			}
		}
	}
	must(t, d.Broadcast(odd, 2, tickwire.SendOptions{}, nil))
	w.hear(2, time.Second)
	for i, c := range w.conns {
		if (len(w.got[c]) == 1) != (i%2 == 0) {
			t.Errorf("player %d got %q", i+1, w.got[c])
		}
	}
	t.Log("# an error of the message leaves it in the draft")
	d.Write(make([]byte, 2000))
	if err := d.Broadcast(nil, narrow.ID, tickwire.SendOptions{}, nil); !errors.Is(err, tickwire.ErrTooLarge) || d.Len() != 2000 {
		t.Errorf("%v, %d bytes are left", err, d.Len())
	}
	if err := d.Broadcast(nil, 99, tickwire.SendOptions{}, nil); !errors.Is(err, tickwire.ErrNoChannel) || d.Len() != 2000 {
		t.Errorf("%v, %d bytes are left", err, d.Len())
	}
	d.Write(make([]byte, 2<<20))
	d.Reset()
	d.Write(make([]byte, 1<<20))
	d.WriteByte(0)
	if err := d.Broadcast(nil, ordered, tickwire.SendOptions{}, nil); !errors.Is(err, tickwire.ErrTooLarge) {
		t.Errorf("one that lacks its end: %v", err)
	}
	if d.Reset(); w.srv.Stats().Buffers.InUse != 0 {
		t.Errorf("%+v", w.srv.Stats().Buffers)
	}
	if _, err := d.SendWith(2, tickwire.SendOptions{}); err == nil || !strings.Contains(err.Error(), "Broadcast") {
		t.Errorf("a draft of no Conn: %v", err)
	}
}

// TestBroadcastErrors: each Conn has errors of its own, and the others get the message.
func TestBroadcastErrors(t *testing.T) {
	w, elsewhere := newCrowd(t, 3), newCrowd(t, 1)
	all := players(w.srv)
	closed, full, fine, stranger := all[0], all[1], all[2], players(elsewhere.srv)[0]
	for full.Send(narrow.ID, make([]byte, 500)) == nil {
	}
	closed.Close(tickwire.CodeNone, "")
	errs := map[*tickwire.Conn]error{}
	report := func(c *tickwire.Conn, r tickwire.Receipt, err error) {
		if errs[c] = err; (r != 0) != (err == nil) {
			t.Errorf("receipt %d, %v", r, err)
		}
	}
	some := slices.Values([]*tickwire.Conn{closed, stranger, full, fine})
	tracked := tickwire.SendOptions{Receipt: true}
	must(t, w.srv.Broadcast(some, narrow.ID, make([]byte, 500), tracked, report))
	if !errors.Is(errs[closed], tickwire.ErrClosed) || errs[stranger] != tickwire.ErrOtherServer || !errors.Is(errs[full], tickwire.ErrFull) || errs[fine] != nil {
		t.Errorf("reported %v", errs)
	}
	var misfit *tickwire.SendError
	must(t, w.srv.Broadcast(some, unreliable, nil, tickwire.SendOptions{Group: 1}, report))
	if !errors.As(errs[fine], &misfit) || misfit.Field != "Group" {
		t.Errorf("an option: %v", errs[fine])
	}
	if err := w.srv.Broadcast(nil, narrow.ID, make([]byte, 2000), tracked, report); !errors.As(err, &misfit) || misfit.Channel != narrow.ID || misfit.Limit != 1000 {
		t.Errorf("too large: %v", err)
	}
	t.Log("# a report may close, and broadcast itself")
	clear(errs)
	must(t, w.srv.Broadcast(nil, 2, []byte("first"), tickwire.SendOptions{}, func(c *tickwire.Conn, _ tickwire.Receipt, err error) {
		if c == full {
			c.Close(tickwire.CodeNone, "too slow")
			must(t, w.srv.Broadcast(nil, 2, []byte("one has left"), tickwire.SendOptions{}, nil))
		}
		errs[c] = err
	}))
	if len(errs) != 2 || errs[fine] != nil {
		t.Errorf("reported %v", errs)
	}
	w.hear(2, 5*time.Second)
	if got := w.got[w.conns[2]]; !slices.Equal(got, []string{"first", "one has left"}) {
		t.Errorf("got %q", got)
	}
	must(t, w.srv.Close())
	if err := w.srv.Broadcast(nil, 2, nil, tickwire.SendOptions{}, nil); err != tickwire.ErrClosed {
		t.Errorf("after Close: %v", err)
	}
	if n := w.srv.Stats().Buffers.InUse; n != 0 {
		t.Errorf("%d buffers", n)
	}
}

// TestBroadcastReceipts: each receiver has a receipt of its own.
func TestBroadcastReceipts(t *testing.T) {
	w := newCrowd(t, 3)
	w.nw.Cut(serverHost, w.address().Addr().Prev()) // the last player's
	receipts := map[*tickwire.Conn]tickwire.Receipt{}
	must(t, w.srv.Broadcast(nil, ordered, []byte("soon"), tickwire.SendOptions{Receipt: true, TTL: 300 * time.Millisecond},
		func(c *tickwire.Conn, r tickwire.Receipt, err error) { receipts[c] = r }))
	w.hear(ordered, 2*time.Second)
	fates := map[uint64]tickwire.EventKind{}
	for _, ev := range w.heard[w.srv] {
		if ev.Receipt != 0 && ev.Receipt == receipts[ev.Conn] {
			fates[ev.Conn.ClientID()] = ev.Kind
		}
	}
	if fates[1] != tickwire.Delivered || fates[2] != tickwire.Delivered || fates[3] != tickwire.Lost {
		t.Errorf("%v", fates)
	}
}

// TestBroadcastPlain: plain peers get what is for their channel, and only they do.
func TestBroadcastPlain(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv := w.serve(at, allowPlain)
	peer := w.plainClient(w.mint(8, forPlain, at))
	client := w.join(nil)
	_, err := client.Connect(w.mint(9, nil, at))
	must(t, err)
	w.until("connected", func() bool { return len(players(srv)) == 2 })
	for channel, plain := range map[tickwire.ChannelID]bool{tickwire.PlainChannel: true, 2: false} {
		must(t, srv.Broadcast(nil, channel, []byte("to all"), tickwire.SendOptions{}, func(c *tickwire.Conn, _ tickwire.Receipt, err error) {
			if c.Plain() == plain && err != nil || c.Plain() != plain && !errors.Is(err, tickwire.ErrNoChannel) {
				t.Errorf("channel %d, plain %v: %v", channel, c.Plain(), err)
			}
		}))
	}
	w.run(time.Second, nil)
	if !slices.Equal(peer.got, []string{"to all"}) || srv.Stats().Buffers.InUse != 0 {
		t.Errorf("got %q, %+v", peer.got, srv.Stats().Buffers)
	}
}

// TestBroadcastHub: under a Hub it is one step for all, from any goroutine.
func TestBroadcastHub(t *testing.T) {
	const sessions, each = 3, 100
	hub := newHub(t)
	ctx := patiently(t)
	got := make(chan string)
	for player := range uint64(sessions) {
		s := dialHub(t, hub, player+1)
		go func() {
			for ev := range s.Events(ctx) {
				if ev.Kind == tickwire.Message {
					got <- string(ev.Payload)
				}
			}
		}()
	}
	for range hub.Events(ctx) {
		if len(hub.Conns()) == sessions {
			break
		}
	}
	go func() {
		for range hub.Events(ctx) {
		}
	}()
	var to iter.Seq[*tickwire.Conn] = slices.Values(hub.Conns())
	go func() {
		d := hub.NewDraft()
		for range each {
			one := hub.Broadcast(nil, 3, []byte("bytes"), tickwire.SendOptions{}, nil)
			two := inputs.Broadcast(hub, to, input{}, tickwire.SendOptions{}, nil)
			d.WriteString("draft")
			if err := errors.Join(one, two, d.Broadcast(to, 3, tickwire.SendOptions{}, nil)); err != nil {
				t.Error(err)
			}
		}
	}()
	counts := map[string]int{}
	for counts["bytes"] < sessions*each || counts["draft"] < sessions*each {
		select {
		case text := <-got:
			counts[text]++
		case <-ctx.Done():
			t.Fatalf("got %v", counts)
		}
	}
}

package tickwire_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/compress"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/mem"
)

// leaning compresses, with a dictionary of these words.
func leaning(t testing.TB, words string) tickwire.Compression {
	t.Helper()
	d, err := compress.NewDictionary([]byte(words))
	must(t, err)
	c, err := compress.New(compress.Config{Dictionary: d})
	must(t, err)
	return c
}

const spoken = `{"from":"player","room":"everybody","text":"come to the north gate, they are behind the wall"}`

// compressedChannels are two channels that compress, over a reliable and an unreliable delivery.
func compressedChannels(by tickwire.Compression) (said, seen *tickwire.RawChannel) {
	said = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Name: "said", Delivery: tickwire.ReliableOrdered, Compression: by})
	seen = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 4, Name: "seen", Delivery: tickwire.UnreliableLatest, Compression: by})
	return said, seen
}

// TestCompression: over a link that loses and reorders, what is said to everybody and by everybody
// comes as it was, and the counters of both ends tell what was saved.
func TestCompression(t *testing.T) {
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 40 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.1, Duplicate: 0.02}))
	said, seen := compressedChannels(leaning(t, spoken))
	configure := func(cfg *tickwire.Config) { cfg.Channels = tickwire.Channels(said, seen) }
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { configure(&cfg.Config) })
	var ends []*tickwire.Conn
	for player := range uint64(3) {
		ends = append(ends, w.open(w.join(func(cfg *tickwire.ClientConfig) { configure(&cfg.Config) }), srv, player+1))
	}
	text := func(i int) string {
		return fmt.Sprintf(`{"from":"player %d","room":"everybody","text":"come to the %d. gate, %d of them are behind the wall"}`, i%7, i, i*i)
	}
	const n = 200
	heard := make([][]string, len(ends))
	for i := range n + 60 {
		if i < n {
			must(t, said.Broadcast(srv, srv.Conns(), []byte(text(i)), tickwire.SendOptions{}, nil))
			must(t, seen.Broadcast(srv, srv.Conns(), []byte(text(i)), tickwire.SendOptions{}, nil))
		}
		w.run(50*time.Millisecond, nil)
		for j, conn := range ends {
			for b := range said.Receive(conn) {
				heard[j] = append(heard[j], string(b))
			}
			if b, ok := seen.Latest(conn); ok && !strings.Contains(string(b), "behind the wall") {
				t.Errorf("seen: %q", b)
			}
		}
	}
	for j, all := range heard {
		for i, got := range all {
			if got != text(i) {
				t.Fatalf("player %d heard %q, want %q", j, got, text(i))
			}
		}
		came := ends[j].ChannelStats(3)
		if len(all) != n || came.OpenedFrom*2 > came.OpenedTo {
			t.Errorf("player %d heard %d; %+v", j, len(all), came)
		}
	}
	for c := range srv.Conns() {
		if st := c.ChannelStats(3); st.CompressedFrom != ends[0].ChannelStats(3).OpenedTo || st.MessagesLeftAsIs > 0 {
			t.Errorf("%+v", st)
		}
	}
}

// TestDictionaryMismatch: who has another dictionary is refused and told so by its name, and so is
// who has none.
func TestDictionaryMismatch(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	here, there := leaning(t, "the words of the server"), leaning(t, "other words of a player")
	said, _ := compressedChannels(here)
	w.serve(at, func(cfg *tickwire.ServerConfig) { withKey(cfg); cfg.Channels = tickwire.Channels(said) })
	for mine, by := range map[string]tickwire.Compression{
		fmt.Sprintf("compressed with dictionary %08x", there.ID()): there,
		"not compressed": nil,
	} {
		other, _ := compressedChannels(by)
		r := w.refused(w.mint(1, nil, at), func(cfg *tickwire.ClientConfig) { cfg.Channels = tickwire.Channels(other) })
		wantCode(t, r, tickwire.CodeMismatch, true)
		if want := fmt.Sprintf("channel 3 is %s here and compressed with dictionary %08x at the peer", mine, here.ID()); r.Text != want {
			t.Errorf("text %q, want %q", r.Text, want)
		}
	}
}

// shown is how many messages of a channel an Update shows.
func shown(srv *tickwire.Server, said *tickwire.RawChannel) (n int) {
	srv.Update(time.Now())
	for range srv.Events() {
	}
	for player := range srv.Conns() {
		for range said.Receive(player) {
			n++
		}
	}
	return n
}

// compressedPair is a server, and a token for it and the other socket of its pair, for a Session.
func compressedPair(t *testing.T, said *tickwire.RawChannel, perSecond int) (*tickwire.Server, func() *tickwire.Session) {
	t.Helper()
	cfg := tickwire.Config{ProtocolID: 7, Channels: tickwire.Channels(said), Logger: quiet, OpenedBytesPerSecond: perSecond}
	a, b, err := mem.Pair()
	must(t, err)
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, a)
	must(t, err)
	token, err := srv.DevToken(1)
	must(t, err)
	return srv, func() *tickwire.Session {
		s, err := tickwire.Dial(t.Context(), tickwire.ClientConfig{Config: cfg}, token, b)
		if err != nil {
			t.Error(err) // not Fatal: this is not the test's goroutine
			return nil
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
}

// sendLarge sends messages that are small on the way and large when they are opened, more of them
// than one Update shows.
func sendLarge(t *testing.T, s *tickwire.Session) {
	for i := 0; s != nil && i < 30; i++ {
		b := append(make([]byte, 500_000), byte(i))
		if _, err := s.Conn().SendContext(t.Context(), 3, b, tickwire.SendOptions{}); err != nil {
			t.Error(err)
		}
	}
}

// TestCompressionUnderAHub: what was withheld comes with the next events; nobody waits for it.
func TestCompressionUnderAHub(t *testing.T) {
	said, _ := compressedChannels(leaning(t, spoken))
	srv, dial := compressedPair(t, said, 0)
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	sendLarge(t, dial())
	var got []byte
	for ev := range hub.Events(patiently(t)) {
		if said.Is(ev) {
			if got = append(got, ev.Payload[len(ev.Payload)-1]); len(got) == 30 {
				break
			}
		}
	}
	if len(got) != 30 || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
}

// TestOpenedBytesPerSecond: what may not be opened yet comes when it may, under a Hub, and nobody asks all
// the time meanwhile.
func TestOpenedBytesPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said, _ := compressedChannels(leaning(t, spoken))
		srv, dial := compressedPair(t, said, 5_000_000)
		hub := tickwire.NewHub(srv)
		defer hub.Close()
		began, got := time.Now(), 0
		go func() { sendLarge(t, dial()) }()
		for ev := range hub.Events(patiently(t)) {
			if said.Is(ev) {
				if got++; got == 30 {
					st := ev.Conn.ChannelStats(3)
					if took := time.Since(began); took < 1700*time.Millisecond || took > 3500*time.Millisecond || st.OpeningPaused < 6 || st.OpeningPaused > 20 {
						t.Errorf("15 MB were opened in %v, with %d pauses", took, st.OpeningPaused)
					}
					return
				}
			}
		}
		t.Errorf("%d came", got)
	})
}

// TestWaitNewsOfPaused: a loop that waits for news sleeps while nothing may be opened.
func TestWaitNewsOfPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said, _ := compressedChannels(leaning(t, spoken))
		srv, dial := compressedPair(t, said, 10_000_000)
		defer srv.Close()
		go func() { sendLarge(t, dial()) }()
		got, idle, end := 0, 0, time.Now().Add(20*time.Second)
		for got < 30 && time.Now().Before(end) {
			must(t, srv.WaitNews(end))
			news := shown(srv, said)
			got += news
			if news == 0 && got >= 20 {
				idle++
			}
		}
		if got < 30 || idle > 40 {
			t.Errorf("%d came, and %d times none", got, idle)
		}
	})
}

// TestWaitNewsOfWithheld: what one Update did not show the next ones do, in a loop that waits for news.
func TestWaitNewsOfWithheld(t *testing.T) {
	said, _ := compressedChannels(leaning(t, spoken))
	srv, dial := compressedPair(t, said, 0)
	defer srv.Close()
	go func() { sendLarge(t, dial()) }()
	end := time.Now().Add(20 * time.Second)
	for got := 0; got < 30; {
		must(t, srv.WaitNews(end))
		if time.Now().After(end) {
			t.Fatalf("%d came, and nobody told of the others", got)
		}
		news := shown(srv, said)
		got += news
		if news > 3 {
			t.Fatalf("%d of 500000 bytes each at once", news)
		}
	}
}

// TestCompressionOfTypes: typed channels compress what their types write, and drafts what was written
// in place.
func TestCompressionOfTypes(t *testing.T) {
	w := newWorld(t)
	lines := tickwire.NewChannel[Line](tickwire.ChannelConfig{ID: 3, Delivery: tickwire.ReliableOrdered, Compression: leaning(t, spoken)})
	configure := func(cfg *tickwire.Config) { cfg.Channels = tickwire.Channels(lines) }
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { configure(&cfg.Config) })
	conn := w.open(w.join(func(cfg *tickwire.ClientConfig) { configure(&cfg.Config) }), srv, 1)
	said := Line{"everybody", "come to the north gate"}
	must(t, lines.Send(conn, said))
	draft := conn.Draft()
	must(t, draft.AppendBinary(said))
	_, err := draft.SendWith(3, tickwire.SendOptions{})
	must(t, err)
	w.run(time.Second, nil)
	n := 0
	for line, err := range lines.Receive(players(srv)[0]) {
		if n++; err != nil || line != said {
			t.Errorf("%+v, %v", line, err)
		}
	}
	if st := conn.ChannelStats(3); n != 2 || st.CompressedTo*3 > st.CompressedFrom*2 {
		t.Errorf("%d came; %+v", n, st)
	}
}

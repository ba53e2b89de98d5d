package tickwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

var (
	_ io.Writer       = (*tickwire.Draft)(nil)
	_ io.ByteWriter   = (*tickwire.Draft)(nil)
	_ io.StringWriter = (*tickwire.Draft)(nil)
)

// TestDraft: a message is written piece by piece and sent on a channel that is chosen then.
func TestDraft(t *testing.T) {
	w := newSendWorld(t, 0, narrow)
	d := w.conn.Draft()
	if w.conn.Draft() != d {
		t.Error("a Conn has two drafts")
	}
	fmt.Fprintf(d, "%d ", 12)
	must(t, d.WriteByte('3'))
	d.WriteString(" 45 ")
	d.Grow(100)
	must(t, d.AppendBinary(input{0x3636, 0x3737}))
	must(t, d.Append(func(b []byte) []byte { return append(b, '.') }))
	if d.Len() != 13 || string(d.Bytes()) != "12 3 45 6677." {
		t.Fatalf("wrote %q", d.Bytes())
	}
	t.Log("# a full channel leaves it as it was, another one takes it")
	w.fill()
	for w.conn.Send(narrow.ID, nil) == nil {
	}
	if _, err := d.SendWith(narrow.ID, tickwire.SendOptions{}); !errors.Is(err, tickwire.ErrFull) || d.Len() != 13 {
		t.Errorf("%v, %d bytes are left", err, d.Len())
	}
	r, err := d.SendWith(ordered, tickwire.SendOptions{Receipt: true})
	if err != nil || d.Len() != 0 {
		t.Errorf("%v, %d bytes are left", err, d.Len())
	}
	d.WriteString("dropped")
	d.Reset()
	if got := w.arrivals(ordered, time.Second); !slices.Equal(got, []string{"12 3 45 6677."}) {
		t.Errorf("got %q", got)
	}
	if ev := w.fate(r); ev.Kind != tickwire.Delivered {
		t.Errorf("its receipt reads %v", ev.Kind)
	}
	t.Log("# more than any channel takes is refused")
	n, err := d.Write(make([]byte, 2<<20))
	var tooLarge *tickwire.SendError
	if n != 1<<20 || !errors.Is(err, tickwire.ErrTooLarge) || !errors.As(err, &tooLarge) || tooLarge.Limit != 1<<20 {
		t.Errorf("wrote %d bytes: %v", n, err)
	}
	if _, err := d.SendWith(ordered, tickwire.SendOptions{}); err != tooLarge {
		t.Errorf("SendWith: %v", err)
	}
	t.Log("# what is over has no draft, and keeps no memory")
	w.arrivals(narrow.ID, 5*time.Second)
	w.conn.Close(tickwire.CodeNone, "")
	_, writes := d.Write([]byte{1})
	_, sends := d.SendWith(ordered, tickwire.SendOptions{})
	if !errors.Is(writes, tickwire.ErrClosed) || !errors.Is(sends, tickwire.ErrClosed) || d.Len() != 0 || !errors.Is(d.WriteByte(1), tickwire.ErrClosed) {
		t.Errorf("%v, %v", writes, sends)
	}
	w.run(time.Second, nil)
	if n := w.client.Stats().Buffers.InUse; n != 0 {
		t.Errorf("%d buffers", n)
	}
}

// A keeper remembers where it was encoded.
type keeper struct{ at *[]byte }

func (k keeper) AppendBinary(b []byte) ([]byte, error) {
	*k.at = append(b, "four, and as many more as it takes to fill another size of buffers, and then some"...)
	return *k.at, nil
}

func (k *keeper) UnmarshalBinary([]byte) error { return nil }

// TestTypedInPlace: a typed message is encoded in the memory that its packets are made from, also
// if it goes to many: what is written there later is received.
func TestTypedInPlace(t *testing.T) {
	w := newCrowd(t, 3)
	keepers := tickwire.NewChannel[keeper](allChannels[tickwire.ReliableOrdered].Config())
	var at []byte
	for round, send := range []func() error{
		func() error { return keepers.Send(players(w.srv)[0], keeper{&at}) }, // it learns how large they are
		func() error { return keepers.Send(players(w.srv)[0], keeper{&at}) },
		func() error { return keepers.Broadcast(w.srv, nil, keeper{&at}, tickwire.SendOptions{}, nil) },
	} {
		must(t, send())
		at[0] = 'F'
		w.hear(ordered, time.Second)
		for i, c := range w.conns {
			want := map[bool]int{true: 1}[i == 0 || round == 2]
			if got := w.got[c]; len(got) != want || want == 1 && (got[0][0] == 'F') != (round > 0) {
				t.Errorf("round %d: player %d got %q", round, i+1, got)
			}
		}
		clear(w.got)
	}
}

// TestReceivedOnce: on its way from the datagram to the game a message is put into one buffer,
// in which the game finds it; what it wants to keep it clones.
func TestReceivedOnce(t *testing.T) {
	w := newSendWorld(t, 0)
	srv := w.drivers[0].(*tickwire.Server)
	for _, ch := range allChannels {
		for _, size := range []int{1, 1000, 60_000} {
			before := srv.Stats().Buffers.Fetched
			must(t, ch.Send(w.conn, bytes.Repeat([]byte{7}, size)))
			var valid, kept []byte
			w.until("received", func() bool {
				for b := range ch.Receive(w.player) {
					valid, kept = b, bytes.Clone(b)
				}
				return valid != nil
			})
			if n := srv.Stats().Buffers.Fetched - before; n != 1 || len(valid) != size {
				t.Errorf("%v: %d bytes took %d buffers", ch.Config().Delivery, len(valid), n)
			}
			clear(valid) // as it may be after the next Update
			if bytes.Count(kept, []byte{7}) != size {
				t.Error("a clone changes with the message")
			}
		}
	}
}

// TestDraftBeforeGroup: the configuration decides about bytes that a group finds.
func TestDraftBeforeGroup(t *testing.T) {
	group := tickwire.SendOptions{Group: 1}
	for policy, want := range map[tickwire.DraftPolicy]string{
		tickwire.DraftRefuse: "", tickwire.DraftDrop: "sent", tickwire.DraftJoin: "written sent",
	} {
		w := newWorld(t)
		srv := w.serve(w.address(), nil)
		client := w.join(func(cfg *tickwire.ClientConfig) { cfg.UnsentDraft = policy })
		conn := w.open(client, srv, 1)
		conn.Draft().WriteString("written")
		_, err := chat.SendWith(conn, []byte("sent"), group)
		if errors.Is(err, tickwire.ErrDraft) != (policy == tickwire.DraftRefuse) {
			t.Errorf("%v: %v", policy, err)
		}
		var got []string
		w.run(time.Second, func() bool {
			for b := range chat.Receive(players(srv)[0]) {
				got = append(got, string(b))
			}
			return false
		})
		if s := strings.Join(got, " "); s != want || conn.Stats().DraftsDropped > 0 != (policy == tickwire.DraftDrop) {
			t.Errorf("%v: got %q, %d dropped", policy, s, conn.Stats().DraftsDropped)
		}
	}
	if err := (tickwire.Config{UnsentDraft: 3}).Validate(); err == nil || !strings.Contains(err.Error(), "UnsentDraft") {
		t.Errorf("a policy that is none: %v", err)
	}
}

// TestDraftPlain: a plain peer gets what was written, too.
func TestDraftPlain(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv := w.serve(at, allowPlain)
	peer := w.plainClient(w.mint(8, forPlain, at))
	w.until("connected", func() bool { return len(players(srv)) == 1 })
	player := players(srv)[0]
	d := player.Draft()
	fmt.Fprintf(d, "one %d", 2)
	if _, err := player.Draft().SendWith(3, tickwire.SendOptions{}); !errors.Is(err, tickwire.ErrNoChannel) || d.Len() != 5 {
		t.Errorf("%v, %d bytes are left", err, d.Len())
	}
	if _, err := player.Draft().SendWith(tickwire.PlainChannel, tickwire.SendOptions{}); err != nil || d.Len() != 0 {
		t.Errorf("%v, %d bytes are left", err, d.Len())
	}
	if n, err := d.Write(make([]byte, 1300)); n != 1200 || !errors.Is(err, tickwire.ErrTooLarge) {
		t.Errorf("wrote %d: %v", n, err)
	}
	w.run(time.Second, nil)
	if !slices.Equal(peer.got, []string{"one 2"}) {
		t.Errorf("got %q", peer.got)
	}
	player.Close(tickwire.CodeNone, "")
	w.run(time.Second, nil)
	if n := srv.Stats().Buffers.InUse; n != 0 {
		t.Errorf("%d buffers", n)
	}
}

// TestDraftShared: under a Hub each connection is written by a goroutine of its own, while others
// come and go.
func TestDraftShared(t *testing.T) {
	const sessions, each = 4, 200
	hub := newHub(t)
	ctx := patiently(t)
	var writers, readers sync.WaitGroup
	for player := range uint64(sessions) {
		s := dialHub(t, hub, player+1)
		readers.Go(func() {
			n := 0
			for ev := range s.Events(ctx) {
				if ev.Kind == tickwire.Message {
					if want := fmt.Sprintf("%d: line %d", player+1, n); string(ev.Payload) != want {
						t.Errorf("got %q, want %q", ev.Payload, want)
					}
					if n++; n == each {
						break
					}
				}
			}
			if n != each {
				t.Errorf("player %d got %d", player+1, n)
			}
			s.Close()
		})
	}
	go func() {
		for ev := range hub.Events(ctx) {
			if ev.Kind == tickwire.Connected {
				writers.Go(func() { write(t, ev.Conn, each) })
			}
		}
	}()
	readers.Wait() // by then all writers have begun
	writers.Wait()
}

// write sends so many lines from the draft of a Conn.
func write(t *testing.T, c *tickwire.Conn, lines int) {
	d := c.Draft()
	for n := range lines {
		fmt.Fprintf(d, "%d: ", c.ClientID())
		d.Append(func(b []byte) []byte { return fmt.Appendf(b, "line %d", n) })
		if _, err := c.Draft().SendWith(2, tickwire.SendOptions{}); err != nil {
			t.Errorf("line %d: %v", n, err)
		}
	}
}

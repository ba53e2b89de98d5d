package endpoint

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	_ io.Writer       = (*Draft)(nil)
	_ io.ByteWriter   = (*Draft)(nil)
	_ io.StringWriter = (*Draft)(nil)
)

// A blob appends itself, or fails.
type blob []byte

var errBlob = errors.New("no blob")

func (b blob) AppendBinary(to []byte) ([]byte, error) {
	if b == nil {
		return append(to, "half of it"...), errBlob
	}
	return append(to, b...), nil
}

// writings are the ways to write into a draft.
var writings = map[string]func(d *Draft, b []byte) error{
	"Write":        func(d *Draft, b []byte) error { _, err := d.Write(b); return err },
	"WriteString":  func(d *Draft, b []byte) error { _, err := d.WriteString(string(b)); return err },
	"Append":       func(d *Draft, b []byte) error { return d.Append(func(to []byte) []byte { return append(to, b...) }) },
	"AppendBinary": func(d *Draft, b []byte) error { return d.AppendBinary(blob(b)) },
	"WriteByte": func(d *Draft, b []byte) error {
		for _, c := range b {
			if err := d.WriteByte(c); err != nil {
				return err
			}
		}
		return nil
	},
}

// waiting is the message of a channel that waits last.
func (e *Endpoint) waiting(d Delivery) *outMessage {
	q := &e.outbox.sender(uint16(chanOf(d))).queue
	return q.At(q.End() - 1)
}

// TestDraftIsSentInPlace: the memory that was written into is that of the queued message, and
// what the packets are made from; nothing lies between.
func TestDraftIsSentInPlace(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		for name, write := range writings {
			for _, size := range []int{8, 64, 1000, 60_000} {
				p := newPair(t, channels(), time.Millisecond).open()
				e, pool := p.ends[0], p.ends[0].cfg.Buffers
				draft, want := e.Draft(), message(size, size)
				for round := range 2 { // the first one teaches it how large they are
					before := pool.Stats().Fetched
					if err := write(draft, want); err != nil || draft.Len() != size {
						t.Fatalf("%s: %d of %d bytes: %v", name, draft.Len(), size, err)
					}
					written := draft.Bytes()
					if _, err := e.SendDraft(chanOf(d), draft, SendOptions{}); err != nil || draft.Len() != 0 {
						t.Fatalf("%s: %v, %d bytes are left", name, err, draft.Len())
					}
					m := e.waiting(d)
					if &m.payload[0] != &written[0] || m.shared != nil {
						t.Fatalf("%s: %d bytes were copied", name, size)
					}
					most := uint64(1)
					if name == "WriteByte" {
						most = 2 // for the first byte, and for as many as last time
					}
					if n := pool.Stats().Fetched - before; n > most && round == 1 {
						t.Errorf("%s: %d buffers for a message of %d bytes", name, n, size)
					}
					written[size-1] ^= 0xff // behind its back
					p.run(time.Second)
					got := p.received(1, chanOf(d))
					if len(got) != 1 || got[0][:size-1] != string(want[:size-1]) || got[0][size-1] != want[size-1]^0xff {
						t.Fatalf("%s: the packets of %d bytes were made from something else", name, size)
					}
				}
			}
		}
	})
}

// TestDraftInPieces writes messages of all sizes in all ways, beside a bytes.Buffer.
func TestDraftInPieces(t *testing.T) {
	p := newPair(t, channels(), time.Millisecond).open()
	rnd := rand.New(rand.NewPCG(1, 2))
	d, ways := p.ends[0].Draft(), []string{"Write", "WriteString", "Append", "AppendBinary", "WriteByte"}
	for n := range 300 {
		var want bytes.Buffer
		for range rnd.IntN(12) {
			piece := message(n, rnd.IntN(1<<rnd.IntN(12))+8)
			want.Write(piece)
			if err := writings[ways[rnd.IntN(len(ways))]](d, piece); err != nil {
				t.Fatal(err)
			}
			if rnd.IntN(5) == 0 {
				d.Grow(rnd.IntN(5000))
			}
		}
		if err := d.AppendBinary(blob(nil)); err != errBlob {
			t.Fatalf("a failure is told as %v", err)
		}
		if !bytes.Equal(d.Bytes(), want.Bytes()) {
			t.Fatalf("message %d is not what was written", n)
		}
		if rnd.IntN(10) == 0 {
			d.Reset()
			continue
		}
		if _, err := p.ends[0].SendDraft(chanOf(ReliableOrdered), d, SendOptions{}); err != nil {
			t.Fatal(err)
		}
		m := p.ends[0].waiting(ReliableOrdered)
		if cap(m.payload) > maxRounding*charge(m.len()) {
			t.Errorf("%d bytes wait in a buffer of %d", m.len(), cap(m.payload))
		}
		p.run(time.Second)
		if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 || got[0] != want.String() {
			t.Fatalf("message %d: %d came", n, len(got))
		}
	}
	if st := p.ends[0].cfg.Buffers.Stats(); st.InUse != 0 {
		t.Errorf("%+v", st)
	}
}

// TestDraftTooLarge: what does not fit is refused, and so is the rest until Reset.
func TestDraftTooLarge(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{
		{ID: 1, MaxMessageBytes: 100}, {ID: 2, Delivery: ReliableOrdered, MaxMessageBytes: 1000},
	}}
	p := newPair(t, cfg, time.Millisecond).open()
	e := p.ends[0]
	d := e.Draft()
	if n, err := d.Write(make([]byte, 600)); n != 600 || err != nil || d.Available() != 400 {
		t.Fatalf("wrote %d, %v", n, err)
	}
	n, err := d.WriteString(strings.Repeat("x", 500))
	var tooLarge *SendError
	if n != 400 || !errors.Is(err, ErrTooLarge) || !errors.As(err, &tooLarge) || *tooLarge != (SendError{2, ErrTooLarge, "MaxMessageBytes", 1100, 1000}) {
		t.Errorf("wrote %d, %v", n, err)
	}
	if err := d.WriteByte(1); err != tooLarge {
		t.Errorf("a byte more: %v", err)
	}
	if _, err := e.SendDraft(2, d, SendOptions{}); err != tooLarge {
		t.Errorf("SendDraft: %v", err)
	}
	d.Share()
	if _, err := e.SendDraft(2, d, SendOptions{}); err != tooLarge || d.shared != nil {
		t.Errorf("SendDraft of one for many: %v", err)
	}
	if d.Reset(); d.Len() != 0 {
		t.Errorf("%d bytes after Reset", d.Len())
	}
	t.Log("# too large for one channel is not for another")
	_, _ = d.Write(make([]byte, 200))
	if _, err := e.SendDraft(1, d, SendOptions{}); !errors.Is(err, ErrTooLarge) || d.Len() != 200 {
		t.Errorf("the smaller channel: %v, %d bytes are left", err, d.Len())
	}
	if _, err := e.SendDraft(2, d, SendOptions{}); err != nil {
		t.Error(err)
	}
	p.run(time.Second)
	if got := p.received(1, 2); len(got) != 1 || len(got[0]) != 200 {
		t.Errorf("%d came", len(got))
	}
}

// TestDraftRefused: after ErrFull and other errors the draft is as it was; dropped by the policy
// of a full queue it is gone, and was accepted.
func TestDraftRefused(t *testing.T) {
	cfg := channels()
	for i := range cfg.Channels {
		cfg.Channels[i].MaxMessageBytes, cfg.Channels[i].MaxQueuedBytes = 1000, 1032
	}
	cfg.Channels[0].Full = DropNewest
	p := newPair(t, cfg, time.Millisecond)
	e := p.ends[0]
	for _, d := range []Delivery{Unreliable, ReliableOrdered} {
		p.send(0, chanOf(d), make([]byte, 1000))
	}
	d := e.Draft()
	_, _ = d.Write(message(1, 500))
	for channel, want := range map[ChannelID]error{chanOf(ReliableOrdered): ErrFull, 99: ErrNoChannel} {
		if _, err := e.SendDraft(channel, d, SendOptions{}); !errors.Is(err, want) || !bytes.Equal(d.Bytes(), message(1, 500)) {
			t.Errorf("channel %d: %v, %d bytes are left", channel, err, d.Len())
		}
	}
	if _, err := e.SendDraft(chanOf(Unreliable), d, SendOptions{Keyed: true}); !errors.Is(err, ErrOption) || d.Len() != 500 {
		t.Errorf("an option: %v", err)
	}
	if _, err := e.SendDraft(chanOf(ReliableUnordered), d, SendOptions{}); err != nil || d.Len() != 0 {
		t.Errorf("another channel: %v, %d bytes are left", err, d.Len())
	}
	_, _ = d.Write(message(2, 500))
	r, err := e.SendDraft(chanOf(Unreliable), d, SendOptions{Receipt: true})
	if err != nil || d.Len() != 0 || p.fates(0)[r].Why != Dropped {
		t.Errorf("the newest that is dropped: %v, %d bytes are left", err, d.Len())
	}
}

// TestUnsentDraft: what a group finds in the draft is in its way, is dropped, or joins it.
func TestUnsentDraft(t *testing.T) {
	for policy, want := range map[DraftPolicy]string{
		DraftRefuse: "alone first second", DraftDrop: "alone first second", DraftJoin: "alone draft first second",
	} {
		cfg := channels()
		cfg.UnsentDraft = policy
		p := newPair(t, cfg, time.Millisecond).open()
		e, ch, group := p.ends[0], chanOf(ReliableOrdered), SendOptions{Group: 7}
		d := e.Draft()
		_, _ = d.WriteString("draft")
		t.Logf("# %v: a message that is alone is not in its way", policy)
		p.send(0, ch, []byte("alone"))
		_, err := e.Send(ch, []byte("first"), group)
		var refused *SendError
		switch {
		case policy != DraftRefuse && (err != nil || d.Len() != 0):
			t.Errorf("%v: %v, %d bytes are left", policy, err, d.Len())
		case policy == DraftRefuse:
			if !errors.As(err, &refused) || *refused != (SendError{ch, ErrDraft, "UnsentDraft", 5, 0}) || d.Len() != 5 {
				t.Errorf("%v: %v, %d bytes are left", policy, err, d.Len())
			}
			d.Reset()
			_, err = e.Send(ch, []byte("first"), group)
		}
		if err != nil {
			t.Error(err)
		}
		t.Log("# nor is a group that is open already, nor the draft in its own way")
		_, _ = d.WriteString("second")
		if _, err := e.SendDraft(ch, d, group); err != nil {
			t.Error(err)
		}
		_, _ = d.WriteString("third")
		if _, err := e.Send(ch, nil, group); err != nil || d.Len() != 5 {
			t.Errorf("%v, %d bytes are left", err, d.Len())
		}
		p.run(time.Second)
		if got := strings.Join(p.received(1, ch), " "); got != want+" " {
			t.Errorf("%v: %q came, want %q", policy, got, want)
		}
		if n := e.Stats().DraftsDropped; (n == 1) != (policy == DraftDrop) {
			t.Errorf("%v: %d drafts dropped", policy, n)
		}
	}
}

// TestDraftJoins: the draft that joins is of the group, so that nobody need wait for it.
func TestDraftJoins(t *testing.T) {
	cfg := channels()
	cfg.UnsentDraft = DraftJoin
	p := newPair(t, cfg, time.Millisecond).open()
	ch := chanOf(ReliableOrdered)
	d := p.ends[0].Draft()
	_, _ = d.Write(make([]byte, 1500)) // more than the packet that is lost
	lost := false
	p.links[0].drop = func(int, []byte) bool { first := !lost; lost = true; return first }
	if _, err := p.ends[0].Send(ch, message(2, 1100), SendOptions{Group: 1}); err != nil {
		t.Fatal(err)
	}
	p.run(5 * time.Second)
	got := p.received(1, ch)
	if len(got) != 2 || len(got[0]) != 1100 || len(got[1]) != 1500 {
		t.Errorf("%d came, the first of %d bytes", len(got), len(got[0]))
	}
}

// TestDraftOfClosed: an endpoint that is over takes no bytes, and keeps none; but it does not
// give memory to others into which its game may be writing.
func TestDraftOfClosed(t *testing.T) {
	for name, end := range map[string]func(p *pair){
		"Close":   func(p *pair) { p.ends[0].Close(p.now, CodeNone, "") },
		"a peer":  func(p *pair) { p.ends[1].Close(p.now, CodeNone, ""); p.run(time.Second) },
		"silence": func(p *pair) { p.links[1].cut = true; p.run(time.Minute) },
		"Release": func(p *pair) { p.ends[0].Release() },
	} {
		p := newPair(t, channels(), time.Millisecond).open()
		e := p.ends[0]
		d := e.Draft()
		_, _ = d.Write(message(1, 1000))
		mine := d.AvailableBuffer()
		end(p)
		if st := e.cfg.Buffers.Stats(); st.InUse != 0 {
			t.Errorf("%s: %+v", name, st)
		}
		if other := e.cfg.Buffers.fetch(1100); &other[1000] == &mine[:1][0] {
			t.Errorf("%s: another message lies where the game writes", name)
		} else {
			e.cfg.Buffers.release(other)
		}
		n, err := d.Write(append(mine, "more"...))
		if n != 0 || err != ErrClosed || d.Len() != 0 || len(d.AvailableBuffer()) != 0 {
			t.Errorf("%s: wrote %d, %v", name, n, err)
		}
		if _, err := e.SendDraft(1, d, SendOptions{}); err != ErrClosed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRoomAtTheEndOfADraft: there is always room to append to, also when what was written nearly fills its
// memory.
func TestRoomAtTheEndOfADraft(t *testing.T) {
	for written := range 300 {
		d := newPair(t, channels(), time.Millisecond).ends[0].Draft()
		_, _ = d.Write(make([]byte, written))
		if b := d.AvailableBuffer(); len(b) != 0 || cap(b) < leastRoom {
			t.Fatalf("room for %d bytes behind %d", cap(b), written)
		}
		d.Reset()
	}
}

// TestSharedNothing: a message without bytes is shared as any other, and what is written behind it is
// another one.
func TestSharedNothing(t *testing.T) {
	p := newPair(t, channels(), time.Millisecond).open()
	e, ch := p.ends[0], chanOf(ReliableOrdered)
	d := e.Draft()
	d.Share()
	for range 2 {
		if _, err := e.SendDraft(ch, d, SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.WriteByte('x'); err != nil {
		t.Fatal(err)
	}
	if _, err := e.SendDraft(ch, d, SendOptions{}); err != nil {
		t.Fatal(err)
	}
	p.run(time.Second)
	if got := p.received(1, ch); !slices.Equal(got, []string{"", "", "x"}) {
		t.Errorf("%q came", got)
	}
}

// TestSharedDraftJoins: a shared draft that joins a group is empty then, and keeps no memory when the
// message has arrived.
func TestSharedDraftJoins(t *testing.T) {
	cfg := channels()
	cfg.UnsentDraft = DraftJoin
	p := newPair(t, cfg, time.Millisecond).open()
	e, ch := p.ends[0], chanOf(ReliableOrdered)
	d := e.Draft()
	d.Share()
	_, _ = d.WriteString("joins")
	if _, err := e.Send(ch, []byte("first"), SendOptions{Group: 1}); err != nil {
		t.Fatal(err)
	}
	p.run(time.Second)
	if got := p.received(1, ch); !slices.Equal(got, []string{"joins", "first"}) {
		t.Errorf("%q came", got)
	}
	if n := e.cfg.Buffers.Stats().InUse; n != 0 {
		t.Errorf("%d buffers are in use", n)
	}
}

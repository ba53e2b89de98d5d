package endpoint

import (
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// withOptions is a RUN with options; keys count up from 7.
func withOptions(ch ChannelID, first uint64, options byte, back, index uint64, messages ...string) []byte {
	r := wire.Run{Channel: uint16(ch), HasIDs: true, First: first, Count: len(messages), Options: options, Back: back, Index: index}
	b := wire.AppendRun(nil, &r)
	for i, m := range messages {
		if options&wire.OptionKeyed != 0 {
			b = wire.AppendUvarint(b, 7+uint64(i))
		}
		b = wire.AppendBytes(b, []byte(m))
	}
	return b
}

func droppableFragment(ch ChannelID, id, index uint64, offset, total int, bytes string) []byte {
	f := wire.Fragment{Channel: uint16(ch), ID: id, Offset: offset, Total: total, Length: len(bytes),
		Options: wire.OptionDroppable, Index: index, Stored: true}
	return append(wire.AppendFragment(nil, &f), bytes...)
}

// takes returns what the game gets from a channel now.
func (s *script) takes(ch ChannelID) (all []string) {
	s.e.Update()
	for m, ok := s.e.Receive(ch); ok; m, ok = s.e.Receive(ch) {
		all = append(all, string(m.Bytes()))
	}
	return all
}

func (s *script) wantTaken(ch ChannelID, want ...string) {
	s.t.Helper()
	if got := s.takes(ch); !slices.Equal(got, want) {
		s.t.Errorf("received %q, want %q", got, want)
	}
}

func TestGroupOrder(t *testing.T) {
	ch := chanOf(ReliableOrdered)
	s := newScript(t, channels())
	t.Log("# 0 is alone, 1 to 3 are a group, 4 is alone, 5 and 6 are a group")
	s.hears(withOptions(ch, 5, wire.OptionGroup, 0, 0, "5", "6"))
	s.hears(run(ch, 4, "4"))
	s.hears(withOptions(ch, 3, wire.OptionGroup, 2, 0, "3"))
	s.wantTaken(ch)
	t.Log("# once 0 is there the group is in turn, whatever is missing of it; 4 waits for all of it")
	s.hears(run(ch, 0, "0"))
	s.wantTaken(ch, "0", "3")
	s.hears(withOptions(ch, 2, wire.OptionGroup, 1, 0, "2"))
	s.wantTaken(ch, "2")
	s.hears(withOptions(ch, 1, wire.OptionGroup, 0, 0, "1"))
	s.wantTaken(ch, "1", "4", "5", "6")
	t.Log("# SKIP counts as having come")
	s.hears(withOptions(ch, 9, wire.OptionGroup, 1, 0, "9"))
	s.hears(run(ch, 10, "10"))
	s.hears(wire.AppendSkip(nil, uint16(ch), 7, []int{1}))
	s.wantTaken(ch, "9")
	s.hears(wire.AppendSkip(nil, uint16(ch), 8, []int{1}))
	s.wantTaken(ch, "10")
}

// TestGroupsUnderLoss compares what a loss holds up with groups and without.
func TestGroupsUnderLoss(t *testing.T) {
	for _, grouped := range []bool{false, true} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		ch := chanOf(ReliableOrdered)
		p.run(time.Second)
		opts := SendOptions{}
		if grouped {
			opts.Group = 4
		}
		t.Logf("# ten messages in packets of their own, grouped %v; the third is lost", grouped)
		base := p.links[0].sent
		p.links[0].drop = func(n int, _ []byte) bool { return n == base+2 }
		for i := range 10 {
			p.sendWith(0, ch, message(i, 1100), opts)
			p.flush()
		}
		p.send(0, ch, message(10, 50))
		p.run(30 * time.Millisecond)
		early := p.received(1, ch)
		p.run(time.Second)
		late := p.received(1, ch)
		if want := map[bool]int{false: 2, true: 9}[grouped]; len(early) != want || len(early)+len(late) != 11 {
			t.Errorf("%d came at once, %d later", len(early), len(late))
		}
		if last := late[len(late)-1]; number(last) != 10 {
			t.Errorf("the last is %d", number(last))
		}
	}
}

func TestDroppableOrder(t *testing.T) {
	ch := chanOf(ReliableOrdered)
	d := func(id, index uint64, messages ...string) []byte {
		return withOptions(ch, id, wire.OptionDroppable, 0, index, messages...)
	}
	s := newScript(t, channels())
	t.Log("# before the first message: at once, in order of index, and late ones are gone")
	s.hears(d(0, 1, "d01", "d02"))
	s.hears(d(0, 0, "d00"))
	s.wantTaken(ch, "d01", "d02")
	t.Log("# those of a later message wait for what it waits for, and keep their order")
	s.hears(d(2, 1, "d21"))
	s.hears(d(2, 1, "d21")) // once more changes nothing
	s.hears(d(2, 0, "d20"))
	s.hears(run(ch, 2, "2"))
	s.hears(d(3, 0, "d30"))
	s.hears(run(ch, 1, "1"))
	s.wantTaken(ch)
	s.hears(d(0, 7, "d07"))
	s.wantTaken(ch, "d07")
	s.hears(run(ch, 0, "0"))
	s.wantTaken(ch, "0", "1", "d20", "d21", "2", "d30")
	t.Log("# gone when the message that it precedes was delivered")
	s.hears(d(2, 2, "d22"))
	s.wantTaken(ch)
	t.Log("# a skipped message holds nothing up and ends nothing")
	s.hears(d(4, 0, "d40"))
	s.hears(wire.AppendSkip(nil, uint16(ch), 3, []int{1}))
	s.wantTaken(ch, "d40")
	t.Log("# in a group: before the group is enough")
	s.hears(withOptions(ch, 6, wire.OptionGroup|wire.OptionDroppable, 2, 0, "d60"))
	s.wantTaken(ch, "d60")
	if n := s.e.Stats().MessagesStale; n != 2 || s.e.inbox.receiver(uint16(ch)).held != 0 {
		t.Errorf("%d stale, %d bytes held", n, s.e.inbox.receiver(uint16(ch)).held)
	}
	t.Log("# one that comes twice is shown once")
	s.hears(d(5, 0, "d50"))
	s.wantTaken(ch)
	s.hears(withOptions(ch, 6, wire.OptionGroup|wire.OptionDroppable, 2, 1, "d61"))
	s.hears(withOptions(ch, 6, wire.OptionGroup|wire.OptionDroppable, 2, 1, "d61"))
	s.wantTaken(ch, "d61")
	t.Log("# before the id that follows all that may be open; one more cannot be")
	s.hears(d(4+maxAhead, 0, "far"))
	if !s.e.Open() {
		t.Error("closed too early")
	}
	s.hears(d(5+maxAhead, 0, "x"))
	if code := s.closed(); code != CodeProtocol {
		t.Errorf("closed with %v", code)
	}
}

// TestDroppableReceipts sends droppables whole and in fragments, with and without loss.
func TestDroppableReceipts(t *testing.T) {
	ch := chanOf(ReliableOrdered)
	for _, size := range []int{100, 5000} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.run(time.Second)
		t.Logf("# %d bytes: it arrives between its neighbours", size)
		a := p.send(0, ch, message(0, 50))
		b := p.sendWith(0, ch, message(1, size), SendOptions{Droppable: true})
		c := p.send(0, ch, message(2, 50))
		p.run(time.Second)
		var got []int
		for _, m := range p.received(1, ch) {
			got = append(got, number(m))
		}
		fates := p.fates(0)
		if !slices.Equal(got, []int{0, 1, 2}) || fates[a].Kind != Delivered || fates[b].Kind != Delivered || fates[c].Kind != Delivered {
			t.Errorf("received %v; %v, %v, %v", got, fates[a].Kind, fates[b].Kind, fates[c].Kind)
		}
		t.Log("# lost, it is not sent again and holds nothing up")
		base := p.links[0].sent
		p.links[0].drop = func(n int, _ []byte) bool { return n == base }
		b = p.sendWith(0, ch, message(3, size), SendOptions{Droppable: true})
		p.flush()
		p.send(0, ch, message(4, 50))
		p.run(2 * time.Second)
		if got := p.received(1, ch); len(got) != 1 || number(got[0]) != 4 {
			t.Errorf("received %d messages", len(got))
		}
		p.wantLost(0, b, NotKnown)
		if st := p.ends[0].Stats(); st.MessagesResent+st.FragmentsResent != 0 {
			t.Errorf("%d and %d resent", st.MessagesResent, st.FragmentsResent)
		}
	}
}

// TestDroppablesNeedNoCredit sends droppables to a game that takes nothing.
func TestDroppablesNeedNoCredit(t *testing.T) {
	p := newPair(t, channels(), 5*time.Millisecond).open()
	ch := chanOf(ReliableOrdered)
	budget := p.ends[1].inbox.receiver(uint16(ch)).droppableBudget()
	for i := range 3000 {
		p.sendWith(0, ch, message(i, 1000), SendOptions{Droppable: true})
		p.run(2 * time.Millisecond)
		p.fates(0)
	}
	held := p.ends[1].inbox.receiver(uint16(ch)).held
	if st := p.ends[1].Stats(); st.MessagesOverflowed == 0 || held > budget || held < budget-1100 {
		t.Errorf("%d bytes held of %d, %d overflowed", held, budget, st.MessagesOverflowed)
	}
	t.Log("# ordered messages come through all the same")
	p.send(0, ch, message(3000, 100))
	p.run(time.Second)
	got := p.received(1, ch)
	if number(got[len(got)-1]) != 3000 {
		t.Errorf("the last is %d", number(got[len(got)-1]))
	}
}

// TestDroppableWaitingIsBounded fills the place where droppables wait for their turn.
func TestDroppableWaitingIsBounded(t *testing.T) {
	ch := chanOf(ReliableOrdered)
	s := newScript(t, channels())
	r := s.e.inbox.receiver(uint16(ch))
	for i := range uint64(5000) {
		s.hears(withOptions(ch, 1, wire.OptionDroppable, 0, i, "x"))
		s.hears(droppableFragment(ch, 1, 10_000+i, 0, 60_000, "y"))
		if r.droppables.len() > maxWaiting || len(r.partials) > maxPartials || r.held > r.droppableBudget() {
			t.Fatalf("%d wait, %d are unfinished, %d bytes", r.droppables.len(), len(r.partials), r.held)
		}
	}
	t.Log("# the first that came are kept, and unfinished ones go after a second")
	s.hears(run(ch, 0, "0"))
	if got := s.takes(ch); len(got) != 1+maxWaiting {
		t.Errorf("received %d", len(got))
	}
	s.wait(s.now + 2*second)
	if len(r.partials) != 0 || r.held != 0 {
		t.Errorf("%d are unfinished, %d bytes", len(r.partials), r.held)
	}
}

// TestOptionsElsewhere sends options on channels that do not have them, and options that
// change on the way.
func TestOptionsElsewhere(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		for options := range map[byte]bool{wire.OptionKeyed: true, wire.OptionGroup: true, wire.OptionDroppable: true} {
			s := newScript(t, channels())
			s.hears(withOptions(chanOf(d), 0, options, 0, 0, "x"))
			fits := options == wire.OptionKeyed && d.latest() || options != wire.OptionKeyed && d == ReliableOrdered
			if s.e.Open() != fits {
				t.Errorf("option %d: open %v", options, s.e.Open())
			}
			_, err := s.e.Send(chanOf(d), nil, SendOptions{Keyed: options == wire.OptionKeyed, Droppable: options == wire.OptionDroppable,
				Group: uint32(options & wire.OptionGroup)})
			if s.e.Open() && (err == nil) != fits {
				t.Errorf("option %d: Send returns %v", options, err)
			}
		}
	})
	ch := chanOf(ReliableOrdered)
	t.Log("# a group that began before the first id, and a message that changes its options")
	for _, frames := range [][][]byte{
		{withOptions(ch, 3, wire.OptionGroup, 4, 0, "x")},
		{fragment(ch, 5, 0, 100, []byte("x")), func() []byte {
			f := wire.Fragment{Channel: uint16(ch), ID: 5, Offset: 9, Length: 1, Options: wire.OptionGroup, Back: 1}
			return append(wire.AppendFragment(nil, &f), 'y')
		}()},
	} {
		s := newScript(t, channels())
		s.hears(frames...)
		if code := s.closed(); code != CodeProtocol {
			t.Errorf("closed with %v", code)
		}
	}
}

// TestNoRoomForOneDroppable: an unfinished droppable for which there is no room, since the game takes nothing,
// is dropped, and nothing of it stays.
func TestNoRoomForOneDroppable(t *testing.T) {
	ch := chanOf(ReliableOrdered)
	s := newScript(t, channels())
	r, index := s.e.inbox.receiver(uint16(ch)), uint64(0)
	for ; r.held+charge(20_000) <= r.droppableBudget(); index++ {
		s.hears(withOptions(ch, 0, wire.OptionDroppable, 0, index, string(make([]byte, 20_000))))
	}
	held := r.held
	s.hears(droppableFragment(ch, 0, index, 0, 30_000, "no room"))
	if n := s.e.Stats().MessagesOverflowed; n != 1 || r.held != held || len(r.partials) != 0 {
		t.Errorf("%d overflowed, %d bytes are held after %d, %d unfinished", n, r.held, held, len(r.partials))
	}
	if n := len(s.takes(ch)); n != int(index) {
		t.Errorf("%d of %d came", n, index)
	}
}

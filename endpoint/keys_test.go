package endpoint

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

func keyed(key uint64) SendOptions { return SendOptions{Keyed: true, Key: key} }

// TestKeysInQueue replaces values that wait, in their places.
func TestKeysInQueue(t *testing.T) {
	for _, d := range []Delivery{UnreliableLatest, ReliableLatest} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.run(time.Second)
		t.Logf("# %v: a newer value takes the place of the older one of its key, and no other", d)
		var old []Receipt
		for key := range uint64(5) {
			old = append(old, p.sendWith(0, chanOf(d), fmt.Appendf(nil, "%d old", key), keyed(key)))
		}
		plain := p.send(0, chanOf(d), []byte("plain old"))
		p.sendWith(0, chanOf(d), []byte("3 new"), keyed(3))
		p.sendWith(0, chanOf(d), []byte("0 new"), keyed(0))
		p.send(0, chanOf(d), []byte("plain new"))
		fates := p.fates(0)
		for _, r := range []Receipt{old[0], old[3], plain} {
			if ev := fates[r]; ev.Kind != Lost || ev.Why != Replaced {
				t.Errorf("receipt %d reads %v (%v)", r, ev.Kind, ev.Why)
			}
		}
		p.run(time.Second)
		want := []string{"0 new", "1 old", "2 old", "3 new", "4 old", "plain new"}
		if got := p.received(1, chanOf(d)); !slices.Equal(got, want) {
			t.Errorf("received %q, want %q", got, want)
		}
		if n := len(p.fates(0)); n != 6 {
			t.Errorf("%d delivered", n)
		}
	}
}

// TestKeysAreApart overtakes a value by one of another key, and by one of its own.
func TestKeysAreApart(t *testing.T) {
	for _, d := range []Delivery{UnreliableLatest, ReliableLatest} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.run(time.Second)
		value := func(name string, key uint64) {
			p.sendWith(0, chanOf(d), []byte(name), keyed(key))
			p.flush()
		}
		t.Logf("# %v: values of keys 1 and 2 are overtaken by a newer one of key 1", d)
		value("1 old", 1)
		value("2", 2)
		for i := range p.links[0].flight {
			p.links[0].flight[i].at += int64(15 * time.Millisecond)
		}
		value("1 new", 1)
		p.run(time.Second)
		if got := p.received(1, chanOf(d)); !slices.Equal(got, []string{"1 new", "2"}) {
			t.Errorf("received %q", got)
		}
	}
}

// TestKeysSuperseded loses the first values of two keys: only the one that has a successor is
// given up.
func TestKeysSuperseded(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	ch := chanOf(ReliableLatest)
	p.run(time.Second)
	p.links[0].cut = true
	a := p.sendWith(0, ch, []byte("a old"), keyed(1))
	b := p.sendWith(0, ch, []byte("b"), keyed(2))
	p.flush()
	p.links[0].cut = false
	p.sendWith(0, ch, []byte("a new"), keyed(1))
	p.run(2 * time.Second)
	fates := p.fates(0)
	if fates[a].Why != Superseded || fates[a].Kind != Lost || fates[b].Kind != Delivered {
		t.Errorf("a reads %v (%v), b %v", fates[a].Kind, fates[a].Why, fates[b].Kind)
	}
	if got := p.received(1, ch); !slices.Equal(got, []string{"a new", "b"}) {
		t.Errorf("received %q", got)
	}
}

// TestKeysNotTaken leaves values untaken: of each key the newest is kept, and no more.
func TestKeysNotTaken(t *testing.T) {
	p := newPair(t, channels(), 5*time.Millisecond).open()
	ch := chanOf(ReliableLatest)
	r := p.ends[1].inbox.receiver(uint16(ch))
	t.Log("# a game that takes one value each step while sixteen keys change")
	last := map[uint64]int{}
	for n := range 3000 {
		key := uint64(n*7) % 16
		p.sendWith(0, ch, message(n, 20), keyed(key))
		p.run(2 * time.Millisecond)
		p.fates(0)
		p.ends[1].Update()
		if n%3 == 0 {
			if m, ok := p.ends[1].Receive(ch); ok {
				i := number(string(m.Bytes()))
				if was, seen := last[uint64(i*7)%16]; seen && i <= was {
					t.Fatalf("value %d after %d", i, was)
				}
				last[uint64(i*7)%16] = i
			}
		}
		if r.ready.Len() > 32 {
			t.Fatalf("%d values wait", r.ready.Len())
		}
	}
	p.run(time.Second)
	for _, m := range p.received(1, ch) {
		last[uint64(number(m)*7)%16] = number(m)
	}
	for key, n := range last {
		if n < 3000-16 {
			t.Errorf("the last value of key %d is %d", key, n)
		}
	}
	if r.started != r.returned {
		t.Errorf("charges started %d, returned %d", r.started, r.returned)
	}
}

// TestShownValueStays replaces a value that the last Update showed: it stays until the next one.
func TestShownValueStays(t *testing.T) {
	s := newScript(t, channels())
	ch := chanOf(ReliableLatest)
	take := func(want string) {
		t.Helper()
		if m, _ := s.e.Receive(ch); string(m.Bytes()) != want {
			t.Errorf("received %q, want %q", m.Bytes(), want)
		}
	}
	s.hears(keyedRun(ch, 0, 1, "old"))
	s.e.Update()
	s.hears(keyedRun(ch, 1, 1, "new"))
	take("old")
	take("")
	s.e.Update()
	take("new")
	t.Log("# not taken, it is gone with the Update that shows the newer one")
	s.hears(keyedRun(ch, 2, 1, "old"))
	s.e.Update()
	s.hears(keyedRun(ch, 3, 1, "new"))
	s.e.Update()
	take("new")
	take("")
}

// keyedRun is a RUN of messages with a key each.
func keyedRun(ch ChannelID, first, key uint64, messages ...string) []byte {
	r := wire.Run{Channel: uint16(ch), HasIDs: true, Wide: true, First: first, Count: len(messages), Options: wire.OptionKeyed}
	b := wire.AppendRun(nil, &r)
	for i, m := range messages {
		b = wire.AppendBytes(wire.AppendUvarint(b, key+uint64(i)), []byte(m))
	}
	return b
}

// TestKeysForgotten names ever new keys: the table stays bounded, and what is older than the
// horizon is dropped.
func TestKeysForgotten(t *testing.T) {
	for _, d := range []Delivery{UnreliableLatest, ReliableLatest} {
		s := newScript(t, channels())
		r := s.e.inbox.receiver(uint16(chanOf(d)))
		t.Logf("# %v: 200000 keys", d)
		for id := uint64(0); id < 200_000; id += 2 {
			s.hears(keyedRun(chanOf(d), id, id*3, "x", "y"))
			if id%1000 == 0 {
				s.e.Update()
				for _, ok := s.e.Receive(chanOf(d)); ok; _, ok = s.e.Receive(chanOf(d)) {
				}
				s.says()
				if next := s.e.path(0).next; next > 0 {
					s.hears(ack(0, next-1))
				}
				s.now += 1_000_000
			}
		}
		if !s.e.Open() || len(r.keys.table.slots) > 4*keyHorizon {
			t.Errorf("open %v, %d slots", s.e.Open(), len(r.keys.table.slots))
		}
		if n := len(r.keys.table.spare); n > keptSpare {
			t.Errorf("%d spare slots", n)
		}
		t.Log("# what many keys took is given back when there are few")
		if d == UnreliableLatest {
			for id := uint64(200_000); id < 300_000; id += 2 {
				s.hears(keyedRun(chanOf(d), id, id/2%100, "x", "y"))
				s.takes(chanOf(d))
			}
			for id := uint64(300_000); id < 320_000; id += 2 {
				s.hears(keyedRun(chanOf(d), id, 1<<40+id/1000, "x", "y"))
				s.takes(chanOf(d))
			}
			if n := len(r.keys.table.slots); n > 2048 {
				t.Errorf("%d slots for 120 keys", n)
			}
		}
	}
	s := newScript(t, channels())
	ch := chanOf(UnreliableLatest)
	t.Log("# within the horizon an old key's value is shown, beyond it not")
	s.hears(keyedRun(ch, 20_000, 1, "new"))
	s.hears(keyedRun(ch, 20_000-keyHorizon+1, 2, "old"))
	s.hears(keyedRun(ch, 20_000-keyHorizon, 3, "older"))
	s.e.Update()
	var got []string
	for m, ok := s.e.Receive(ch); ok; m, ok = s.e.Receive(ch) {
		got = append(got, string(m.Bytes()))
	}
	if !slices.Equal(got, []string{"new", "old"}) || s.e.Stats().MessagesStale != 1 {
		t.Errorf("received %q, %d stale", got, s.e.Stats().MessagesStale)
	}
}

// TestKeyTable compares the table with a map.
func TestKeyTable(t *testing.T) {
	table, want := keyTable{seed: 7}, map[uint64]uint64{}
	for n := uint64(1); n < 100_000; n++ {
		key := mix(n) % 700 << 40
		live := func(k *keyEntry) bool { return k.id+2000 > n }
		if k := table.find(key); k != nil && k.id != want[key] || k == nil && want[key] > 0 && want[key]+2000 > n {
			t.Fatalf("key %x: found %v, want %d", key, k, want[key])
		}
		table.at(key, live).id = n
		want[key] = n
	}
	if len(table.slots) > 2048 {
		t.Errorf("%d slots for 700 keys", len(table.slots))
	}
}

// TestUnfinishedKeys lets a value come whole while others are unfinished: those of its key are
// dropped, the one of another key is finished.
func TestUnfinishedKeys(t *testing.T) {
	s, ch := newScript(t, channels()), chanOf(UnreliableLatest)
	part := func(id, key uint64, offset, total int, bytes string) []byte {
		f := wire.Fragment{Channel: uint16(ch), ID: id, Offset: offset, Total: total, Length: len(bytes),
			Options: wire.OptionKeyed, Key: key}
		return append(wire.AppendFragment(nil, &f), bytes...)
	}
	s.hears(part(0, 8, 0, 10, "other"))
	s.hears(part(1, 7, 0, 10, "older"))
	s.hears(withOptions(ch, 2, wire.OptionKeyed, 0, 0, "whole")) // of key 7
	s.wantTaken(ch, "whole")
	if n := len(s.e.inbox.receiver(uint16(ch)).partials); n != 1 {
		t.Errorf("%d are unfinished", n)
	}
	s.hears(part(0, 8, 5, 0, " key!"))
	s.hears(part(1, 7, 5, 0, " one.."))
	s.wantTaken(ch, "other key!")
}

// TestKeyTableGoesDown: a table of few keys keeps another one of its size, so that it need not ask for
// memory; of many, and when they are gone, it keeps no more than 24 KiB beside what it needs.
func TestKeyTableGoesDown(t *testing.T) {
	var table keyTable
	next := uint64(0)
	fill := func(n int) {
		from := next
		for ; next < from+uint64(n); next++ {
			table.at(next, func(k *keyEntry) bool { return k.key >= from }).id = 1
			if len(table.spare) > keptSpare {
				t.Fatalf("a spare table of %d slots beside %d", len(table.spare), len(table.slots))
			}
		}
	}
	fill(100)
	if size := len(table.slots); size < 128 || size > 256 || len(table.spare) == 0 {
		t.Errorf("of 100 keys: %d slots, %d spare", size, len(table.spare))
	}
	if fill(10_000); len(table.slots) > 1<<15 {
		t.Errorf("of 10000 keys: %d slots", len(table.slots))
	}
	for range 20_000 {
		fill(1)
	}
	if len(table.slots) > 64 {
		t.Errorf("of one key: %d slots", len(table.slots))
	}
}

package tickwire_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// fiveWays are channels of all deliveries, numbered as these are from 1 on.
func fiveWays() (all []tickwire.AnyChannel) {
	for d := tickwire.Unreliable; d <= tickwire.ReliableOrdered; d++ {
		all = append(all, tickwire.NewRawChannel(tickwire.ChannelConfig{ID: waysOf(d), Delivery: d, Name: d.String()}))
	}
	return all
}

func waysOf(d tickwire.Delivery) tickwire.ChannelID {
	return 1 + tickwire.ChannelID(d-tickwire.Unreliable)
}

// A ledger is what one end of a connection sends to the other, on channels of all
// deliveries, and what becomes of it.
type ledger struct {
	w        *world
	by       driver // of from
	from, to *tickwire.Conn
	heard    int    // events of by that were looked at
	said     uint32 // messages, of all channels
	sent     map[tickwire.ChannelID][]uint32
	got      map[tickwire.ChannelID][]uint32
	fates    map[uint32]tickwire.Event // by message
	receipts map[tickwire.Receipt]uint32
}

func (w *world) ledger(by driver, from, to *tickwire.Conn) *ledger {
	return &ledger{
		w: w, by: by, from: from, to: to, heard: len(w.heard[by]),
		sent: map[tickwire.ChannelID][]uint32{}, got: map[tickwire.ChannelID][]uint32{},
		fates: map[uint32]tickwire.Event{}, receipts: map[tickwire.Receipt]uint32{},
	}
}

// say sends a message on each channel, unless its queue is full.
func (l *ledger) say() {
	for d := tickwire.Unreliable; d <= tickwire.ReliableOrdered; d++ {
		channel := waysOf(d)
		l.said++
		r, err := l.from.SendWith(channel, binary.LittleEndian.AppendUint32(nil, l.said), tickwire.SendOptions{Receipt: true})
		switch {
		case errors.Is(err, tickwire.ErrFull):
		case err != nil:
			l.w.t.Fatalf("%v: %v", d, err)
		case l.receipts[r] != 0:
			l.w.t.Fatalf("receipt %d is of message %d, too", r, l.receipts[r])
		default:
			l.sent[channel] = append(l.sent[channel], l.said)
			l.receipts[r] = l.said
		}
	}
}

// listen takes what has come, and what is known of what was sent.
func (l *ledger) listen() {
	for d := tickwire.Unreliable; d <= tickwire.ReliableOrdered; d++ {
		for b := range l.to.Receive(waysOf(d)) {
			l.got[waysOf(d)] = append(l.got[waysOf(d)], binary.LittleEndian.Uint32(b))
		}
	}
	for ; l.heard < len(l.w.heard[l.by]); l.heard++ {
		ev := l.w.heard[l.by][l.heard]
		if ev.Conn != l.from || ev.Kind != tickwire.Delivered && ev.Kind != tickwire.Lost {
			continue
		}
		n := l.receipts[ev.Receipt]
		if _, twice := l.fates[n]; twice || n == 0 {
			l.w.t.Fatalf("another fate of message %d: %v", n, ev)
		}
		l.fates[n] = ev
	}
}

// open are the messages that have no fate yet.
func (l *ledger) open() int { return len(l.receipts) - len(l.fates) }

// check holds what came against the rules of the deliveries. If nothing was to be lost, each
// reliable message has come.
func (l *ledger) check(t testing.TB, kept bool) (lost int) {
	t.Helper()
	for d := tickwire.Unreliable; d <= tickwire.ReliableOrdered; d++ {
		got, sent := l.got[waysOf(d)], l.sent[waysOf(d)]
		sorted := slices.Clone(got)
		slices.Sort(sorted)
		if n := len(sorted); len(slices.Compact(sorted)) != n {
			t.Errorf("%v: a message came twice", d)
		}
		if d != tickwire.Unreliable && d != tickwire.ReliableUnordered && !slices.IsSorted(got) {
			t.Errorf("%v: out of order", d)
		}
		if kept && (d == tickwire.ReliableOrdered || d == tickwire.ReliableUnordered) {
			slices.Sort(sorted)
			if !slices.Equal(sorted, sent) {
				t.Errorf("%v: %d messages of %d came", d, len(got), len(sent))
			}
		}
		if kept && d == tickwire.ReliableLatest && (len(got) == 0 || got[len(got)-1] != sent[len(sent)-1]) {
			t.Errorf("%v: the latest did not come", d)
		}
		latest := d == tickwire.UnreliableLatest || d == tickwire.ReliableLatest // one may be replaced unseen
		gone := lost
		for _, n := range sent {
			ev, known := l.fates[n]
			switch {
			case !known:
				t.Errorf("%v: message %d has no fate", d, n)
			case ev.Kind == tickwire.Delivered && d == tickwire.ReliableOrdered && lost > gone:
				// It waited at the peer for one that was lost with the connection.
			case ev.Kind == tickwire.Delivered && !latest && !slices.Contains(got, n):
				t.Errorf("%v: message %d is Delivered, and did not come", d, n)
			case ev.Kind == tickwire.Lost && ev.Why == tickwire.ConnClosed:
				lost++
			}
		}
	}
	return lost
}

// A dialogue is the ledgers of both directions.
type dialogue struct{ up, down *ledger }

func (w *world) dialogue(client *tickwire.Client, conn *tickwire.Conn, srv *tickwire.Server, player *tickwire.Conn) *dialogue {
	return &dialogue{w.ledger(client, conn, player), w.ledger(srv, player, conn)}
}

func (d *dialogue) tick() bool {
	d.up.listen()
	d.down.listen()
	d.up.say()
	d.down.say()
	return false
}

// settle waits until each message has its fate, and everything that is acknowledged was taken.
func (d *dialogue) settle() {
	d.up.w.t.Helper()
	d.up.w.until("everything is settled", func() bool {
		d.up.listen()
		d.down.listen()
		return d.up.open()+d.down.open() == 0
	})
	d.up.w.run(time.Second, func() bool { d.up.listen(); d.down.listen(); return false })
}

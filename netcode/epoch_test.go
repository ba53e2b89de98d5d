package netcode

import (
	"bytes"
	"crypto/cipher"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A direction is a sealer and its opener, driven by hand.
type direction struct {
	t    testing.TB
	now  int64
	out  Sealer
	in   opener
	next uint64 // number
}

func newDirection(t testing.TB, pad Pad, epochPackets int) *direction {
	secret := bytes.Repeat([]byte{7}, 32)
	e := newEpoch(secret, pad.Suite, pad.TagBytes)
	return &direction{t: t, now: second, out: newSealer(e, []byte{1, 2, 3, 8}, 3, epochPackets), in: newOpener(e)}
}

// seal makes the next packet.
func (d *direction) seal() []byte {
	d.next++
	return sealAt(d.now, &d.out, 0, d.next-1, "frames")
}

// change has the keys changed, as if all were acknowledged.
func (d *direction) change() {
	d.t.Helper()
	d.now += second
	if !d.out.ChangeKeys(d.now, 0, d.next-1, time.Millisecond) {
		d.t.Fatal("the keys do not change")
	}
}

func (d *direction) open(b []byte) Drop {
	_, frames, drop := d.in.open(d.now, bytes.Clone(b), connectionIDBytes, b[4]&pathMask)
	if drop == DropNone && string(frames) != "frames" {
		d.t.Fatalf("opened %q", frames)
	}
	return drop
}

func (d *direction) want(b []byte, want Drop, what string) {
	d.t.Helper()
	if got := d.open(b); got != want {
		d.t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// TestKeyChange: by itself after so many packets, in each suite, and the other
// side follows.
func TestKeyChange(t *testing.T) {
	for _, c := range protections {
		w, p, seat := protectedPair(t, c, func(c *ClientConfig) { c.EpochPackets = 8 })
		secrets := map[[32]byte]bool{}
		for number := uint64(1); number < 1000; number++ {
			w.now += 10 * ms
			for _, s := range []*Sealer{p.c.Sealer(), seat.Sealer()} {
				if s.KeyChangeDue() != (s.sealed == 8) {
					t.Fatalf("due after %d packets: %v", s.sealed, s.KeyChangeDue())
				}
				if s.KeyChangeDue() && !s.ChangeKeys(w.now, 0, number-1, time.Millisecond) {
					t.Fatalf("number %d: the keys do not change", number)
				}
				secrets[s.epoch.keys().secret] = true
			}
			up, down := p.data(number, "up"), seal(seat.Sealer(), 0, number, "down")
			if up[0]&wire.PrefixDataEpoch>>epochBit != byte(p.c.Sealer().epochs&1) {
				t.Fatalf("prefix %#x in epoch %d", up[0], p.c.Sealer().epochs)
			}
			if ev := w.toServer(p.at, up); ev.Kind != EventPacket || string(ev.Frames) != "up" {
				t.Fatalf("%s up %d: %v", nameOf(c), number, ev.Drop)
			}
			if ev := p.receive(down); ev.Kind != ClientPacket || string(ev.Frames) != "down" {
				t.Fatalf("%s down %d: %v", nameOf(c), number, ev.Drop)
			}
		}
		if n := p.c.Sealer().epochs; n != 999/8 || seat.opener.epochs != n || len(secrets) < 2*int(n) {
			t.Fatalf("%d epochs here, %d there, %d secrets", n, seat.opener.epochs, len(secrets))
		}
	}
	d := newDirection(t, padOf(MintConfig{}), 0)
	d.seal()
	if d.out.most != MaxEpochPackets || d.out.KeyChangeDue() {
		t.Fatalf("epochs of %d packets", d.out.most)
	}
	if d.out.WantNewKeys(); !d.out.KeyChangeDue() {
		t.Fatal("not on demand")
	}
	if d.change(); d.out.KeyChangeDue() {
		t.Fatal("again and again on demand")
	}
}

// TestKeyChangeWaits: not before the peer acknowledged a packet of this epoch,
// nor before three probe timeouts are over.
func TestKeyChangeWaits(t *testing.T) {
	const probe = 50 * time.Millisecond
	d := newDirection(t, padOf(MintConfig{}), 1)
	if d.out.ChangeKeys(d.now, 0, 0, probe) {
		t.Fatal("before the first packet")
	}
	d.seal()
	if !d.out.ChangeKeys(d.now, 0, 0, probe) {
		t.Fatal("the first change has to wait for nothing but an ack")
	}
	if d.seal(); d.out.ChangeKeys(d.now+second, 0, 0, probe) {
		t.Fatal("before an ack of the new epoch")
	}
	if d.out.ChangeKeys(d.now+3*int64(probe)-1, 0, 1, probe) {
		t.Fatal("before three probe timeouts")
	}
	if !d.out.ChangeKeys(d.now+3*int64(probe), 0, 1, probe) {
		t.Fatal("never")
	}
	// An epoch begins with its first packet, however long before it was decided: a receiver goes along
	// with one change in a millisecond.
	d.now += 10 * second
	if d.seal(); d.out.ChangeKeys(d.now+1, 0, 2, probe) {
		t.Fatal("a microsecond after the first packet of the epoch")
	}
	if !d.out.ChangeKeys(d.now+3*int64(probe), 0, 2, probe) {
		t.Fatal("not three probe timeouts after the first packet of the epoch")
	}
}

// TestEpochReordered: what was sealed before a change opens for six seconds
// after it, once, and not under the key of a later epoch.
func TestEpochReordered(t *testing.T) {
	for _, c := range protections[:4] {
		d := newDirection(t, padOf(c), 0)
		var old [][]byte
		for range 5 {
			old = append(old, d.seal())
		}
		d.want(old[1], DropNone, "the second")
		d.change()
		lost, late, first := d.seal(), d.seal(), d.seal()
		d.want(first, DropNone, "the first that comes of the new epoch")
		d.want(first, DropReplay, "it again")
		d.want(old[4], DropNone, "the last of the old epoch")
		d.want(old[1], DropReplay, "a replay of the old epoch")
		d.want(late, DropNone, "of the new epoch, late")
		d.now += oldKeys - 1
		d.want(old[0], DropNone, "the first, six seconds late")
		d.now++
		d.want(old[2], DropEpoch, "the third, too late")
		d.want(lost, DropNone, "of this epoch, however late")
		if d.in.old.keys != nil {
			t.Fatal("the old keys are kept")
		}
		d.now += second
		d.change()
		d.want(d.seal(), DropNone, "a third epoch")
		d.want(old[3], DropForged, "of the same parity, two epochs ago")
	}
}

// counting counts what is tried with a key.
type counting struct {
	cipher.AEAD
	trials *int
}

func (c counting) Open(dst, nonce, sealed, ad []byte) ([]byte, error) {
	*c.trials++
	return c.AEAD.Open(dst, nonce, sealed, ad)
}

// TestEpochBitFlipped: whoever flips the bit has us try one key, as for every
// other forgery, and nothing allocated or changed.
func TestEpochBitFlipped(t *testing.T) {
	d := newDirection(t, padOf(MintConfig{Suite: SuiteAES256GCM}), 0)
	var old [][]byte
	for range 3 {
		old = append(old, d.seal())
	}
	d.want(old[0], DropNone, "the first")
	d.change()
	d.want(d.seal(), DropNone, "the first of the next epoch")
	between, fresh := d.seal(), d.seal()
	d.want(d.seal(), DropNone, "a newer one")
	d.now += leastEpoch

	trials := 0
	for _, e := range []*epoch{&d.in.old, &d.in.now, &d.in.next} {
		e.keys().aead = counting{e.keys().aead, &trials}
	}
	before := d.in
	flip := func(b []byte, want Drop, tried int, what string) {
		t.Helper()
		b = bytes.Clone(b)
		b[0] ^= wire.PrefixDataEpoch
		trials = 0
		buf := make([]byte, len(b))
		allocs := testing.AllocsPerRun(10, func() {
			copy(buf, b)
			if _, _, drop := d.in.open(d.now, buf, connectionIDBytes, 0); drop != want {
				t.Fatalf("%s: %v, want %v", what, drop, want)
			}
		})
		if trials != 11*tried || allocs != 0 {
			t.Errorf("%s: %d keys tried in 11 times, %v allocations", what, trials, allocs)
		}
	}
	flip(old[1], DropForged, 1, "an old one as one of now")
	flip(between, DropEpoch, 0, "one of now with a number that is neither old nor next")
	flip(d.seal(), DropForged, 1, "the newest as one of the next epoch")
	d.in.nonce = before.nonce // scratch
	for i, e := range []*epoch{&before.old, &before.now, &before.next} {
		if got := []*epoch{&d.in.old, &d.in.now, &d.in.next}[i]; got.keys().secret != e.keys().secret {
			t.Fatal("keys changed")
		}
	}
	if d.in.epochs != before.epochs || d.in.changedAt != before.changedAt || d.in.paths != before.paths {
		t.Fatalf("%+v became %+v", before, d.in)
	}
	for _, b := range [][]byte{old[1], old[2], between, fresh} {
		d.want(b, DropNone, "the true one")
	}
}

// TestEpochTooSoon: a peer that changes keys with every packet does not have
// us derive as many.
func TestEpochTooSoon(t *testing.T) {
	d := newDirection(t, padOf(MintConfig{}), 0)
	d.want(d.seal(), DropNone, "the first")
	d.change()
	d.want(d.seal(), DropNone, "the first change")
	d.out.epoch, d.out.epochs, d.out.sealed = d.out.epoch.next(), d.out.epochs+1, 0
	hasty := d.seal()
	d.want(hasty, DropEpoch, "another one at once")
	d.now += leastEpoch
	d.want(hasty, DropNone, "a millisecond later")
}

// TestEpochPaths: a path that has not heard of a change still speaks in the old
// epoch, and its numbers have nothing to do with those of the others.
func TestEpochPaths(t *testing.T) {
	d := newDirection(t, padOf(MintConfig{}), 0)
	d.want(d.seal(), DropNone, "path 0")
	d.want(sealAt(d.now, &d.out, 5, 70, "frames"), DropNone, "path 5")
	old, unknown := sealAt(d.now, &d.out, 5, 71, "frames"), sealAt(d.now, &d.out, 6, 3, "frames")
	d.change()
	d.want(d.seal(), DropNone, "path 0 in the next epoch")
	d.want(old, DropNone, "path 5 still in the old one")
	d.want(unknown, DropNone, "path 6, first seen in the old one")
	d.want(sealAt(d.now, &d.out, 5, 72, "frames"), DropNone, "path 5 in the next")
	d.now += oldKeys
	d.change()
	d.want(sealAt(d.now, &d.out, 6, 4, "frames"), DropNone, "path 6, which missed an epoch, begins the third")
	d.want(d.seal(), DropNone, "path 0 follows")
}

// TestEpochStorm delivers the packets of many epochs late, twice, damaged and
// out of order. Each opens once, unless it came later than six seconds or the
// window allow, and nothing else does.
func TestEpochStorm(t *testing.T) {
	type parcel struct {
		b      []byte
		epoch  uint64
		number uint64
		true   bool
	}
	opened, ofOld := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0x6b657973))
		d := newDirection(t, padOf(protections[seed%4]), 1+r.IntN(20))
		var underway []parcel
		arrived := map[uint64]bool{}
		newest := uint64(0)
		for range 600 {
			d.now += 20 * ms
			if d.out.KeyChangeDue() && newest > 0 {
				d.out.ChangeKeys(d.now, 0, newest, 30*time.Millisecond)
			}
			b := d.seal()
			p := parcel{b, d.out.epochs, d.next - 1, true}
			underway = append(underway, p, p)
			p.b, p.true = bytes.Clone(b), false
			p.b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			underway = append(underway, p)
			for len(underway) > 40 {
				i := r.IntN(len(underway))
				p := underway[i]
				underway = append(underway[:i], underway[i+1:]...)
				if r.IntN(6) == 0 {
					continue // lost
				}
				was := d.in.epochs
				drop := d.open(p.b)
				switch {
				case drop == DropNone && (!p.true || arrived[p.number]):
					t.Fatalf("seed %d: number %d opened, true %v, arrived %v", seed, p.number, p.true, arrived[p.number])
				case drop == DropNone:
					opened++
					arrived[p.number] = true
					newest = max(newest, p.number)
					if p.epoch < was {
						ofOld++
					}
				case !p.true && d.in.epochs != was:
					t.Fatalf("seed %d: a damaged packet changed the keys", seed)
				case p.true && !arrived[p.number] && p.epoch+1 >= was:
					t.Fatalf("seed %d: number %d of epoch %d, now %d: %v", seed, p.number, p.epoch, was, drop)
				}
			}
		}
		if d.in.epochs < 20 || d.out.epochs-d.in.epochs > 1 {
			t.Fatalf("seed %d: %d epochs sealed, %d opened", seed, d.out.epochs, d.in.epochs)
		}
	}
	if opened < 10000 || ofOld < 500 {
		t.Fatalf("%d opened, %d of them after a change: no storm", opened, ofOld)
	}
}

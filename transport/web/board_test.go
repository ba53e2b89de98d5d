package web

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A fakeConduit notes what is written, and may be stuck.
type fakeConduit struct {
	mu     sync.Mutex
	wrote  []string
	code   int
	reason string
	stuck  chan struct{} // nil: it takes everything; else a write waits for it
	closed chan struct{}
}

func newFakeConduit() *fakeConduit { return &fakeConduit{closed: make(chan struct{})} }

func (c *fakeConduit) write(b []byte) error {
	if c.stuck != nil {
		select {
		case <-c.stuck:
		case <-c.closed:
			return errors.New("closed meanwhile")
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote = append(c.wrote, string(b))
	return nil
}

func (c *fakeConduit) close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.code, c.reason = code, reason
	close(c.closed)
}

// all is what was written so far.
func (c *fakeConduit) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wrote)
}

var browser = netip.MustParseAddrPort("192.0.2.1:5000")

func newBoard(queue int, limit limits) *board {
	b := new(board)
	b.init(queue, limit)
	return b
}

func (b *board) fake(t *testing.T, kind transport.Kind, c conduit) *association {
	t.Helper()
	a, err := b.newAssociation(kind, browser, kind == transport.KindWebSocket, MaxWebRTCDatagram, c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func datagrams(p transport.Path, texts ...string) (ds []transport.Datagram) {
	for _, s := range texts {
		ds = append(ds, transport.Datagram{Path: p, Bytes: []byte(s)})
	}
	return ds
}

// TestAssociationCarries: both ways, and its end is told once, and takes nothing back of what came.
func TestAssociationCarries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := newBoard(16, limits{}), newFakeConduit()
		a := b.fake(t, transport.KindWebRTC, c)
		if n, err := b.Write(datagrams(a.path, "one", "two")); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait()
		if got := c.all(); !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("written %q", got)
		}
		a.received([]byte("last words"))
		b.Ended(nil)
		a.ended(nil)
		if ready, err := b.Wait(time.Now()); !ready || err != nil {
			t.Errorf("Wait = %v, %v with an end to be told", ready, err)
		}
		if got := b.Ended(nil); len(got) != 1 || got[0].Path != a.path || got[0].Reason != errPeerLeft {
			t.Errorf("ended %v, want %v", got, a.path)
		}
		ds := make([]transport.Datagram, 4)
		if n, err := b.Read(ds); n != 1 || err != nil || string(ds[0].Bytes) != "last words" || ds[0].Path != a.path {
			t.Errorf("Read = %d, %v, %v", n, err, ds[0])
		}
		if ready, _ := b.Wait(time.Now()); ready || len(b.Ended(nil)) != 0 {
			t.Error("an end was told twice")
		}
		if n, err := b.Write(datagrams(a.path, "too late")); n != 1 || err != nil {
			t.Errorf("Write to one that is over = %d, %v", n, err)
		}
		if st := b.counts[kindIndex(transport.KindWebRTC)].stats(); st.Unreachable != 1 || st.Open != 0 || st.Broken != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestFullOutbox: a WebSocket takes no more than it has room for, and loses nothing; a data channel
// loses the oldest.
func TestFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for kind, want := range map[transport.Kind]struct {
			taken          int
			wrote          []byte // the first and the last of what waited
			replaced, full uint64
		}{
			transport.KindWebSocket:    {outboxReliable, []byte{0, outboxReliable - 1}, 0, 1},
			transport.KindWebRTC:       {outboxSlots + 3, []byte{3, outboxSlots + 2}, 3, 0},
			transport.KindWebTransport: {outboxSlots + 3, []byte{3, outboxSlots + 2}, 3, 0},
		} {
			b, c := newBoard(16, limits{}), newFakeConduit()
			c.stuck = make(chan struct{})
			a := b.fake(t, kind, c)
			b.Write(datagrams(a.path, "first"))
			synctest.Wait() // it is being written
			var texts []string
			for i := range outboxSlots + 3 {
				texts = append(texts, string(rune(i)))
			}
			if n, err := b.Write(datagrams(a.path, texts...)); n != want.taken || err != nil {
				t.Errorf("%v: Write = %d, %v", kind, n, err)
			}
			close(c.stuck)
			synctest.Wait()
			if got := c.all(); got[1][0] != want.wrote[0] || got[len(got)-1][0] != want.wrote[1] {
				t.Errorf("%v: written %q", kind, got)
			}
			if st := b.counts[kindIndex(kind)].stats(); st.Replaced != want.replaced || st.Full != want.full || st.Sent != 1+uint64(want.taken)-want.replaced {
				t.Errorf("%v: counted %+v", kind, st)
			}
			b.shut(CodeGoingAway, "over")
		}
	})
}

// TestStaleGivesWay: what waited for a data channel for too long is not sent when something newer waits behind it, and what
// waits for a WebSocket is sent whenever it can.
func TestStaleGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for kind, want := range map[transport.Kind][]string{
			transport.KindWebSocket: {"under way", "old", "older", "new"},
			transport.KindWebRTC:    {"under way", "new"},
		} {
			b, c := newBoard(16, limits{}), newFakeConduit()
			c.stuck = make(chan struct{})
			a := b.fake(t, kind, c)
			b.Write(datagrams(a.path, "under way"))
			synctest.Wait()
			b.Write(datagrams(a.path, "old", "older"))
			time.Sleep(outboxPatience + time.Millisecond)
			b.Write(datagrams(a.path, "new"))
			close(c.stuck)
			synctest.Wait()
			if got := c.all(); !slices.Equal(got, want) {
				t.Errorf("%v: written %q, want %q", kind, got, want)
			}
			if st := b.counts[kindIndex(kind)].stats(); int(st.Replaced) != 4-len(want) {
				t.Errorf("%v: counted %+v", kind, st)
			}
			b.shut(CodeGoingAway, "over")
		}
	})
}

// TestReliableWaitsForRoom: what comes by a WebSocket is never dropped, and one who floods takes
// no more than his share.
func TestReliableWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard(2*inboxShare, limits{})
		const many = 5 * inboxShare
		a, other := b.fake(t, transport.KindWebSocket, newFakeConduit()), b.fake(t, transport.KindWebRTC, newFakeConduit())
		go func() {
			for i := range many {
				a.received([]byte{byte(i), byte(i >> 8)})
			}
		}()
		synctest.Wait()
		if b.inbox.size != inboxShare {
			t.Errorf("%d of one wait", b.inbox.size)
		}
		for range inboxShare + 5 {
			other.received([]byte("x"))
		}
		if got := b.counts[kindIndex(transport.KindWebRTC)].stats(); got.Overflowed != 5 || got.Received != inboxShare {
			t.Errorf("%+v", got)
		}
		ds := make([]transport.Datagram, 7)
		for next := 0; next < many; {
			n, err := b.Read(ds)
			if err != nil || n == 0 {
				t.Fatalf("Read = %d, %v after %d", n, err, next)
			}
			for _, d := range ds[:n] {
				if d.Path == a.path {
					if got := int(d.Bytes[0]) | int(d.Bytes[1])<<8; got != next {
						t.Fatalf("datagram %d, want %d", got, next)
					}
					next++
				}
			}
			synctest.Wait()
		}
		b.shut(CodeGoingAway, "over")
	})
}

// TestCrowd: many who find the inbox full get in one after the other.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard(3, limits{})
		const many = 20
		for range many {
			a := b.fake(t, transport.KindWebSocket, newFakeConduit())
			go func() {
				a.received([]byte("x"))
				a.received([]byte("y"))
			}()
		}
		ds := make([]transport.Datagram, 2)
		for read := 0; read < 2*many; {
			synctest.Wait()
			n, err := b.Read(ds)
			if err != nil || n == 0 {
				t.Fatalf("Read = %d, %v after %d", n, err, read)
			}
			read += n
		}
		b.shut(CodeGoingAway, "over")
	})
}

// TestCrowdThatLeaves: who ends while he waits for room in the inbox, or when he was just let in, holds up nobody behind him.
func TestCrowdThatLeaves(t *testing.T) {
	for name, letIn := range map[string]bool{"while he waits": false, "when he was let in": true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBoard(1, limits{})
			first, leaver, behind := b.fake(t, transport.KindWebSocket, newFakeConduit()), b.fake(t, transport.KindWebSocket, newFakeConduit()), b.fake(t, transport.KindWebSocket, newFakeConduit())
			first.received([]byte("x"))
			if got := b.put(leaver, b.free.fill([]byte("x"))); got != putWaits {
				t.Fatal(got)
			}
			go behind.received([]byte("x"))
			synctest.Wait()
			ds := make([]transport.Datagram, 1)
			read := func() transport.Path {
				if n, err := b.Read(ds); n != 1 || err != nil {
					t.Fatalf("%s: Read = %d, %v", name, n, err)
				}
				synctest.Wait()
				return ds[0].Path
			}
			if letIn {
				read()
			}
			leaver.ended(nil)
			synctest.Wait()
			if !letIn {
				read()
			}
			if got := read(); got != behind.path {
				t.Errorf("%s: then comes %v", name, got)
			}
			b.shut(CodeGoingAway, "over")
		})
	}
}

// TestLeaving: what was queued goes out before the conduit is closed, with the code; one that is
// stuck is cut off.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, well, stuck := newBoard(16, limits{}), newFakeConduit(), newFakeConduit()
		stuck.stuck = make(chan struct{})
		one, two := b.fake(t, transport.KindWebSocket, well), b.fake(t, transport.KindWebSocket, stuck)
		b.Write(append(datagrams(one.path, "bye"), datagrams(two.path, "bye")...))
		began := time.Now()
		if err := b.shut(CodeGoingAway, "the server ends"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != closePatience {
			t.Errorf("closing took %v", took)
		}
		synctest.Wait()
		if got := well.all(); !slices.Equal(got, []string{"bye"}) {
			t.Errorf("written %q", got)
		}
		if well.code != CodeGoingAway || well.reason != "the server ends" {
			t.Errorf("closed with %d %q", well.code, well.reason)
		}
		if stuck.code != 0 || stuck.reason != "" {
			t.Errorf("cut off with %d %q, for which nobody waits", stuck.code, stuck.reason)
		}
		if err := b.shut(CodeGoingAway, ""); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("closed twice: %v", err)
		}
	})
}

// TestLimits: in all, from one address, and of its /64; who leaves makes room.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard(16, limits{players: 3, perAddress: 2})
		open := func(address string) (*association, int) {
			a, err := b.newAssociation(transport.KindWebSocket, netip.MustParseAddrPort(address), true, 1500, newFakeConduit())
			if why, ok := errors.AsType[*CloseError](err); ok {
				return nil, why.Code
			}
			return a, 0
		}
		first, _ := open("[2001:db8::1]:1")
		open("[2001:db8::2]:1")
		if _, code := open("[2001:db8::3]:1"); code != CodeFull {
			t.Errorf("a third from one network: %d", code)
		}
		open("192.0.2.7:1")
		if _, code := open("192.0.2.8:1"); code != CodeFull {
			t.Errorf("a fourth: %d", code)
		}
		if got := [2]uint64{b.refuse.crowded.Load(), b.refuse.full.Load()}; got != [2]uint64{1, 1} {
			t.Errorf("counted %v", got)
		}
		first.ended(nil)
		if _, code := open("[2001:db8::3]:1"); code != 0 {
			t.Errorf("after one left: %d", code)
		}
		b.shut(CodeGoingAway, "")
		if len(b.limit.from) != 0 {
			t.Errorf("left behind %v", b.limit.from)
		}
	})
}

// Package transporttest checks that a transport.Socket keeps the promises of the
// seam. A custom transport proves itself with one test:
//
//	func TestConformance(t *testing.T) {
//		transporttest.Run(t, func(t *testing.T) transporttest.Link {
//			a, b, err := mylink.Pair()
//			…
//			return transporttest.Link{A: a, B: b, ToB: a.Peer(), ToA: b.Peer()}
//		})
//	}
package transporttest

import (
	"bytes"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A Link is two open sockets that reach each other. It loses nothing while it
// carries as little as these tests send: at most 64 datagrams under way.
type Link struct {
	// A and B are the two ends. The tests close them.
	A, B transport.Socket
	// ToB is the path by which A reaches B, ToA the other way round.
	ToB, ToA transport.Path
	// Nowhere is a path of A's that leads to nobody; zero if there is none.
	Nowhere transport.Path
	// Allocates says that a round trip may allocate memory.
	Allocates bool
}

// patience is how long a test waits for what must happen.
const patience = 5 * time.Second

// Run checks the sockets that open returns, a fresh Link for each subtest.
func Run(t *testing.T, open func(t *testing.T) Link) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, l Link)
	}{
		{"RoundTrip", testRoundTrip},
		{"Sizes", testSizes},
		{"Batch", testBatch},
		{"SmallReads", testSmallReads},
		{"ReadNeverBlocks", testReadNeverBlocks},
		{"BytesBelongToTheReader", testBytesBelongToTheReader},
		{"WriteKeepsNothing", testWriteKeepsNothing},
		{"Received", testReceived},
		{"Nowhere", testNowhere},
		{"WaitTimesOut", testWaitTimesOut},
		{"WaitSeesArrival", testWaitSeesArrival},
		{"WakeEndsWait", testWakeEndsWait},
		{"WakeIsKeptOnce", testWakeIsKeptOnce},
		{"CloseEndsWait", testCloseEndsWait},
		{"ClosedSocket", testClosedSocket},
		{"ManyGoroutines", testManyGoroutines},
		{"NoAllocations", testNoAllocations},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := open(t)
			t.Cleanup(func() {
				l.A.Close()
				l.B.Close()
			})
			c.test(t, l)
		})
	}
}

// send writes payloads to a path, all of them, offering again what a full system
// did not take.
func send(t testing.TB, s transport.Socket, to transport.Path, payloads ...[]byte) {
	t.Helper()
	ds := make([]transport.Datagram, len(payloads))
	for i, p := range payloads {
		ds[i] = transport.Datagram{Path: to, Bytes: p}
	}
	write(t, s, ds)
}

// write is send for what is a datagram already.
func write(t testing.TB, s transport.Socket, ds []transport.Datagram) {
	t.Helper()
	for deadline := time.Now().Add(patience); len(ds) > 0; {
		n, err := s.Write(ds)
		if n < 0 || n > len(ds) || err != nil {
			t.Fatalf("Write of %d datagrams = %d, %v", len(ds), n, err)
		}
		if ds = ds[n:]; len(ds) > 0 && time.Now().After(deadline) {
			t.Fatalf("%d datagrams were not taken within %v", len(ds), patience)
		}
	}
}

// receive reads until it has n datagrams, and returns them with bytes of their
// own.
func receive(t testing.TB, s transport.Socket, n int) []transport.Datagram {
	t.Helper()
	var got []transport.Datagram
	deadline := time.Now().Add(patience)
	ds := make([]transport.Datagram, 16)
	for len(got) < n {
		if ready, err := s.Wait(deadline); err != nil {
			t.Fatalf("Wait: %v", err)
		} else if !ready {
			t.Fatalf("%d of %d datagrams came within %v", len(got), n, patience)
		}
		m, err := s.Read(ds)
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		for _, d := range ds[:m] {
			d.Bytes = bytes.Clone(d.Bytes)
			got = append(got, d)
		}
	}
	if len(got) > n {
		t.Fatalf("%d datagrams came, %d were sent", len(got), n)
	}
	return got
}

// pattern returns n bytes that differ from those of every other seed.
func pattern(n, seed int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(seed + i*7)
	}
	return b
}

package transporttest

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

func testRoundTrip(t *testing.T, l Link) {
	for i := range 20 {
		ping, pong := pattern(100, i), pattern(60, -i)
		send(t, l.A, l.ToB, ping)
		d := receive(t, l.B, 1)[0]
		if !bytes.Equal(d.Bytes, ping) {
			t.Fatalf("round %d: B read %x, A wrote %x", i, d.Bytes, ping)
		}
		if d.Path != l.ToA {
			t.Fatalf("round %d: path at B is %v, want %v", i, d.Path, l.ToA)
		}
		send(t, l.B, d.Path, pong)
		d = receive(t, l.A, 1)[0]
		if !bytes.Equal(d.Bytes, pong) || d.Path != l.ToB {
			t.Fatalf("round %d: A read %x from %v, want %x from %v", i, d.Bytes, d.Path, pong, l.ToB)
		}
	}
}

func testSizes(t *testing.T, l Link) {
	largest := l.A.MaxDatagram(l.ToB)
	if largest < 1 {
		t.Fatalf("MaxDatagram = %d", largest)
	}
	for _, n := range []int{1, 2, largest - 1, largest} {
		want := pattern(n, n)
		send(t, l.A, l.ToB, want)
		if d := receive(t, l.B, 1)[0]; !bytes.Equal(d.Bytes, want) {
			t.Errorf("datagram of %d bytes came with %d bytes, or others", n, len(d.Bytes))
		}
	}
}

func testBatch(t *testing.T, l Link) {
	var want [][]byte
	for i := range 64 {
		want = append(want, pattern(50+i%3, i))
	}
	send(t, l.A, l.ToB, want...)
	missing := make(map[string]int)
	for _, w := range want {
		missing[string(w)]++
	}
	for _, d := range receive(t, l.B, len(want)) {
		if missing[string(d.Bytes)]--; missing[string(d.Bytes)] < 0 {
			t.Fatalf("%x came too often, or was never sent", d.Bytes)
		}
	}
}

// Reading with little room leaves the rest for the next Read.
func testSmallReads(t *testing.T, l Link) {
	for i := range 10 {
		send(t, l.A, l.ToB, []byte{byte(i), 1, 2, 3})
	}
	if n, err := l.B.Read(nil); n != 0 || err != nil {
		t.Fatalf("Read(nil) = %d, %v", n, err)
	}
	one := make([]transport.Datagram, 1)
	seen := make(map[byte]bool)
	for deadline := time.Now().Add(patience); len(seen) < 10; {
		if ready, err := l.B.Wait(deadline); !ready || err != nil {
			t.Fatalf("Wait = %v, %v with %d of 10 read", ready, err, len(seen))
		}
		n, err := l.B.Read(one)
		if n > 1 || err != nil {
			t.Fatalf("Read = %d, %v", n, err)
		}
		if n == 1 {
			seen[one[0].Bytes[0]] = true
		}
	}
}

func testReadNeverBlocks(t *testing.T, l Link) {
	ds := make([]transport.Datagram, 4)
	done := make(chan error, 1)
	go func() {
		for range 100 {
			if n, err := l.A.Read(ds); n != 0 || err != nil {
				done <- fmt.Errorf("nothing was sent, but %d came (%v)", n, err)
				return
			}
		}
		done <- nil
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("Read blocks")
	}
}

// What Read lent stays as it is, and may be written to, until the next Read,
// whatever else arrives.
func testBytesBelongToTheReader(t *testing.T, l Link) {
	send(t, l.A, l.ToB, []byte("first"), []byte("later"))
	ds := make([]transport.Datagram, 1)
	if ready, err := l.B.Wait(time.Now().Add(patience)); !ready || err != nil {
		t.Fatalf("Wait = %v, %v", ready, err)
	}
	if n, err := l.B.Read(ds); n != 1 || err != nil {
		t.Fatalf("Read = %d, %v", n, err)
	}
	first := ds[0].Bytes
	copy(first, bytes.ToUpper(first))
	before := string(first)
	for i := range 40 {
		send(t, l.A, l.ToB, pattern(200, i))
	}
	if ready, err := l.B.Wait(time.Now().Add(patience)); !ready || err != nil {
		t.Fatalf("second Wait = %v, %v", ready, err)
	}
	if string(first) != before {
		t.Errorf("lent bytes became %q, want %q", first, before)
	}
	want := map[string]bool{"first": true, "later": true}
	delete(want, strings.ToLower(string(first)))
	for _, d := range receive(t, l.B, 41) {
		delete(want, string(d.Bytes))
	}
	if len(want) != 0 {
		t.Errorf("never read: %v", want)
	}
}

func testWriteKeepsNothing(t *testing.T, l Link) {
	b := []byte("before")
	send(t, l.A, l.ToB, b)
	copy(b, "after!")
	if d := receive(t, l.B, 1)[0]; string(d.Bytes) != "before" {
		t.Errorf("B read %q", d.Bytes)
	}
}

func testReceived(t *testing.T, l Link) {
	for range 3 {
		before := time.Now()
		send(t, l.A, l.ToB, []byte("when"))
		time.Sleep(5 * time.Millisecond)
		d := receive(t, l.B, 1)[0]
		after := time.Now()
		if d.Received.IsZero() {
			continue // the socket does not know
		}
		// The slack is for clocks of different grain.
		const slack = time.Millisecond
		if d.Received.Before(before.Add(-slack)) || d.Received.After(after.Add(slack)) {
			t.Errorf("received %v after the sending and %v before the reading",
				d.Received.Sub(before), after.Sub(d.Received))
		}
	}
}

// An error of one peer is not an error of the socket.
func testNowhere(t *testing.T, l Link) {
	if l.Nowhere == (transport.Path{}) {
		return
	}
	for range 5 {
		send(t, l.A, l.Nowhere, []byte("anybody?"))
		send(t, l.A, l.ToB, []byte("hello"))
		receive(t, l.B, 1)
		send(t, l.B, l.ToA, []byte("hello"))
		receive(t, l.A, 1)
	}
}

func testNoAllocations(t *testing.T, l Link) {
	if l.Allocates {
		return
	}
	out := []transport.Datagram{{Path: l.ToB, Bytes: pattern(100, 1)}, {Path: l.ToB, Bytes: pattern(100, 2)}}
	in := make([]transport.Datagram, 8)
	round := func() {
		write(t, l.A, out)
		for got := 0; got < len(out); {
			if ready, err := l.B.Wait(time.Now().Add(patience)); !ready || err != nil {
				t.Fatalf("Wait = %v, %v", ready, err)
			}
			n, err := l.B.Read(in)
			if err != nil {
				t.Fatal(err)
			}
			got += n
		}
	}
	for range 2000 { // every buffer of the socket is in use once
		round()
	}
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations for two datagrams, want none", n)
	}
	if runtime.GOOS == "js" {
		return // the browser's timers allocate, whoever asks for one
	}
	timeout := func() {
		if ready, err := l.B.Wait(time.Now().Add(50 * time.Microsecond)); ready || err != nil {
			t.Fatalf("Wait for nothing = %v, %v", ready, err)
		}
	}
	if n := testing.AllocsPerRun(50, timeout); n != 0 {
		t.Errorf("%v allocations for a Wait that times out, want none", n)
	}
}

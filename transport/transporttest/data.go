package transporttest

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/tickwire/tickwire/transport"
)

const (
	promiseBytes = "what Read lends must be the bytes that were written"
	promisePath  = "Read must name the path by which a datagram came, the one to answer to"
	promiseLent  = "bytes that Read lends must stay the reader's until the next Read"
)

func testRoundTrip(c *check) {
	for i := range 20 {
		c.hop(c.A, c.ToB, c.B, c.ToA, pattern(100, i))
		c.hop(c.B, c.ToA, c.A, c.ToB, pattern(60, -i))
	}
}

// hop sends a datagram from one end to the other, to which it comes by a path back.
func (c *check) hop(from transport.Socket, to transport.Path, at transport.Socket, back transport.Path, payload []byte) {
	c.send(from, to, payload)
	d := c.receive(at, 1)[0]
	if !bytes.Equal(d.Bytes, payload) {
		c.stop(promiseBytes, "Socket.Read", "%s read %x, %s wrote %x", c.name(at), d.Bytes, c.name(from), payload)
	}
	if d.Path != back {
		c.stop(promisePath, "Socket.Read", "%s read one from %+v, and Link.To%s is %+v", c.name(at), d.Path, c.name(from), back)
	}
}

func testSizes(c *check) {
	largest := c.A.MaxDatagram(c.ToB)
	if largest < transport.MinDatagram {
		c.stop("a path to a peer must carry a handshake, 1078 bytes", "Socket.MaxDatagram", "A.MaxDatagram(Link.ToB) = %d", largest)
	}
	for _, n := range []int{1, 2, largest - 1, largest} {
		want := pattern(n, n)
		c.send(c.A, c.ToB, want)
		if d := c.receive(c.B, 1)[0]; !bytes.Equal(d.Bytes, want) {
			c.broken(promiseBytes+", up to MaxDatagram", "Socket.MaxDatagram", "one of %d bytes came with %d bytes, or others", n, len(d.Bytes))
		}
	}
}

func testBatch(c *check) {
	var want [][]byte
	for i := range 64 {
		want = append(want, pattern(50+i%3, i))
	}
	c.send(c.A, c.ToB, want...)
	missing := make(map[string]int)
	for _, w := range want {
		missing[string(w)]++
	}
	for _, d := range c.receive(c.B, len(want)) {
		if missing[string(d.Bytes)]--; missing[string(d.Bytes)] < 0 {
			c.stop(promiseOnce, "Socket.Read", "%x came too often, or was never sent", d.Bytes)
		}
	}
}

// Reading with little room leaves the rest for the next Read.
func testSmallReads(c *check) {
	for i := range 10 {
		c.send(c.A, c.ToB, []byte{byte(i), 1, 2, 3})
	}
	if n, err := c.B.Read(nil); n != 0 || err != nil {
		c.stop("Read without room must return 0 and no error", "Socket.Read", "B.Read(nil) = %d, %v", n, err)
	}
	one := make([]transport.Datagram, 1)
	seen := make(map[byte]bool)
	for deadline := time.Now().Add(c.patience); len(seen) < 10; {
		if n := c.read(c.B, one, deadline, len(seen), 10); n == 1 {
			seen[one[0].Bytes[0]] = true
		}
	}
}

func testReadNeverBlocks(c *check) {
	ds := make([]transport.Datagram, 4)
	for range 100 {
		if n, err := c.A.Read(ds); n != 0 || err != nil {
			c.stop("Read must return 0 and no error while nothing waits", "Socket.Read", "nothing was sent to A, but A.Read = %d, %v", n, err)
		}
	}
}

// What Read lent stays as it is, and may be written to, until the next Read, whatever else arrives.
func testBytesBelongToTheReader(c *check) {
	c.send(c.A, c.ToB, []byte("first"), []byte("later"))
	ds := make([]transport.Datagram, 1)
	deadline := time.Now().Add(c.patience)
	for c.read(c.B, ds, deadline, 0, 2) == 0 {
	}
	first := ds[0].Bytes
	copy(first, bytes.ToUpper(first))
	before := string(first)
	for i := range 40 {
		c.send(c.A, c.ToB, pattern(200, i))
	}
	if ready, err := c.B.Wait(time.Now().Add(c.patience)); !ready || err != nil {
		c.stop("Wait must return true while something waits", "Socket.Wait", "B.Wait = %v, %v with 41 datagrams unread", ready, err)
	}
	if string(first) != before {
		c.broken(promiseLent, "Socket.Read", "they became %q, want %q, while others arrived", first, before)
	}
	want := map[string]bool{"first": true, "later": true}
	delete(want, strings.ToLower(before))
	for _, d := range c.receive(c.B, 41) {
		delete(want, string(d.Bytes))
	}
	if len(want) != 0 {
		c.broken(promiseOnce, "Socket.Read", "never read: %v", want)
	}
}

const promiseKeeps = "Write must not keep the bytes that it was given"

func testWriteKeepsNothing(c *check) {
	b := []byte("before")
	c.send(c.A, c.ToB, b)
	copy(b, "after!")
	if d := c.receive(c.B, 1)[0]; string(d.Bytes) != "before" {
		c.broken(promiseKeeps, "Socket.Write", `A wrote "before", and "after!" into them behind it; B read %q`, d.Bytes)
	}
	if runtime.GOOS == "js" {
		return // its memory is not collected in time
	}
	memory := c.lend()
	c.receive(c.B, 3)
	for pause := time.Millisecond; ; pause *= 2 {
		if runtime.GC(); memory.Value() == nil {
			return
		}
		if pause > c.patience {
			c.broken(promiseKeeps, "Socket.Write", "A holds on to their memory, after Write has returned and B has read them")
			return
		}
		time.Sleep(pause)
	}
}

// lend sends bytes that nobody else knows, and returns what is left of their memory. It has a stack of
// its own, on which they are forgotten.
func (c *check) lend() weak.Pointer[[1000]byte] {
	lent := make(chan weak.Pointer[[1000]byte])
	go func() {
		var memory weak.Pointer[[1000]byte]
		defer func() { lent <- memory }() // also if the check ends here
		b := new([1000]byte)
		memory = weak.Make(b)
		c.send(c.A, c.ToB, b[:400], b[400:800], b[800:])
	}()
	return <-lent
}

func testReceived(c *check) {
	for range 3 {
		before := time.Now()
		c.send(c.A, c.ToB, []byte("when"))
		time.Sleep(5 * time.Millisecond)
		d := c.receive(c.B, 1)[0]
		after := time.Now()
		if d.Received.IsZero() {
			continue // the socket does not know
		}
		// The slack is for clocks of different grain.
		const slack = time.Millisecond
		if d.Received.Before(before.Add(-slack)) || d.Received.After(after.Add(slack)) {
			c.broken("Datagram.Received must be when it arrived, or zero", "Socket.Read",
				"it says %v after the sending and %v before the reading", d.Received.Sub(before), after.Sub(d.Received))
		}
	}
}

// An error of one peer is not an error of the socket.
func testNowhere(c *check) {
	if c.Nowhere == (transport.Path{}) {
		return
	}
	for range 5 {
		c.send(c.A, c.Nowhere, []byte("anybody?"))
		c.send(c.A, c.ToB, []byte("hello"))
		c.receive(c.B, 1)
		c.send(c.B, c.ToA, []byte("hello"))
		c.receive(c.A, 1)
	}
}

const promiseFree = "a datagram must cost no memory, unless Link.Allocates says that it does"

func testNoAllocations(c *check) {
	if c.Allocates {
		return
	}
	out := []transport.Datagram{{Path: c.ToB, Bytes: pattern(100, 1)}, {Path: c.ToB, Bytes: pattern(100, 2)}}
	in := make([]transport.Datagram, 8)
	round := func() {
		c.write(c.A, out)
		deadline := time.Now().Add(c.patience)
		for got := 0; got < len(out); {
			got += c.read(c.B, in, deadline, got, len(out))
		}
	}
	for range 2000 { // every buffer of the socket is in use once
		round()
	}
	if n := testing.AllocsPerRun(200, round); n != 0 {
		c.broken(promiseFree, "Socket.Read", "%v allocations for two datagrams, written and read", n)
	}
	if runtime.GOOS == "js" {
		return // the browser's timers allocate, whoever asks for one
	}
	timeout := func() { c.timesOut(50 * time.Microsecond) }
	if n := testing.AllocsPerRun(50, timeout); n != 0 {
		c.broken(promiseFree, "Socket.Wait", "%v allocations for a Wait that times out", n)
	}
}

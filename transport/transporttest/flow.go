package transporttest

import (
	"bytes"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// What Write, Wait and Read promise in every check.
const (
	promiseTaken   = "Write must return how many datagrams it took, and an error only of the socket itself"
	promiseTakes   = "Write must take again what a full buffer did not take"
	promiseArrives = "what is written to a path must arrive at its end"
	promiseTrue    = "when Wait returned true, a Read must return something, but for now and then"
	promiseWait    = "Wait must return an error only of the socket itself"
	promiseRead    = "Read must return how many datagrams came, at most as many as there is room for"
	promiseOnce    = "what was written once must come once"
)

// send writes payloads to a path, all of them, offering again what a full system did not take.
func (c *check) send(s transport.Socket, to transport.Path, payloads ...[]byte) {
	ds := make([]transport.Datagram, len(payloads))
	for i, p := range payloads {
		ds[i] = transport.Datagram{Path: to, Bytes: p}
	}
	c.write(s, ds)
}

// write is send for what is a datagram already.
func (c *check) write(s transport.Socket, ds []transport.Datagram) {
	for deadline := time.Now().Add(c.patience); len(ds) > 0; {
		n, err := s.Write(ds)
		if n < 0 || n > len(ds) || err != nil {
			c.stop(promiseTaken, "Socket.Write", "%s.Write of %d datagrams = %d, %v", c.name(s), len(ds), n, err)
		}
		if ds = ds[n:]; len(ds) > 0 && time.Now().After(deadline) {
			c.stop(promiseTakes, "Socket.Write", "%s did not take %d datagrams within %v", c.name(s), len(ds), c.patience)
		}
	}
}

// read waits for what arrives until a deadline, and reads it; got of want have come before.
func (c *check) read(s transport.Socket, ds []transport.Datagram, deadline time.Time, got, want int) int {
	ready, err := s.Wait(deadline)
	switch late := !time.Now().Before(deadline); {
	case err != nil:
		c.stop(promiseWait, "Socket.Wait", "%s.Wait: %v", c.name(s), err)
	case !ready && !late:
		c.stop("Wait must block until a datagram or the time has come", "Socket.Wait",
			"%s.Wait = false, %v before its time, and with %d of %d datagrams read", c.name(s), time.Until(deadline), got, want)
	case !ready:
		c.stop(promiseArrives, "Socket.Write", "%d of %d datagrams came to %s within %v: is Link.To%[3]s the path to it, and does its Wait see them?",
			got, want, c.name(s), c.patience)
	case late:
		c.stop(promiseTrue, "Socket.Wait", "%s.Wait = true for %v, with %d of %d datagrams read", c.name(s), c.patience, got, want)
	}
	n, err := s.Read(ds)
	if err != nil || n < 0 || n > len(ds) {
		c.stop(promiseRead, "Socket.Read", "%s.Read with room for %d = %d, %v", c.name(s), len(ds), n, err)
	}
	return n
}

// receive reads until it has n datagrams, and returns them with bytes of their own.
func (c *check) receive(s transport.Socket, n int) []transport.Datagram {
	var got []transport.Datagram
	deadline := time.Now().Add(c.patience)
	ds := make([]transport.Datagram, 16)
	for len(got) < n {
		for _, d := range ds[:c.read(s, ds, deadline, len(got), n)] {
			d.Bytes = bytes.Clone(d.Bytes)
			got = append(got, d)
		}
	}
	if len(got) > n {
		c.stop(promiseOnce, "Socket.Read", "%d datagrams came to %s, %d were sent", len(got), c.name(s), n)
	}
	return got
}

// name is how the Link calls a socket.
func (c *check) name(s transport.Socket) string { return s.(*guarded).name }

// pattern returns n bytes that differ from those of every other seed.
func pattern(n, seed int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(seed + i*7)
	}
	return b
}

package netns

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// wired are two hosts with a wire between them.
func wired(n *Net, links simnet.Links, seed uint64) (server, phone *Host, w *Wire) {
	server, phone = n.Host("server"), n.Host("phone")
	return server, phone, n.Wire(server, "eth0", "10.4.0.1/24", phone, "wlan0", "10.4.0.2/24", links, seed)
}

// steady tries up to five times what goes wrong now and then on a machine that does something else: what is wrong goes wrong
// each time.
func steady(t *testing.T, try func() error) {
	t.Helper()
	var err error
	for range 5 {
		if err = try(); err == nil {
			return
		}
		t.Log("once more: ", err)
	}
	t.Error(err)
}

// patience is how long a test waits for what has to come.
const patience = time.Minute

// all sends so many numbered datagrams of a size at once, of which some have to come, and no others.
func all(t *testing.T, from, to *net.UDPConn, many, size, some int) (came []int, took time.Duration) {
	t.Helper()
	return numbersUntil(t, from, to, many, size, some, patience)
}

// numbers sends so many numbered datagrams of a size at once, and returns those that came within a while, in their order,
// with the time that the last one took.
func numbers(t *testing.T, from, to *net.UDPConn, many, size int, within time.Duration) (came []int, took time.Duration) {
	t.Helper()
	return numbersUntil(t, from, to, many, size, many+1, within)
}

// numbersUntil waits no longer than for a moment when enough have come.
func numbersUntil(t *testing.T, from, to *net.UDPConn, many, size, enough int, within time.Duration) (came []int, took time.Duration) {
	t.Helper()
	began := time.Now()
	b := make([]byte, size)
	for i := range many {
		binary.BigEndian.PutUint32(b, uint32(i))
		if _, err := from.WriteTo(b, to.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.SetReadDeadline(began.Add(within)); err != nil {
		t.Fatal(err)
	}
	for {
		n, _, err := to.ReadFromUDPAddrPort(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return came, took
		}
		if err != nil || n != size {
			t.Fatal(n, err)
		}
		came, took = append(came, int(binary.BigEndian.Uint32(b))), time.Since(began)
		if len(came) == enough {
			_ = to.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		}
	}
}

// TestWireLoses: the seed says which packets get lost, and the others are late by the delay.
func TestWireLoses(t *testing.T) {
	const many, seed, delay = 200, 5, 60 * time.Millisecond
	bad := simnet.LinkConfig{Delay: delay, Loss: 0.2, LossBurst: 2}
	Run(t, func(n *Net) {
		server, phone, w := wired(n, simnet.Links{Up: bad}, seed)
		to, from := listen(t, server, "10.4.0.1:7777"), listen(t, phone, "10.4.0.2:0")
		alone, err := simnet.NewLink(0, bad, 2*seed)
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		for i := range many {
			alone.Send(0, []byte{byte(i)})
		}
		for b, ok := alone.Receive(int64(delay)); ok; b, ok = alone.Receive(int64(delay)) {
			want = append(want, int(b[0]))
		}
		came, took := all(t, from, to, many, 100, len(want))
		if !slices.Equal(came, want) || len(want) > many*9/10 {
			t.Errorf("%d came: %v\nwant %d: %v", len(came), came, len(want), want)
		}
		if took < delay {
			t.Errorf("the last took %v, want %v", took, delay)
		}
		back, _ := all(t, to, from, many, 100, many)
		if len(back) != many {
			t.Errorf("by the way that loses nothing %d of %d came", len(back), many)
		}
		if s := w.Stats(); s.Up.Sent != many || s.Down.Delivered != many || s.Cut+s.Unsent != 0 {
			t.Errorf("%+v", s)
		}
		w.Set(simnet.Links{Up: simnet.LinkConfig{Delay: delay}})
		steady(t, func() error {
			if _, took := all(t, from, to, many, 100, many); took < delay || took > delay+200*time.Millisecond {
				return fmt.Errorf("the last of all took %v, want %v", took, delay)
			}
			return nil
		})
	})
}

// TestWireIsNarrow: headers count at the bottleneck, its queue is bounded, and live it gets another rate.
func TestWireIsNarrow(t *testing.T) {
	Run(t, func(n *Net) {
		narrow := simnet.LinkConfig{BitsPerSecond: 1_000_000, QueuePackets: 20}
		server, phone, w := wired(n, simnet.Links{Up: narrow}, 1)
		to, from := listen(t, server, "10.4.0.1:7777"), listen(t, phone, "10.4.0.2:0")
		steady(t, func() error {
			before := w.Stats().Up
			came, took := numbers(t, from, to, 40, 1222, 600*time.Millisecond) // 1250 bytes with headers: 10 ms
			if len(came) < 20 || len(came) > 30 || took < 190*time.Millisecond || took > 400*time.Millisecond {
				return fmt.Errorf("%d came within %v, want about 20 within 200 ms", len(came), took)
			}
			if now := w.Stats().Up; int(now.QueueDropped-before.QueueDropped)+len(came) != 40 {
				t.Errorf("%d came; %+v, before %+v", len(came), now, before)
			}
			return nil
		})
		w.Set(simnet.Links{})
		steady(t, func() error {
			if came, took := all(t, from, to, 40, 1222, 40); len(came) != 40 || took > 100*time.Millisecond {
				return fmt.Errorf("without a bottleneck %d came within %v", len(came), took)
			}
			return nil
		})
	})
}

// connected is a connection of TCP from the phone to the server.
func connected(t *testing.T, server, phone *Host) (here, there net.Conn) {
	t.Helper()
	l := Open(server, func() (net.Listener, error) { return net.Listen("tcp", "10.4.0.1:7777") })
	defer l.Close()
	here = Open(phone, func() (net.Conn, error) { return net.DialTimeout("tcp", "10.4.0.1:7777", patience) })
	there, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = here.Close()
		_ = there.Close()
	})
	return here, there
}

// TestWireTCP: TCP repairs what the wire loses, and packets are no larger than it carries.
func TestWireTCP(t *testing.T) {
	Run(t, func(n *Net) {
		bad := simnet.LinkConfig{Delay: 2 * time.Millisecond, Loss: 0.05, MTU: wireMTU}
		server, phone, w := wired(n, simnet.Links{Up: bad, Down: bad}, 3)
		here, there := connected(t, server, phone)
		want := bytes.Repeat([]byte("all of it "), 30_000)
		go func() { _, _ = there.Write(want) }()
		got := make([]byte, len(want))
		_ = here.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.ReadFull(here, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("it is not what was sent: %v", err)
		}
		if s := w.Stats().Down; s.Lost == 0 || s.TooLarge != 0 || int(s.DeliveredBytes) < len(want) {
			t.Errorf("%+v", s)
		}
	})
}

// TestWireCut: what is cut does not cross, and what is not does.
func TestWireCut(t *testing.T) {
	Run(t, func(n *Net) {
		server, phone, w := wired(n, simnet.Links{}, 1)
		to, from := listen(t, server, "10.4.0.1:7777"), listen(t, phone, "10.4.0.2:0")
		here, there := connected(t, server, phone)
		b := make([]byte, 10)
		speaks := func(within time.Duration) bool {
			t.Helper()
			if _, err := here.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			_ = there.SetReadDeadline(time.Now().Add(within))
			_, err := there.Read(b)
			return err == nil
		}
		heal := w.Cut(Packet.UDP)
		if came, _ := numbers(t, from, to, 10, 50, 50*time.Millisecond); len(came) != 0 || !speaks(patience) {
			t.Errorf("with UDP cut %d datagrams came, and TCP or not", len(came))
		}
		heal()
		heal()
		port := there.RemoteAddr().(*net.TCPAddr).AddrPort()
		heal = w.Cut(func(p Packet) bool { return p.TCP() && (p.From == port || p.To == port) })
		if came, _ := all(t, from, to, 10, 50, 10); len(came) != 10 || speaks(100*time.Millisecond) {
			t.Errorf("with the connection cut %d datagrams came, and TCP or not", len(came))
		}
		heal()
		if !speaks(patience) { // when TCP asks again
			t.Error("the connection is still cut")
		}
		if s := w.Stats(); s.Cut < 11 {
			t.Errorf("%+v", s)
		}
	})
}

// TestWireMoves: over a wire a card gets another address as over a pair.
func TestWireMoves(t *testing.T) {
	Run(t, func(n *Net) {
		server, phone, _ := wired(n, simnet.Links{}, 1)
		to, from := listen(t, server, "0.0.0.0:7777"), listen(t, phone, "0.0.0.0:0")
		for _, address := range []string{"10.4.0.2", "10.4.0.3"} {
			if got := arrives(t, from, to, "10.4.0.1:7777", "from "+address); got.String() != address {
				t.Errorf("it came from %v, not from %s", got, address)
			}
			phone.Take("wlan0", address+"/24")
			phone.Give("wlan0", "10.4.0.3/24")
		}
	})
}

package simnet

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// A doorman is a UDP server that answers everybody with the address it sees, and
// whom it saw.
type doorman struct {
	conn *net.UDPConn
	mu   sync.Mutex
	seen []netip.AddrPort
}

func newDoorman(t *testing.T) *doorman {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	d := &doorman{conn: c}
	go func() {
		b := make([]byte, 100)
		for {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			d.mu.Lock()
			if len(d.seen) == 0 || d.seen[len(d.seen)-1] != from {
				d.seen = append(d.seen, from)
			}
			d.mu.Unlock()
			_, _ = c.WriteToUDPAddrPort(b[:n], from)
		}
	}()
	return d
}

func (d *doorman) ports() []netip.AddrPort {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]netip.AddrPort(nil), d.seen...)
}

// The server sees a client come from port after port, and the client notices nothing.
func TestRelayRebinds(t *testing.T) {
	d := newDoorman(t)
	r := start(t, RelayConfig{Target: d.conn.LocalAddr().String(), Rebind: 20 * time.Millisecond})
	c := dial(t, r)
	eventually(t, func() bool {
		ask(t, c, "who am I", 200*time.Millisecond) // what comes to a port that has gone is lost
		return len(d.ports()) >= 5
	})
	if s := r.Stats(); s.Clients != 1 || s.Accepted != 1 || s.Rebound < 4 {
		t.Errorf("stats %+v", s)
	}
}

// What is sent to the port before arrives for as long as it is kept, and not longer.
func TestRelayKeepsFormerPort(t *testing.T) {
	for _, keep := range []time.Duration{0, time.Minute} {
		d := newDoorman(t)
		r := start(t, RelayConfig{Target: d.conn.LocalAddr().String(), KeepOld: keep})
		c := dial(t, r)
		if _, ok := ask(t, c, "first", time.Minute); !ok {
			t.Fatal("no answer")
		}
		r.Rebind()
		eventually(t, func() bool { return r.Stats().Rebound == 1 })
		_, err := d.conn.WriteToUDPAddrPort([]byte("late"), d.ports()[0])
		must(t, err)
		within := 200 * time.Millisecond
		if keep > 0 {
			within = time.Minute
		}
		must(t, c.SetReadDeadline(time.Now().Add(within)))
		n, err := c.Read(make([]byte, 100))
		if got := err == nil && n == 4; got != (keep > 0) {
			t.Errorf("kept for %v: what came to the former port arrived: %v", keep, got)
		}
		if _, ok := ask(t, c, "second", time.Minute); !ok {
			t.Error("no answer at the new port")
		}
		if ports := d.ports(); len(ports) != 2 {
			t.Errorf("seen at %v", ports)
		}
	}
}

// Whoever dials chooses from where the server sees the clients, and may be unable to.
func TestRelayDials(t *testing.T) {
	d := newDoorman(t)
	broken := true
	r := start(t, RelayConfig{Target: d.conn.LocalAddr().String(), Dial: func(server *net.UDPAddr) (*net.UDPConn, error) {
		if broken {
			return nil, errors.New("no socket today")
		}
		return net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:0")), server)
	}})
	c := dial(t, r)
	_, err := c.Write([]byte("lost"))
	must(t, err)
	eventually(t, func() bool { return r.Stats().DialErrors == 1 })
	r.mu.Lock()
	broken = false
	r.mu.Unlock()
	if _, ok := ask(t, c, "here I am", time.Minute); !ok {
		t.Fatal("no answer")
	}
	if from := d.ports()[0].Addr().String(); from != "127.0.0.2" {
		t.Errorf("seen at %s", from)
	}
}

// The ports of a client that are kept are bounded.
func TestRelayFormerPortsAreBounded(t *testing.T) {
	r := start(t, RelayConfig{KeepOld: time.Minute})
	c := dial(t, r)
	if _, ok := ask(t, c, "hello", time.Minute); !ok {
		t.Fatal("no answer")
	}
	for i := range uint64(3 * maxFormerPorts) {
		r.Rebind()
		eventually(t, func() bool { return r.Stats().Rebound == i+1 })
	}
	r.mu.Lock()
	kept := len(r.byAge.Front().Value.(*session).old)
	r.mu.Unlock()
	if kept != maxFormerPorts {
		t.Errorf("%d former ports are kept", kept)
	}
}

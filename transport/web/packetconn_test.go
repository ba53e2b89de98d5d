//go:build !js

package web

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestPacketConnDeadlines: reads end when their deadline comes, also one that is moved while they
// wait, and go on when it is gone; a closed conn reads no more; neither touches the port.
func TestPacketConnDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := new(lostPort)
		d := newDiverter(port)
		c := newPacketConn(d.envoy(), netip.MustParseAddrPort("127.0.0.1:7777"))
		d.quic = c
		read := func() (int, time.Duration, error) {
			began := time.Now()
			n, _, err := c.ReadFrom(make([]byte, largestPacket))
			return n, time.Since(began), err
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		if _, took, err := read(); !errors.Is(err, os.ErrDeadlineExceeded) || took != time.Second {
			t.Errorf("%v after %v, want a deadline after a second", err, took)
		}
		d.takes(playerAt, quicLong())
		if _, took, err := read(); !os.IsTimeout(err) || took != 0 {
			t.Errorf("%v after %v though the deadline has passed", err, took)
		}
		_ = c.SetReadDeadline(time.Time{})
		if n, _, err := read(); n == 0 || err != nil {
			t.Errorf("%d bytes, %v without a deadline", n, err)
		}
		go func() {
			time.Sleep(time.Minute)
			_ = c.SetDeadline(time.Now().Add(time.Minute)) // pion and quic-go do that to end a read
		}()
		if _, took, err := read(); !os.IsTimeout(err) || took != 2*time.Minute {
			t.Errorf("%v after %v with a deadline that was moved", err, took)
		}
		_ = c.SetReadDeadline(time.Time{})
		go func() {
			time.Sleep(time.Second)
			_ = c.Close()
		}()
		if _, took, err := read(); !errors.Is(err, net.ErrClosed) || took != time.Second {
			t.Errorf("%v after %v, want closed after a second", err, took)
		}
		if d.takes(playerAt, quicLong()); d.count.overflowed.Load() != 1 {
			t.Error("a closed conn keeps what comes")
		}
		if err := d.envoy().send([]byte("for others"), playerAt, netip.Addr{}); err != nil || port.written != 1 {
			t.Errorf("the port was closed with it: %v", err)
		}
	})
}

// TestICEConnEnds: to pion a way that was closed is at its end, and one whose deadline has come is late.
func TestICEConnEnds(t *testing.T) {
	_, m := newTestDiverter(t)
	c := m.conns[0]
	_ = c.SetDeadline(time.Now())
	if _, _, err := c.ReadFrom(nil); !os.IsTimeout(err) {
		t.Errorf("late: %v", err)
	}
	_ = c.SetDeadline(time.Time{})
	_ = c.Close()
	if _, _, err := c.ReadFrom(nil); !errors.Is(err, io.EOF) {
		t.Errorf("closed: %v", err)
	}
	if n, err := c.WriteTo([]byte("late"), net.UDPAddrFromAddrPort(browserAt)); n != 4 || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
	if m.table.at(browserAt) != nil {
		t.Error("who is over has an address")
	}
}

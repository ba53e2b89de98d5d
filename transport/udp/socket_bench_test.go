//go:build !js && !wasip1

package udp

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// These compare a Socket with the plain net package in the same run, in turns, so
// that a busy machine hurts both. On Linux pin them to one CPU for figures that
// repeat:
//
//	taskset -c 0 go test -run '^$' -bench . -benchtime 200x ./transport/udp

// turn is how many rounds each side makes before it is the other's turn.
const turn = 100

// bare opens a net.UDPConn on a free port of this host.
func bare(b *testing.B) (*net.UDPConn, netip.AddrPort) {
	b.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	c.SetReadBuffer(DefaultBuffer)
	return c, c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func open(b *testing.B, cfg Config) *Socket {
	b.Helper()
	s, err := Listen("127.0.0.1:0", cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// median returns the middle of ds in microseconds.
func median(ds []time.Duration) float64 {
	slices.Sort(ds)
	return float64(ds[len(ds)/2]) / float64(time.Microsecond)
}

// BenchmarkPingPong sends 64 bytes there and back, one datagram under way.
func BenchmarkPingPong(b *testing.B) {
	plainConn, _ := bare(b)
	echoConn, echoAddr := bare(b)
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := echoConn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			echoConn.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	ours, echo := open(b, Config{}), open(b, Config{})
	go func() {
		ds := make([]transport.Datagram, 16)
		for {
			if _, err := echo.Wait(time.Time{}); err != nil {
				return
			}
			n, _ := echo.Read(ds)
			for i := range n {
				ds[i].Local = netip.Addr{}
			}
			echo.Write(ds[:n])
		}
	}()
	buf := make([]byte, 64)
	bareRound := func() {
		plainConn.WriteToUDPAddrPort(buf, echoAddr)
		if _, _, err := plainConn.ReadFromUDPAddrPort(buf); err != nil {
			b.Fatal(err)
		}
	}
	out := []transport.Datagram{{Path: transport.PathTo(echo.LocalAddr()), Bytes: buf}}
	in := make([]transport.Datagram, 16)
	ourRound := func() {
		ours.Write(out)
		for {
			if _, err := ours.Wait(time.Time{}); err != nil {
				b.Fatal(err)
			}
			if n, _ := ours.Read(in); n > 0 {
				return
			}
		}
	}
	var bareTook, ourTook []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		bareTook = rounds(bareTook, bareRound)
		ourTook = rounds(ourTook, ourRound)
	}
	bareMedian, ourMedian := median(bareTook), median(ourTook)
	b.ReportMetric(bareMedian, "bare-p50-us")
	b.ReportMetric(ourMedian, "p50-us")
	b.ReportMetric(ourMedian/bareMedian, "x-bare")
}

// rounds times a turn of rounds, each by itself.
func rounds(took []time.Duration, round func()) []time.Duration {
	for range turn {
		start := time.Now()
		round()
		took = append(took, time.Since(start))
	}
	return took
}

// BenchmarkFlood moves 200-byte datagrams in windows that fit the buffers: to one
// peer, where the kernel may cut them out of one piece, and to one peer without
// that, as when each goes to another player.
func BenchmarkFlood(b *testing.B) {
	for name, cfg := range map[string]Config{
		"Segments": {},
		"Single":   {DisableSegmentation: true},
	} {
		b.Run(name, func(b *testing.B) { flood(b, cfg) })
	}
}

func flood(b *testing.B, cfg Config) {
	const window = 64
	bareFrom, _ := bare(b)
	bareTo, bareAddr := bare(b)
	from, to := open(b, cfg), open(b, cfg)
	payload, buf := make([]byte, 200), make([]byte, 2048)
	out, in := make([]transport.Datagram, window), make([]transport.Datagram, window)
	for i := range out {
		out[i] = transport.Datagram{Path: transport.PathTo(to.LocalAddr()), Bytes: payload}
	}
	var bareTook, ourTook time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		for range window {
			bareFrom.WriteToUDPAddrPort(payload, bareAddr)
		}
		for range window {
			if _, _, err := bareTo.ReadFromUDPAddrPort(buf); err != nil {
				b.Fatal(err)
			}
		}
		bareTook += time.Since(start)

		start = time.Now()
		if n, err := from.Write(out); n != window || err != nil {
			b.Fatal(n, err)
		}
		for got := 0; got < window; {
			n, err := to.Read(in)
			if err != nil {
				b.Fatal(err)
			}
			got += n
		}
		ourTook += time.Since(start)
	}
	each := float64(b.N * window)
	b.ReportMetric(float64(bareTook)/each, "bare-ns/datagram")
	b.ReportMetric(float64(ourTook)/each, "ns/datagram")
	b.ReportMetric(float64(ourTook)/float64(bareTook), "x-bare")
}

// BenchmarkTimeout shows how late a Wait without arrivals ends.
func BenchmarkTimeout(b *testing.B) {
	s := open(b, Config{})
	var late []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		until := time.Now().Add(1500 * time.Microsecond)
		if _, err := s.Wait(until); err != nil {
			b.Fatal(err)
		}
		late = append(late, time.Since(until))
	}
	b.ReportMetric(median(late), "late-p50-us")
}

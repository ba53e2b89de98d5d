package mem_test

import (
	"net"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// These compare a Pair with two plain UDP sockets in the same run, in turns:
//
//	go test -run '^$' -bench . -benchtime 200x ./transport/mem

// turn is how many rounds each side makes before it is the other's turn.
const turn = 100

func bare(b *testing.B) *net.UDPConn {
	b.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// BenchmarkPingPong sends 64 bytes there and back, one datagram under way.
func BenchmarkPingPong(b *testing.B) {
	client, server := bare(b), bare(b)
	to := server.LocalAddr().(*net.UDPAddr).AddrPort()
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			server.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	ours, echo, err := mem.Pair()
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Close()
	defer echo.Close()
	go func() {
		ds := make([]transport.Datagram, 16)
		for {
			if _, err := echo.Wait(time.Time{}); err != nil {
				return
			}
			n, _ := echo.Read(ds)
			echo.Write(ds[:n])
		}
	}()
	buf := make([]byte, 64)
	out, in := []transport.Datagram{{Path: ours.Peer(), Bytes: buf}}, make([]transport.Datagram, 16)
	var bareTook, ourTook []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		for range turn {
			start := time.Now()
			client.WriteToUDPAddrPort(buf, to)
			if _, _, err := client.ReadFromUDPAddrPort(buf); err != nil {
				b.Fatal(err)
			}
			bareTook = append(bareTook, time.Since(start))
		}
		for range turn {
			start := time.Now()
			ours.Write(out)
			if ready, err := ours.Wait(time.Time{}); !ready || err != nil {
				b.Fatal(ready, err)
			}
			ours.Read(in)
			ourTook = append(ourTook, time.Since(start))
		}
	}
	slices.Sort(bareTook)
	slices.Sort(ourTook)
	bareMedian, ourMedian := bareTook[len(bareTook)/2], ourTook[len(ourTook)/2]
	b.ReportMetric(float64(bareMedian)/1e3, "bare-p50-us")
	b.ReportMetric(float64(ourMedian)/1e3, "p50-us")
	b.ReportMetric(float64(ourMedian)/float64(bareMedian), "x-bare")
}

// BenchmarkFlood moves 200-byte datagrams in windows of 64.
func BenchmarkFlood(b *testing.B) {
	const window = 64
	from, to := bare(b), bare(b)
	toAddr := to.LocalAddr().(*net.UDPAddr).AddrPort()
	x, y, err := mem.Pair()
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	defer y.Close()
	payload, buf := make([]byte, 200), make([]byte, 2048)
	out, in := make([]transport.Datagram, window), make([]transport.Datagram, window)
	for i := range out {
		out[i] = transport.Datagram{Path: x.Peer(), Bytes: payload}
	}
	var bareTook, ourTook time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		for range window {
			from.WriteToUDPAddrPort(payload, toAddr)
		}
		for range window {
			if _, _, err := to.ReadFromUDPAddrPort(buf); err != nil {
				b.Fatal(err)
			}
		}
		bareTook += time.Since(start)
		start = time.Now()
		x.Write(out)
		if n, err := y.Read(in); n != window || err != nil {
			b.Fatal(n, err)
		}
		ourTook += time.Since(start)
	}
	each := float64(b.N * window)
	b.ReportMetric(float64(bareTook)/each, "bare-ns/datagram")
	b.ReportMetric(float64(ourTook)/each, "ns/datagram")
	b.ReportMetric(float64(ourTook)/float64(bareTook), "x-bare")
}

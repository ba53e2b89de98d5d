package netcode

import (
	"bytes"
	"testing"
)

// BenchmarkRequestForged is a request under no key of ours: what an attacker
// can make a server pay for 1078 bytes.
func BenchmarkRequestForged(b *testing.B) {
	w := newWorld(b, nil)
	request := (&Client{token: w.mint(1, nil)}).appendRequest(nil)
	request[requestBytes-1] ^= 1
	datagram, reply := make([]byte, requestBytes), make([]byte, 0, 1500)
	b.SetBytes(int64(requestBytes))
	b.ReportAllocs()
	for b.Loop() {
		copy(datagram, request)
		w.server.HandleDatagram(w.now, w.unix(), source(1), datagram, reply)
	}
}

// BenchmarkRequestKnown is the same request again and again: a challenge each,
// and no decryption.
func BenchmarkRequestKnown(b *testing.B) {
	w := newWorld(b, nil)
	request := (&Client{token: w.mint(1, nil)}).appendRequest(nil)
	datagram, reply := make([]byte, requestBytes), make([]byte, 0, 1500)
	b.ReportAllocs()
	for b.Loop() {
		copy(datagram, request)
		w.server.HandleDatagram(w.now, w.unix(), source(1), datagram, reply)
	}
}

// BenchmarkConnect is a whole handshake, both sides, and the release.
func BenchmarkConnect(b *testing.B) {
	w := newWorld(b, func(c *ServerConfig) { c.MaxClients = 10000; c.MaxTokens = maxEntries })
	b.ReportAllocs()
	for b.Loop() {
		w.clients, w.events = w.clients[:0], w.events[:0]
		p := w.join(w.mint(1, nil), 1, nil)
		w.step(0)
		w.wantState(p, StateConnected)
		w.server.Release(w.now, w.last().Seat)
		w.now += 11 * second
	}
}

func benchmarkSizes(b *testing.B, run func(b *testing.B, frames []byte)) {
	for _, size := range []struct {
		name string
		n    int
	}{{"64", 64}, {"200", 200}, {"1177", 1177}} {
		b.Run(size.name, func(b *testing.B) {
			b.SetBytes(int64(size.n))
			b.ReportAllocs()
			run(b, make([]byte, size.n))
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, frames []byte) {
		_, p, _ := dataPair(b, nil)
		s, buf, number := p.c.Sealer(), make([]byte, 0, 1500), uint64(0)
		for b.Loop() {
			number++
			packet := s.AppendHeader(buf, 0, number, 2)
			head := len(packet)
			s.Seal(append(packet, frames...), 0, head, 0, number)
		}
	})
}

// BenchmarkSealOpen is a packet all the way: sealed by the client, found by its
// id and opened by the server.
func BenchmarkSealOpen(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, frames []byte) {
		w, p, _ := dataPair(b, nil)
		s, buf, number := p.c.Sealer(), make([]byte, 0, 1500), uint64(0)
		for b.Loop() {
			number++
			packet := s.AppendHeader(buf, 0, number, 2)
			head := len(packet)
			packet = s.Seal(append(packet, frames...), 0, head, 0, number)
			if ev := w.server.HandleDatagram(w.now, 0, p.at, packet, nil); ev.Kind != EventPacket {
				b.Fatal(ev.Drop)
			}
		}
	})
}

// BenchmarkGarbage is a DATA packet of nobody.
func BenchmarkGarbage(b *testing.B) {
	w, p, _ := dataPair(b, nil)
	garbage := bytes.Repeat([]byte{0x09, 0, 1, 2, 8}, 20)
	reply := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		w.server.HandleDatagram(w.now, 0, p.at, garbage, reply)
	}
}

package netcode

import (
	"bytes"
	"fmt"
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
	for name, want := range map[string]MintConfig{"usual": {}, "forward secrecy": {ForwardSecrecy: true}} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, func(c *ServerConfig) { c.MaxClients = 10000; c.MaxTokens = maxEntries })
			b.ReportAllocs()
			for b.Loop() {
				w.clients, w.events = w.clients[:0], w.events[:0]
				p := w.join(w.mint(1, protect(want)), 1, nil)
				w.step(0)
				w.wantState(p, StateConnected)
				w.server.Release(w.now, w.last().Seat)
				w.now += 11 * second
			}
		})
	}
}

// benchmarkSuites runs with frames of 64 and 1200 bytes in each suite.
func benchmarkSuites(b *testing.B, run func(b *testing.B, want MintConfig, frames []byte)) {
	for _, want := range []MintConfig{{Suite: SuiteChaCha20Poly1305}, {Suite: SuiteAES256GCM}, {Suite: SuiteSignedOnly, TagBytes: MinTagBytes}} {
		for _, n := range []int{64, 1200} {
			b.Run(fmt.Sprintf("%v/%d", want.Suite, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				run(b, want, make([]byte, n))
			})
		}
	}
}

// BenchmarkSeal is a packet to the server: header, seal.
func BenchmarkSeal(b *testing.B) {
	benchmarkSuites(b, func(b *testing.B, want MintConfig, frames []byte) {
		_, p, _ := protectedPair(b, want, nil)
		s, buf, number := p.c.Sealer(), make([]byte, 0, 1500), uint64(0)
		for b.Loop() {
			number++
			packet := s.AppendHeader(buf, 0, number, 2)
			head := len(packet)
			s.Seal(append(packet, frames...), 0, head, 0, number)
		}
		b.ReportMetric(float64(s.Overhead(2)), "overhead-bytes")
	})
}

// BenchmarkSealOpen is a packet all the way: sealed by the client, found by its
// id and opened by the server.
func BenchmarkSealOpen(b *testing.B) {
	benchmarkSuites(b, func(b *testing.B, want MintConfig, frames []byte) {
		w, p, _ := protectedPair(b, want, nil)
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
		b.ReportMetric(float64(s.Overhead(2)), "overhead-bytes")
	})
}

// BenchmarkChangeKeys is what a change costs the sender, and as much the
// receiver.
func BenchmarkChangeKeys(b *testing.B) {
	for _, want := range protections[:3] {
		b.Run(nameOf(want), func(b *testing.B) {
			_, p, _ := protectedPair(b, want, nil)
			b.ReportAllocs()
			for b.Loop() {
				p.c.sealer.epoch = p.c.sealer.epoch.next()
			}
		})
	}
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

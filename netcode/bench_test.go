package netcode

import (
	"fmt"
	"testing"
)

// BenchmarkRequestForged is a request under no key of ours whose source has not failed
// before: the most that a stranger can make a server do for 1078 bytes.
func BenchmarkRequestForged(b *testing.B) {
	benchmarkRequest(b, func(request []byte) { request[requestBytes-1] ^= 1 })
}

// BenchmarkRequestKnown is the same request again and again: a challenge each,
// and no decryption.
func BenchmarkRequestKnown(b *testing.B) { benchmarkRequest(b, func([]byte) {}) }

func benchmarkRequest(b *testing.B, change func(request []byte)) {
	w := newWorld(b, func(c *ServerConfig) { c.FailuresPerSecond, c.HandshakesPerSecond = -1, -1 })
	request := (&Client{token: w.mint(1, nil)}).appendRequest(nil)
	change(request)
	datagram, reply := make([]byte, requestBytes), make([]byte, 0, 1500)
	b.SetBytes(int64(requestBytes))
	b.ReportAllocs()
	for b.Loop() {
		copy(datagram, request)
		w.server.HandleDatagram(w.now, w.unix(), source(1), datagram, reply)
	}
}

// BenchmarkStrangers is what each kind of unwanted datagram costs once nobody has any
// allowance left, which is what a flood costs; nothing is what it costs to copy a request.
func BenchmarkStrangers(b *testing.B) {
	nothing := unwanted{name: "nothing", prepare: func(*world, *player) []byte { return make([]byte, requestBytes) }}
	for _, u := range append([]unwanted{nothing}, strangers...) {
		b.Run(u.name, func(b *testing.B) {
			w := newWorld(b, func(c *ServerConfig) { c.Plain = PlainAllow })
			p, _ := w.confirmed(w.mint(1, nil), 1)
			datagram := u.prepare(w, p)
			buf, reply := make([]byte, len(datagram)), make([]byte, 0, 1500)
			b.ReportAllocs()
			for b.Loop() {
				copy(buf, datagram)
				if u.drop != DropNone {
					w.server.HandleDatagram(w.now, w.unix(), u.from, buf, reply)
				}
			}
		})
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

// BenchmarkResume is the same with a ticket, which the server gives for the next time.
func BenchmarkResume(b *testing.B) {
	for name, want := range map[string]MintConfig{"usual": {}, "forward secrecy": {ForwardSecrecy: true}} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, nil)
			p, seat := w.confirmed(w.mint(1, protect(want)), 1)
			b.ReportAllocs()
			for b.Loop() {
				ticket := w.ticket(p, seat)
				w.clients, w.events = w.clients[:0], w.events[:0]
				p = w.comeBack(ticket, 1, nil)
				w.step(0)
				seat = w.back(p).Seat
				w.server.Release(w.now, w.last().Old)
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
			s.Seal(0, append(packet, frames...), 0, head, 0, number)
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
			packet = s.Seal(0, append(packet, frames...), 0, head, 0, number)
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

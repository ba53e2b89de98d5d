package netcode

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// unknownData is a DATA packet that no seat is found for.
func unknownData(b []byte, r *rand.Rand) []byte {
	return append(b[:0], 0x09, 0, 0xff, byte(r.Uint32()), byte(r.Uint32()), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
}

// TestGoneToEverybodyLong: when a server has started again, all its players hear GONE within a
// few seconds, though they send 600 000 packets a second, which it reads in the same order
// in each of its steps, and go on for a second when they have heard.
func TestGoneToEverybodyLong(t *testing.T) {
	const players, step = 10_000, second / 60
	for where, at := range map[string]func(i int) Source{
		"one network":    func(i int) Source { return v4(0xc6336400|uint32(i&0xff), uint16(1024+i)) },
		"5 000 networks": func(i int) Source { return v4(0x0b000000|uint32(i/2)<<8, uint16(1024+i)) },
	} {
		w := newWorld(t, nil)
		r := rand.New(rand.NewPCG(21, 22))
		heard := make([]int64, players)
		deaf, began := players, w.now
		var packet, reply [64]byte
		for ; deaf > 0 && w.now < began+20*second; w.now += step {
			for i := range heard {
				if heard[i] != 0 && w.now >= heard[i]+second {
					continue
				}
				ev := w.server.HandleDatagram(w.now, w.unix(), at(i), unknownData(packet[:], r), reply[:0])
				if len(ev.Reply) == goneBytes && heard[i] == 0 {
					heard[i] = w.now
					deaf--
				}
			}
		}
		took := (w.now - began) / ms
		t.Logf("%s: all have heard after %d ms and %d GONEs", where, took, w.server.Counters().Gones)
		if deaf > 0 || took > 3000 {
			t.Errorf("%s: %d have not heard after %d ms", where, deaf, took)
		}
	}
}

// TestHintsFair: while a few networks, or one address, send all they can of what is answered
// by GONE and by a refusal that costs a decryption, a player elsewhere hears both at once.
func TestHintsFair(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	w.now += 60 * second // and it has expired
	expired := (&Client{token: token}).appendRequest(nil)
	r := rand.New(rand.NewPCG(23, 24))
	buf, reply := make([]byte, requestBytes), make([]byte, 0, 1500)
	ask := func(from Source) (gone, explained bool) {
		ev := w.server.HandleDatagram(w.now, w.unix(), from, unknownData(buf, r), reply)
		gone = len(ev.Reply) > 0
		ev = w.server.HandleDatagram(w.now, w.unix(), from, append(buf[:0], expired...), reply)
		return gone, len(ev.Reply) > 0
	}
	players, gones, explanations := 0, 0, 0
	for i := range 4000 {
		w.now += ms
		for range 100 {
			ask(v4(0xc0000200|r.Uint32()&0x3ff, uint16(r.Uint32())))
		}
		if i%20 != 19 {
			continue
		}
		players++
		gone, explained := ask(v4(0xc6000000|uint32(i)<<8, 7))
		if gone {
			gones++
		}
		if explained {
			explanations++
		}
	}
	if gones != players || explanations != players {
		t.Errorf("of %d players in quiet networks %d heard GONE and %d why their token is refused", players, gones, explanations)
	}
	if c := w.server.Counters(); c.Gones < 2*gonesASecond || c.Gones > 17*gonesASecond/4 || c.Reasons > 17*explainsASecond/4 {
		t.Errorf("%d GONEs and %d REASONs in 4 seconds", c.Gones, c.Reasons)
	}
}

// BenchmarkExplain is a request that is refused because its token was used, with the reason.
func BenchmarkExplain(b *testing.B) {
	w := newWorld(b, func(c *ServerConfig) { c.FailuresPerSecond = -1 })
	p, _ := w.confirmed(w.mint(1, nil), 1)
	request := (&Client{token: p.token}).appendRequest(nil)
	datagram, reply := make([]byte, requestBytes), make([]byte, 0, 1500)
	b.ReportAllocs()
	for b.Loop() {
		w.now += 2 * ms
		copy(datagram, request)
		ev := w.server.HandleDatagram(w.now, testUnix, p.at, datagram, reply)
		if len(ev.Reply) == 0 || !bytes.HasPrefix(ev.Reply, []byte{7, longReason}) {
			b.Fatalf("%+v", ev)
		}
	}
}

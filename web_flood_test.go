//go:build linux

package tickwire_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport/web"
)

// strangeThings are datagrams that strangers may send to a port, one of each protocol that is spoken there, and of none.
func strangeThings() [][]byte {
	random := rand.NewChaCha8([32]byte{1})
	some := func(n int, begin ...byte) []byte {
		b := make([]byte, n)
		random.Read(b)
		copy(b, begin)
		return b
	}
	check := some(20, 0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42)            // of ICE
	record := some(113, 22, 0xFE, 0xFD)                              // of DTLS
	binary.BigEndian.PutUint16(record[11:], 100)                     // its length
	initial := some(1200, 0xC3, 0, 0, 0, 1, 8)                       // of QUIC, without a meaning
	request := append([]byte("\x00NETCODE 1.02\x00"), some(1064)...) // of the game
	return [][]byte{check, record, initial, some(60, 0x45), request, some(90, 0x09), some(200, 0x16), some(30, 0xFF)}
}

// TestLongFlooded: on one port play pages by each transport, native players by UDP and one by a ladder, all in one world, while
// strangers flood it with what looks like each of the protocols. Nobody is dropped, each hears the others in order, and
// the states of all are seen by all.
func TestLongFlooded(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesFlooded(t, b) })
}

func pagesFlooded(t *testing.T, b *browser.Browser) {
	w := newPageWorld(t, tickwire.ServerConfig{}, web.Config{})
	pages := w.onEach(b, entry{})
	var seers []*seer
	for range 3 {
		w.players++
		seers = append(seers, w.native(w.webHouse.native(w.players)))
	}
	w.players++
	climber, err := w.dial(w.token(w.players), w.ladder(web.DialConfig{}))
	must(t, err)
	seers = append(seers, w.native(climber))
	sent := floodOf(t, 4*time.Second, 10_000, w.web.LocalAddr().String())
	var all []string
	for id := range w.players + 1 {
		all = append(all, strconv.FormatUint(id, 10))
	}
	ten := func(_ string, of sight) bool { return of.States >= 10 }
	for _, p := range pages {
		var tells told
		seesAll(t, p.name, func() (map[string]sight, string) { tells = p.tells(); return tells.Saw, tells.Wrong }, ten, all...)
		if tells.Log[len(tells.Log)-1] != "Connected" {
			t.Errorf("%s: %v", p.name, tells.Log)
		}
		p.reads("connected by " + p.name)
	}
	for _, s := range seers {
		seesAll(t, "a native player", s.sees, ten, all...)
	}
	if n := len(w.hub.Conns()); n != int(w.players) {
		t.Errorf("%d players are there, want %d", n, w.players)
	}
	st := w.web.Stats().UDP
	if st.Strangers == 0 || st.QUICHandshake < 1000 {
		t.Errorf("of %d datagrams of strangers the port counts %+v", sent, st)
	}
	t.Logf("beside %d datagrams of strangers, %+v", sent, st)
}

// floodOf has four strangers write to a port for so long at least, and so many datagrams, and counts them.
func floodOf(t *testing.T, d time.Duration, least int64, port string) int64 {
	var sent atomic.Int64
	var strangers sync.WaitGroup
	over := time.Now().Add(d)
	for range 4 {
		strangers.Go(func() {
			conn, err := net.Dial("udp", port)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for things := strangeThings(); time.Now().Before(over) || sent.Load() < least; time.Sleep(2 * time.Millisecond) {
				for _, b := range things {
					_, _ = conn.Write(b) // a full buffer is the flood's
					sent.Add(1)
				}
			}
		})
	}
	strangers.Wait()
	return sent.Load()
}

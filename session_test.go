package tickwire_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
)

// TestSessionWritable: a loop over Events hears of room, too.
func TestSessionWritable(t *testing.T) {
	hub, s := straitPair(t)
	ctx := patiently(t)
	for s.Send(1, make([]byte, 100)) == nil {
	}
	var wg sync.WaitGroup
	stop, cancel := context.WithCancel(ctx)
	wg.Go(func() {
		for range hub.Events(stop) {
		}
	})
	heard := false
	for ev := range s.Events(ctx) {
		if ev.Kind == tickwire.Writable {
			heard = ev.Channel == 1 && ev.Conn == s.Conn()
			break
		}
	}
	if !heard || s.Send(1, make([]byte, 100)) != nil {
		t.Errorf("heard of room: %v", heard)
	}
	cancel()
	wg.Wait()
}

// TestSessionTTL: nobody ticks a Session's clock, and yet a message lives as long as it should.
func TestSessionTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, s := straitPair(t)
		fill(t, s.Conn())
		time.Sleep(300 * time.Millisecond) // the wire is silent
		const ttl = 200 * time.Millisecond
		sent := time.Now()
		r, err := s.Conn().SendWith(1, nil, tickwire.SendOptions{Receipt: true, TTL: ttl})
		must(t, err)
		for ev := range s.Events(t.Context()) {
			if ev.Receipt == r {
				took := time.Since(sent)
				if ev.Kind != tickwire.Lost || ev.Why != tickwire.Expired || took < ttl || took > ttl+10*time.Millisecond {
					t.Errorf("%v (%v) after %v", ev.Kind, ev.Why, took)
				}
				break
			}
		}
		must(t, hub.Close())
	})
}

// TestSessionHears: the loop hears at once of what another goroutine's Send has settled, although no
// packet comes.
func TestSessionHears(t *testing.T) {
	s := dialHub(t, newHub(t), 1)
	heard := make(chan tickwire.Event, 1)
	go func() {
		for ev := range s.Events(t.Context()) {
			if ev.Kind == tickwire.Lost {
				heard <- ev
			}
		}
	}()
	time.Sleep(50 * time.Millisecond) // the handshake has calmed down
	took := shortest(time.Second, func() time.Duration {
		began := time.Now()
		for range 5 {
			r, err := s.Conn().SendWith(unreliable, nil, tickwire.SendOptions{Receipt: true, TTL: -1})
			must(t, err)
			if ev := <-heard; ev.Receipt != r || ev.Why != tickwire.Expired {
				t.Errorf("heard %v", ev)
			}
		}
		return time.Since(began)
	})
	if took > time.Second {
		t.Errorf("it took %v", took)
	}
}

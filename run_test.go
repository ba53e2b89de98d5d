package tickwire_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// bubbleServer listens in memory, on as many sockets, within a bubble of package synctest: its
// time stands still while anybody is at work, and jumps when all wait.
func bubbleServer(t *testing.T, sockets int) (*tickwire.Server, []*mem.Server) {
	t.Helper()
	var all []transport.Socket
	var listening []*mem.Server
	for range sockets {
		s, err := mem.Listen()
		must(t, err)
		all, listening = append(all, s), append(listening, s)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, all...)
	must(t, err)
	return srv, listening
}

// onBoth runs a test with one socket, on which the owner waits itself, and with two.
func onBoth(t *testing.T, f func(t *testing.T, srv *tickwire.Server)) {
	for name, n := range map[string]int{"one socket": 1, "two sockets": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, _ := bubbleServer(t, n)
				f(t, srv)
				srv.Close()
				synctest.Wait()
			})
		})
	}
}

func TestTicks(t *testing.T) {
	onBoth(t, func(t *testing.T, srv *tickwire.Server) {
		t.Log("# steps are equal, numbered, and on time")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		began := time.Now()
		n := uint64(0)
		for tick := range srv.Ticks(ctx, 50) {
			at := began.Add(time.Duration(n) * 20 * time.Millisecond)
			if tick.Number != n || tick.Step != 20*time.Millisecond || !tick.Now.Equal(at) || tick.Late != 0 {
				t.Fatalf("tick %+v, want number %d at %v", tick, n, at)
			}
			if n++; n == 100 {
				cancel()
			}
		}
		if n != 100 {
			t.Errorf("%d ticks after the context ended", n)
		}
	})
}

func TestTicksCatchUp(t *testing.T) {
	onBoth(t, func(t *testing.T, srv *tickwire.Server) {
		began := time.Now()
		var numbers []uint64
		var late []time.Duration
		for tick := range srv.Ticks(t.Context(), 50) {
			numbers, late = append(numbers, tick.Number), append(late, tick.Late/time.Millisecond)
			switch tick.Number {
			case 1:
				time.Sleep(70 * time.Millisecond) // three and a half steps
			case 6:
				time.Sleep(210 * time.Millisecond) // ten and a half
			}
			if tick.Number == 18 {
				t.Log("# no drift: the next step is where it would be without any delay")
				if tick.Now.Sub(began) != 18*20*time.Millisecond {
					t.Errorf("step 18 at %v", tick.Now.Sub(began))
				}
				break
			}
		}
		if want := []uint64{0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 17, 18}; !slices.Equal(numbers, want) {
			t.Errorf("numbers %v, want %v", numbers, want)
		}
		if want := []time.Duration{0, 0, 50, 30, 10}; !slices.Equal(late[:5], want) {
			t.Errorf("late by %v ms, want %v", late[:5], want)
		}
	})
}

func TestTicksEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, srv *tickwire.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range srv.Ticks(ctx, 60) {
			t.Error("a tick after the end")
		}
		n := 0
		for range srv.Ticks(t.Context(), 60) {
			time.Sleep(time.Second) // always late
			if n++; n == 3 {
				srv.Close()
			}
		}
		if n != 3 {
			t.Errorf("%d ticks of a closed server", n)
		}
	})
}

func TestWait(t *testing.T) {
	onBoth(t, func(t *testing.T, srv *tickwire.Server) {
		t.Log("# it returns when the time has come, or has passed")
		began := time.Now()
		must(t, srv.Wait(began.Add(3*time.Second)))
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		must(t, srv.Wait(began))
		t.Log("# it returns when something is posted, which the next Update calls")
		var called []int
		go func() {
			time.Sleep(time.Second)
			srv.Post(func() { called = append(called, 1) })
		}()
		must(t, srv.Wait(time.Time{}))
		if took := time.Since(began); took != 4*time.Second || len(called) != 0 {
			t.Errorf("took %v, called %v", took, called)
		}
		srv.Update(time.Now())
		if len(called) != 1 {
			t.Error("not called")
		}
	})
}

// TestWaitServices: what arrives is acknowledged between the steps of the game.
func TestWaitServices(t *testing.T) {
	for name, sockets := range map[string]int{"one socket": 1, "two sockets": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, listening := bubbleServer(t, sockets)
				defer srv.Close()
				mine, err := listening[sockets-1].Dial()
				must(t, err)
				client, err := tickwire.NewClient(tickwire.ClientConfig{Config: config()}, mine)
				must(t, err)
				defer client.Close()
				token, err := srv.DevToken(1)
				must(t, err)
				conn, err := client.Connect(token)
				must(t, err)
				served := make(chan bool)
				go func() {
					defer close(served)
					for tick := range srv.Ticks(t.Context(), 1) { // a slow game
						srv.Update(tick.Now)
						srv.Flush(tick.Now)
						if tick.Number == 10 {
							return
						}
					}
				}()
				var delivered time.Duration
				for tick := range client.Ticks(t.Context(), 100) {
					client.Update(tick.Now)
					for ev := range client.Events() {
						switch ev.Kind {
						case tickwire.Connected:
							_, err := conn.SendWith(2, []byte("hello"), tickwire.SendOptions{Receipt: true})
							must(t, err)
							delivered = -time.Duration(tick.Now.UnixNano())
						case tickwire.Delivered:
							delivered += time.Duration(tick.Now.UnixNano())
						}
					}
					client.Flush(tick.Now)
					if tick.Number == 300 {
						break
					}
				}
				if delivered <= 0 || delivered > 40*time.Millisecond {
					t.Errorf("delivered after %v", delivered)
				}
				<-served
			})
		})
	}
}

func TestPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := bubbleServer(t, 1)
		const senders, each = 8, 1000
		var wg sync.WaitGroup
		called := 0
		for range senders {
			wg.Go(func() {
				for range each {
					must(t, srv.Post(func() { called++ }))
				}
			})
		}
		go func() {
			wg.Wait()
			srv.Post(func() { srv.Post(func() { srv.Close() }) }) // one Update later
		}()
		for srv.Wait(time.Time{}) == nil {
			srv.Update(time.Now())
		}
		if called != senders*each {
			t.Errorf("%d of %d called", called, senders*each)
		}
		if srv.Post(func() { t.Error("called after Close") }) != tickwire.ErrClosed {
			t.Error("posted after Close")
		}
	})
}

// TestPostFull: what waits is bounded, and the Update makes room.
func TestPostFull(t *testing.T) {
	for most, want := range map[int]int{0: 65536, 10: 10} {
		socket, err := mem.Listen()
		must(t, err)
		cfg := tickwire.ServerConfig{Config: config(), Development: true}
		cfg.MaxPosted = most
		srv, err := tickwire.Listen(cfg, socket)
		must(t, err)
		n, called := 0, 0
		for ; err == nil && n < 100_000; n++ {
			err = srv.Post(func() { called++ })
		}
		if err != tickwire.ErrFull || n != want+1 {
			t.Errorf("MaxPosted %d: the %dth gave %v", most, n, err)
		}
		srv.Update(time.Now())
		if called != n-1 {
			t.Errorf("%d of %d called", called, n-1)
		}
		must(t, srv.Post(func() {}))
		must(t, srv.Close())
	}
}

// A broken socket cannot be waited for any more.
type broken struct{ transport.Socket }

var errBroken = errors.New("broken")

func (broken) Wait(time.Time) (bool, error) { return false, errBroken }

// TestBrokenSocket: whoever waits hears of it each time; who is in a loop of ticks is let go.
func TestBrokenSocket(t *testing.T) {
	for _, n := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			var sockets []transport.Socket
			for range n {
				s, err := mem.Listen()
				must(t, err)
				sockets = append(sockets, broken{s})
			}
			cfg := tickwire.ServerConfig{Config: config(), Development: true}
			srv, err := tickwire.Listen(cfg, sockets...)
			must(t, err)
			for range srv.Ticks(t.Context(), 60) {
			}
			for range 3 {
				if err := srv.Wait(time.Time{}); err != errBroken {
					t.Errorf("error %v", err)
				}
			}
			must(t, srv.Close())
		})
	}
}

package tickwire_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// wantSeats checks how many seats of a server are taken, and how many kept for others.
func wantSeats(t *testing.T, st tickwire.Stats, taken, reserved int) {
	t.Helper()
	if st.Seats.Taken != taken || st.Seats.Reserved != reserved {
		t.Errorf("seats %+v, want %d taken and %d reserved", st.Seats, taken, reserved)
	}
}

// enters connects a player with a token of its own, and reports why that failed.
func (w *world) enters(srv *tickwire.Server, player uint64) (*tickwire.Conn, tickwire.Reason) {
	w.t.Helper()
	conn := w.dial(w.join(nil), srv, player)
	w.until("in or out", func() bool { return conn.Open() || conn.Reason() != tickwire.Reason{} })
	w.run(100*time.Millisecond, nil)
	return conn, conn.Reason()
}

func TestReserve(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxClients = 2 })
	must(t, srv.Reserve(7, w.nw.Now().Add(time.Minute)))
	w.enters(srv, 8)
	wantSeats(t, srv.Stats(), 1, 1)
	t.Log("# the server is full for others, and says until when at most")
	_, r := w.enters(srv, 9)
	wantCode(t, r, tickwire.CodeFull, true)
	if r.RetryAfter < 55*time.Second || r.RetryAfter > time.Minute {
		t.Errorf("retry after %v", r.RetryAfter)
	}
	t.Log("# for the player it is not")
	mine, _ := w.enters(srv, 7)
	if !mine.Open() {
		t.Errorf("not let in: %v", mine.Reason())
	}
	wantSeats(t, srv.Stats(), 2, 0)
	t.Log("# who has left has had it")
	mine.Close(tickwire.CodeNone, "")
	w.run(time.Second, nil)
	if _, ok := srv.Reserved(7); ok {
		t.Error("it is still reserved")
	}
	wantSeats(t, srv.Stats(), 1, 0)
}

// TestReserveComeBack: a game keeps the seats of those who play, and of who dropped out.
func TestReserveComeBack(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxClients = 1 })
	conn, _ := w.enters(srv, 7)
	must(t, srv.Reserve(7, w.nw.Now().Add(30*time.Second)))
	conn.Close(tickwire.CodeNone, "")
	w.run(time.Second, nil)
	wantSeats(t, srv.Stats(), 0, 1)
	_, r := w.enters(srv, 8)
	wantCode(t, r, tickwire.CodeFull, true)
	t.Log("# who does not come back in time finds somebody else")
	w.run(30*time.Second, nil)
	if other, r := w.enters(srv, 8); !other.Open() {
		t.Errorf("the reservation is over, but: %v", r)
	}
}

// TestReserveRefuses: each mistake has an error that says what to do.
func TestReserveRefuses(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxClients = 1 })
	w.run(time.Second, nil)
	var late *tickwire.ConfigError
	if err := srv.Reserve(7, w.nw.Now().Add(-time.Second)); !errors.As(err, &late) || late.Field != "until" {
		t.Errorf("too late: %v", err)
	}
	t.Log("# a time of another process has no monotonic reading, and means the same")
	until := time.Unix(w.nw.Now().Unix()+60, 0)
	must(t, srv.Reserve(7, until))
	if at, ok := srv.Reserved(7); !ok || !at.Equal(until) {
		t.Errorf("reserved until %v (%v), want %v", at, ok, until)
	}
	var full *tickwire.SeatsError
	if err := srv.Reserve(8, until); !errors.As(err, &full) || full.Reserved != 1 || !strings.Contains(err.Error(), "Unreserve") {
		t.Errorf("no seat left: %v", err)
	}
	if srv.Unreserve(8) || !srv.Unreserve(7) {
		t.Error("gave back what there was not, or not what there was")
	}
	t.Log("# for as long as anybody can say")
	must(t, srv.Reserve(8, time.Unix(1<<40, 0)))
	w.run(time.Minute, nil)
	wantSeats(t, srv.Stats(), 0, 1)
	must(t, srv.Close())
	if err := srv.Reserve(8, until); !errors.Is(err, tickwire.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, ok := srv.Reserved(8); ok || srv.Unreserve(8) {
		t.Error("a closed server keeps seats")
	}
}

// TestReservedOnly: a server that lets in nobody else.
func TestReservedOnly(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
		cfg.Admit = func(a tickwire.Applicant) error {
			if !a.Reserved {
				return &tickwire.Refusal{Code: tickwire.CodeRefused, Text: "by invitation"}
			}
			return nil
		}
	})
	must(t, srv.Reserve(7, w.nw.Now().Add(time.Minute)))
	_, r := w.enters(srv, 8)
	wantCode(t, r, tickwire.CodeRefused, true)
	if conn, r := w.enters(srv, 7); !conn.Open() {
		t.Errorf("invited: %v", r)
	}
}

// TestHubReserveEnds: nobody ticks a Hub's clock, and yet a reservation ends.
func TestHubReserveEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket, err := mem.Listen()
		must(t, err)
		srv, err := tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, socket)
		must(t, err)
		hub := tickwire.NewHub(srv)
		t.Cleanup(func() { hub.Close() })
		must(t, hub.Reserve(7, time.Now().Add(time.Second)))
		time.Sleep(time.Second - 1)
		wantSeats(t, hub.Stats(), 0, 1)
		if until, ok := hub.Reserved(7); !ok || time.Until(until) != 1 {
			t.Errorf("reserved until %v, %v", until, ok)
		}
		time.Sleep(time.Hour)
		wantSeats(t, hub.Stats(), 0, 0)
		if _, ok := hub.Reserved(7); ok || hub.Unreserve(7) {
			t.Error("an hour later it is reserved")
		}
		t.Log("# what is over is too late, whenever the Hub last had something to do")
		var late *tickwire.ConfigError
		if err := hub.Reserve(7, time.Now().Add(-time.Minute)); !errors.As(err, &late) {
			t.Errorf("too late: %v", err)
		}
	})
}

// TestHubReserve: backends reserve from any goroutine, and never more than there is.
func TestHubReserve(t *testing.T) {
	hub := newHub(t)
	limit := hub.Stats().Seats.Limit
	until := time.Now().Add(time.Hour)
	var wg sync.WaitGroup
	var mu sync.Mutex
	reserved := 0
	for i := range 8 {
		wg.Go(func() {
			for id := range uint64(limit) {
				id = id<<3 | uint64(i)
				err := hub.Reserve(id, until)
				var full *tickwire.SeatsError
				if err != nil && !errors.As(err, &full) {
					t.Error(err)
				}
				if id%5 == 0 && err == nil && !hub.Unreserve(id) {
					t.Errorf("player %d: not reserved", id)
				}
				if _, ok := hub.Reserved(id); ok {
					mu.Lock()
					reserved++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if reserved != limit {
		t.Errorf("%d reserved of %d", reserved, limit)
	}
	wantSeats(t, hub.Stats(), 0, limit)
	must(t, hub.Close())
	if err := hub.Reserve(1, until); !errors.Is(err, tickwire.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

package tickwire_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
)

// TestWaitNewsTimes: without news it waits as Wait does, to the time or to a Post, and no longer than
// the server lives.
func TestWaitNewsTimes(t *testing.T) {
	onBoth(t, func(t *testing.T, srv *tickwire.Server) {
		began := time.Now()
		must(t, srv.WaitNews(began.Add(time.Second)))
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v, want a second", waited)
		}
		go func() {
			time.Sleep(time.Second)
			must(t, srv.Post(func() {}))
		}()
		must(t, srv.WaitNews(time.Time{}))
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("waited until %v, want two seconds", waited)
		}
		srv.Close()
		if err := srv.WaitNews(time.Time{}); !errors.Is(err, tickwire.ErrClosed) {
			t.Errorf("of a closed server: %v", err)
		}
		synctest.Wait()
	})
}

// TestWaitNewsEcho: a server and a client without ticks, each with a loop that waits for news. Each
// message takes the acknowledgement of the one before it along.
func TestWaitNewsEcho(t *testing.T) {
	p := newTickPair(t)
	defer p.close()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for p.srv.WaitNews(time.Time{}) == nil {
			p.srv.Update(time.Now())
			for b, ok := p.player.Next(2); ok; b, ok = p.player.Next(2) {
				must(t, p.player.Send(2, b))
			}
			p.srv.Flush(time.Now())
		}
	}()
	const n = 500
	end, before := time.Now().Add(20*time.Second), p.client.Stats().Sockets[0].Sent
	for got := range n {
		must(t, p.conn.Send(2, []byte{byte(got)}))
		p.client.Flush(time.Now())
		for back := false; !back; {
			must(t, p.client.WaitNews(end))
			if p.client.Update(time.Now()); time.Now().After(end) {
				t.Fatalf("message %d of %d did not come back", got, n)
			}
			var b []byte
			if b, back = p.conn.Next(2); back && (len(b) != 1 || b[0] != byte(got)) {
				t.Fatalf("message %d came back as %v", got, b)
			}
		}
	}
	if sent := p.client.Stats().Sockets[0].Sent - before; sent > n*5/4 {
		t.Errorf("the client sent %d datagrams with %d messages", sent, n)
	}
	must(t, p.srv.Post(func() { p.srv.Close() }))
	<-over
}

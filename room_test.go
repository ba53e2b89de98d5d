package tickwire_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// strait is a channel of which little fits in the queue, and little is on its way.
var strait = tickwire.NewRawChannel(tickwire.ChannelConfig{
	ID: 1, Delivery: tickwire.ReliableOrdered, MaxMessageBytes: 100, MaxQueuedBytes: 1000, WindowBytes: 1024,
})

// straitPair is a Hub and a Session that have strait, in one process.
func straitPair(t *testing.T) (*tickwire.Hub, *tickwire.Session) {
	t.Helper()
	cfg := tickwire.Config{
		ProtocolID: 7, Channels: tickwire.Channels(strait), Logger: quiet, WindowPoolBytes: -1,
	}
	socket, err := mem.Listen()
	must(t, err)
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	must(t, err)
	hub := tickwire.NewHub(srv)
	t.Cleanup(func() { hub.Close() })
	token, err := hub.DevToken(1)
	must(t, err)
	mine, err := socket.Dial()
	must(t, err)
	s, err := tickwire.Dial(within(t, 10*time.Second), tickwire.ClientConfig{Config: cfg}, token, mine)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return hub, s
}

// TestSendContext: many goroutines send through a strait to a slow reader. All get through, each
// in its order, and nobody has to loop over Events for that.
func TestSendContext(t *testing.T) {
	const senders, each = 8, 100
	hub, s := straitPair(t)
	ctx := within(t, 30*time.Second)
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				b := binary.LittleEndian.AppendUint16([]byte{byte(sender)}, uint16(i))
				if err := s.SendContext(ctx, 1, append(b, make([]byte, 50)...)); err != nil {
					t.Errorf("sender %d, message %d: %v", sender, i, err)
					return
				}
			}
		})
	}
	var got [senders]int
	total := 0
	for ev := range hub.Events(ctx) {
		if ev.Kind != tickwire.Message {
			continue
		}
		sender, i := ev.Payload[0], int(binary.LittleEndian.Uint16(ev.Payload[1:]))
		if got[sender] != i {
			t.Errorf("sender %d: message %d, want %d", sender, i, got[sender])
		}
		got[sender]++
		if total++; total == senders*each {
			break
		}
		if total%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if wg.Wait(); total != senders*each {
		t.Errorf("only %v", got)
	}
}

// block sends until there is no room.
func block(t *testing.T, s *tickwire.Session) {
	t.Helper()
	var err error
	for end := time.Now().Add(5 * time.Second); err == nil && time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err = s.SendContext(ctx, 1, make([]byte, 100))
		cancel()
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("it does not fill up: %v", err)
	}
}

// TestSendContextEnds: waiting ends with the context, and with the connection.
func TestSendContextEnds(t *testing.T) {
	hub, s := straitPair(t)
	block(t, s)
	tired := errors.New("tired of it")
	ctx, cancel := context.WithCancelCause(t.Context())
	waiting := make(chan error, 5)
	go func() { waiting <- s.SendContext(ctx, 1, make([]byte, 100)) }()
	time.Sleep(10 * time.Millisecond)
	cancel(tired)
	if err := <-waiting; err != tired {
		t.Errorf("canceled: %v", err)
	}
	if err := s.SendContext(ctx, 1, nil); err != tired {
		t.Errorf("canceled before: %v", err)
	}
	if err := s.SendContext(t.Context(), 1, make([]byte, 101)); !errors.Is(err, tickwire.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	for range cap(waiting) {
		go func() { waiting <- s.SendContext(t.Context(), 1, make([]byte, 100)) }()
	}
	time.Sleep(10 * time.Millisecond)
	t.Log("# nobody hears of the end but those who wait: no loop over Events is needed")
	must(t, hub.Close())
	for range cap(waiting) {
		select {
		case err := <-waiting:
			if !errors.Is(err, tickwire.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("still waiting")
		}
	}
}

// TestSessionWritable: a loop over Events hears of room, too.
func TestSessionWritable(t *testing.T) {
	hub, s := straitPair(t)
	ctx := within(t, 10*time.Second)
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
	_, s := straitPair(t)
	block(t, s)
	time.Sleep(300 * time.Millisecond) // the wire is silent
	const ttl = 200 * time.Millisecond
	sent := time.Now()
	r, err := s.Conn().SendWith(1, nil, tickwire.SendOptions{Receipt: true, TTL: ttl})
	must(t, err)
	for ev := range s.Events(within(t, 10*time.Second)) {
		if ev.Receipt == r {
			if took := time.Since(sent); ev.Kind != tickwire.Lost || ev.Why != tickwire.Expired || took < ttl {
				t.Errorf("%v (%v) after %v", ev.Kind, ev.Why, took)
			}
			return
		}
	}
	t.Error("it did not expire")
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
	began := time.Now()
	for range 5 {
		r, err := s.Conn().SendWith(unreliable, nil, tickwire.SendOptions{Receipt: true, TTL: -1})
		must(t, err)
		if ev := <-heard; ev.Receipt != r || ev.Why != tickwire.Expired {
			t.Errorf("heard %v", ev)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

package tickwire_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
	s, err := tickwire.Dial(patiently(t), tickwire.ClientConfig{Config: cfg}, token, mine)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return hub, s
}

// only is the error of what sends.
func only(_ tickwire.Receipt, err error) error { return err }

// TestSendContext: many goroutines send through a strait to a slow reader, from either end. All get
// through, each in its order, and nobody has to loop over Events for that.
func TestSendContext(t *testing.T) {
	for _, end := range []string{"player", "server"} {
		t.Run(end, func(t *testing.T) {
			hub, s := straitPair(t)
			ctx := patiently(t)
			conn, events := s.Conn(), hub.Events(ctx)
			if end == "server" {
				for ev := range hub.Events(ctx) {
					conn = ev.Conn
					break
				}
				events = s.Events(ctx)
			}
			throng(t, ctx, conn, events)
		})
	}
}

// throng has eight goroutines send on a Conn, and reads the other end.
func throng(t *testing.T, ctx context.Context, conn *tickwire.Conn, events iter.Seq[tickwire.Event]) {
	const senders, each = 8, 100
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				b := binary.LittleEndian.AppendUint16([]byte{byte(sender)}, uint16(i))
				if _, err := strait.SendContext(ctx, conn, append(b, make([]byte, 50)...), tickwire.SendOptions{}); err != nil {
					t.Errorf("sender %d, message %d: %v", sender, i, err)
					return
				}
			}
		})
	}
	var got [senders]int
	total := 0
	for ev := range events {
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
	}
	if wg.Wait(); total != senders*each {
		t.Errorf("only %v", got)
	}
}

// fill sends until there is no room, and nothing is under way any more.
func fill(t *testing.T, c *tickwire.Conn) (sent int) {
	t.Helper()
	for quiet := 0; quiet < 3; {
		err := c.Send(1, make([]byte, 100))
		switch {
		case err == nil:
			sent++
			quiet = 0
		case errors.Is(err, tickwire.ErrFull):
			quiet++
			time.Sleep(time.Second)
		default:
			t.Fatal(err)
		}
	}
	return sent
}

// TestSendContextInTurn: who waits longest gets in first, whoever comes later with whatever size.
func TestSendContextInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, s := straitPair(t)
		conn := s.Conn()
		old := fill(t, conn)
		const waiting = 50
		for i := range waiting {
			go func() {
				b := make([]byte, 100-i*37%100)
				b[0] = byte(i)
				must(t, only(conn.SendContext(t.Context(), 1, b, tickwire.SendOptions{})))
			}()
			synctest.Wait() // it stands in line
		}
		var got []byte
		for ev := range hub.Events(t.Context()) {
			if ev.Kind != tickwire.Message {
				continue
			}
			if old--; old >= 0 {
				continue
			}
			if got = append(got, ev.Payload[0]); len(got) == waiting {
				break
			}
		}
		if !slices.IsSorted(got) || got[waiting-1] != waiting-1 {
			t.Errorf("in turn: %v", got)
		}
	})
}

// TestSendContextReaders: peers that read slowly, by fits, or never. What SendContext accepted
// arrives; what was given up does not; and who waits gets on with the reader.
func TestSendContextReaders(t *testing.T) {
	for name, pause := range map[string]func(n int) time.Duration{
		"slowly":  func(int) time.Duration { return 20 * time.Millisecond },
		"by fits": func(n int) time.Duration { return time.Duration(n%64/63) * 3 * time.Second },
		"never":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub, s := straitPair(t)
				reader := newReader(t, hub, pause)
				first := s.Conn()
				accepted := manySenders(t, first)
				reader.stop()
				if pause != nil && len(accepted) < 300 {
					t.Errorf("only %d were accepted", len(accepted))
				}
				if pause == nil && len(accepted) > 40 { // a queue, a window, and what is charged for each
					t.Errorf("%d were accepted that nobody reads", len(accepted))
				}
				if !maps.Equal(reader.got, accepted) {
					t.Errorf("%d accepted, %d arrived", len(accepted), len(reader.got))
				}
			})
		})
	}
}

// manySenders has goroutines send under contexts of their own, some of which end early, and returns
// what was accepted.
func manySenders(t *testing.T, c *tickwire.Conn) map[uint16]bool {
	var mu sync.Mutex
	accepted := map[uint16]bool{}
	var wg sync.WaitGroup
	for sender := range 10 {
		random := rand.New(rand.NewPCG(uint64(sender), 1))
		wg.Go(func() {
			for i := range 100 {
				id := uint16(sender<<8 | i)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(4000))*time.Millisecond)
				_, err := c.SendContext(ctx, 1, binary.LittleEndian.AppendUint16(make([]byte, random.IntN(90)), id), tickwire.SendOptions{})
				cancel()
				switch {
				case err == nil:
					mu.Lock()
					accepted[id] = true
					mu.Unlock()
				case !errors.Is(err, context.DeadlineExceeded):
					t.Errorf("message %d of %d: %v", i, sender, err)
				}
			}
		})
	}
	wg.Wait()
	return accepted
}

// A reader takes messages at its own pace, until it is stopped: then at once all that is left.
type reader struct {
	got     map[uint16]bool
	hurry   chan struct{}
	stopped chan struct{}
	cancel  func()
}

func newReader(t *testing.T, hub *tickwire.Hub, pause func(int) time.Duration) *reader {
	ctx, cancel := context.WithCancel(t.Context())
	r := &reader{got: map[uint16]bool{}, hurry: make(chan struct{}), stopped: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(r.stopped)
		if pause == nil {
			<-r.hurry
		}
		for ev := range hub.Events(ctx) {
			if ev.Kind != tickwire.Message {
				continue
			}
			id := binary.LittleEndian.Uint16(ev.Payload[len(ev.Payload)-2:])
			if r.got[id] {
				t.Errorf("message %#x twice", id)
			}
			r.got[id] = true
			if pause != nil {
				select {
				case <-r.hurry:
				case <-time.After(pause(len(r.got))):
				}
			}
		}
	}()
	return r
}

// stop waits until nothing comes any more.
func (r *reader) stop() {
	close(r.hurry)
	time.Sleep(10 * time.Second)
	r.cancel()
	<-r.stopped
}

// TestSendContextInTime: whoever gives up at the very moment at which there is room is told the
// truth about the message.
func TestSendContextInTime(t *testing.T) {
	hub, s := straitPair(t)
	ctx := patiently(t)
	var wg sync.WaitGroup
	var accepted atomic.Int32
	for sender := range 8 {
		random := rand.New(rand.NewPCG(uint64(sender), 2))
		wg.Go(func() {
			for range 2000 {
				brief, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(100))*time.Microsecond)
				if only(s.SendContext(brief, 1, make([]byte, 90), tickwire.SendOptions{})) == nil {
					accepted.Add(1)
				}
				cancel()
			}
		})
	}
	go func() {
		wg.Wait()
		if _, err := s.SendContext(ctx, 1, []byte("that was all"), tickwire.SendOptions{}); err != nil {
			t.Error(err)
		}
	}()
	got := int32(0)
	for ev := range hub.Events(ctx) {
		if ev.Kind != tickwire.Message {
			continue
		}
		if len(ev.Payload) < 90 {
			break
		}
		got++
	}
	if got != accepted.Load() || got < 1000 {
		t.Errorf("%d accepted, %d arrived", accepted.Load(), got)
	}
}

// TestSendContextEnds: waiting ends with the context, and with the connection, whoever ended that.
func TestSendContextEnds(t *testing.T) {
	for name, end := range map[string]func(*tickwire.Hub, *tickwire.Session){
		"here":       func(_ *tickwire.Hub, s *tickwire.Session) { s.Conn().Close(tickwire.CodeNone, "") },
		"there":      func(hub *tickwire.Hub, _ *tickwire.Session) { hub.Conns()[0].Close(tickwire.CodeNone, "") },
		"by Close":   func(_ *tickwire.Hub, s *tickwire.Session) { s.Close() },
		"by the Hub": func(hub *tickwire.Hub, _ *tickwire.Session) { hub.Close() },
		"in order":   func(hub *tickwire.Hub, _ *tickwire.Session) { hub.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub, s := straitPair(t)
				fill(t, s.Conn())
				told := make(chan error, 5)
				for range cap(told) {
					go func() { told <- only(s.SendContext(t.Context(), 1, make([]byte, 100), tickwire.SendOptions{})) }()
				}
				synctest.Wait()
				if len(told) > 0 {
					t.Fatalf("it does not wait: %v", <-told)
				}
				began := time.Now()
				end(hub, s)
				for range cap(told) {
					if err := <-told; !errors.Is(err, tickwire.ErrClosed) {
						t.Errorf("closed: %v", err)
					}
				}
				if d := time.Since(began); d > 3*time.Second {
					t.Errorf("told after %v", d)
				}
			})
		})
	}
}

// TestSendContextGivesUp: each in its own time, with its own cause; the others stay in line.
func TestSendContextGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, s := straitPair(t)
		fill(t, s.Conn())
		tired := errors.New("tired of it")
		ctx, cancel := context.WithCancelCause(t.Context())
		early, late := make(chan error, 1), make(chan error, 1)
		go func() { early <- only(s.SendContext(ctx, 1, make([]byte, 100), tickwire.SendOptions{})) }()
		synctest.Wait()
		go func() { late <- only(s.SendContext(t.Context(), 1, []byte("late"), tickwire.SendOptions{})) }()
		synctest.Wait()
		cancel(tired)
		err := <-early
		if full, ok := errors.AsType[*tickwire.SendError](err); !errors.Is(err, tired) || !errors.Is(err, tickwire.ErrFull) || !ok || full.Channel != 1 {
			t.Errorf("canceled: %v", err)
		}
		if !strings.Contains(err.Error(), "the peer's game does not take what was sent before") {
			t.Errorf("canceled: %v", err)
		}
		if _, err := s.SendContext(ctx, 1, nil, tickwire.SendOptions{}); err != tired {
			t.Errorf("canceled before: %v", err)
		}
		synctest.Wait()
		if len(late) > 0 {
			t.Errorf("there was no room, but: %v", <-late)
		}
		began := time.Now()
		for ev := range hub.Events(t.Context()) {
			if string(ev.Payload) == "late" {
				break
			}
		}
		must(t, <-late)
		t.Log("# when there is room it leaves at once, although nobody else does anything")
		if took := time.Since(began); took > 50*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

// TestSendContextRefuses: what waiting cannot help is an error at once.
func TestSendContextRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := straitPair(t)
		conn, ctx := s.Conn(), t.Context()
		other := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Name: "another"})
		for want, err := range map[error]error{
			tickwire.ErrTooLarge:  only(conn.SendContext(ctx, 1, make([]byte, 101), tickwire.SendOptions{})),
			tickwire.ErrNoChannel: errors.Join(only(conn.SendContext(ctx, 2, nil, tickwire.SendOptions{})), only(other.SendContext(ctx, conn, nil, tickwire.SendOptions{}))),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		_, err := conn.SendContext(ctx, 1, nil, tickwire.SendOptions{Keyed: true})
		if !errors.Is(err, tickwire.ErrOption) {
			t.Errorf("option: %v", err)
		}
		t.Log("# the table of receipts has room when events are read, maybe by this very goroutine")
		for err = nil; err == nil; {
			_, err = strait.SendContext(ctx, conn, nil, tickwire.SendOptions{Receipt: true, TTL: -1})
		}
		if full, ok := errors.AsType[*tickwire.SendError](err); !ok || full.Field != "MaxReceipts" || full.Err != tickwire.ErrFull {
			t.Errorf("receipts: %v", err)
		}
	})
}

// TestSendContextTTL: a message grows old in line as it does in the queue.
func TestSendContextTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, s := straitPair(t)
		fill(t, s.Conn())
		type result struct {
			receipt tickwire.Receipt
			err     error
		}
		sent := make(chan result, 1)
		tooLate := bytes.Repeat([]byte("late"), 25)
		go func() {
			opts := tickwire.SendOptions{Receipt: true, TTL: time.Second}
			r, err := s.Conn().SendContext(t.Context(), 1, tooLate, opts)
			sent <- result{r, err}
		}()
		time.Sleep(5 * time.Second)
		go func() {
			for ev := range hub.Events(t.Context()) {
				if bytes.Equal(ev.Payload, tooLate) {
					t.Error("it came all the same")
				}
			}
		}()
		res := <-sent
		must(t, res.err)
		for ev := range s.Events(t.Context()) {
			if ev.Receipt == res.receipt && ev.Receipt != 0 {
				if ev.Kind != tickwire.Lost || ev.Why != tickwire.Expired {
					t.Errorf("its fate: %v, %v", ev.Kind, ev.Why)
				}
				break
			}
		}
		must(t, hub.Close())
	})
}

// TestSendContextTyped: what waits is what the value was when it was sent.
func TestSendContextTyped(t *testing.T) {
	typed := tickwire.NewChannel[input](strait.Config())
	synctest.Test(t, func(t *testing.T) {
		hub, s := straitPair(t)
		fill(t, s.Conn())
		must(t, s.Send(1, make([]byte, 20))) // what is left of the queue
		sent := make(chan error, 2)
		for i := range cap(sent) {
			go func() {
				sent <- only(typed.SendContext(t.Context(), s.Conn(), input{X: int16(i), Y: 7}, tickwire.SendOptions{}))
			}()
			synctest.Wait()
		}
		if len(sent) > 0 {
			t.Fatalf("it does not wait: %v", <-sent)
		}
		var got []input
		for ev := range hub.Events(t.Context()) {
			if len(ev.Payload) != 4 {
				continue
			}
			in, err := typed.Decode(ev)
			must(t, err)
			if got = append(got, in); len(got) == cap(sent) {
				break
			}
		}
		if !slices.Equal(got, []input{{X: 0, Y: 7}, {X: 1, Y: 7}}) {
			t.Errorf("got %v", got)
		}
	})
}

// TestSendContextNotShared: a loop of ticks cannot wait, and is told what to do.
func TestSendContextNotShared(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	conn := w.open(w.join(nil), srv, 1)
	for _, err := range []error{
		only(conn.SendContext(t.Context(), 2, nil, tickwire.SendOptions{})),
		only(chat.SendContext(t.Context(), players(srv)[0], nil, tickwire.SendOptions{})),
		only(inputs.SendContext(t.Context(), conn, input{}, tickwire.SendOptions{})),
	} {
		if err != tickwire.ErrNotShared || !strings.Contains(err.Error(), "Writable") {
			t.Errorf("error %v", err)
		}
	}
}

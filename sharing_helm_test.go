package tickwire

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport/mem"
)

const lines ChannelID = 1

// A talk is a Session and a Hub that say the same back, or do what they are told.
type talk struct {
	t       *testing.T
	hub     *Hub
	session *Session
	log     record
	hung    chan struct{} // closed at the end: ends the body that hangs
}

// A record keeps what the log was told.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *record) has(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Contains(r.text.String(), text)
}

func talking(t *testing.T) *talk {
	p := &talk{t: t, hung: make(chan struct{})}
	cfg := Config{Logger: slog.New(slog.NewTextHandler(&p.log, nil)), Channels: Channels(NewRawChannel(ChannelConfig{ID: lines, Delivery: ReliableOrdered}))}
	listening, err := mem.Listen()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := Listen(ServerConfig{Config: cfg, Development: true}, listening)
	if err != nil {
		t.Fatal(err)
	}
	p.hub = NewHub(srv)
	go p.answer()
	token, err := p.hub.DevToken(1)
	if err != nil {
		t.Fatal(err)
	}
	socket, err := listening.Dial()
	if err != nil {
		t.Fatal(err)
	}
	if p.session, err = Dial(t.Context(), ClientConfig{Config: cfg}, token, socket); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *talk) close() {
	close(p.hung)
	p.session.Close()
	p.hub.Close()
}

// answer is the loop of the Hub.
func (p *talk) answer() {
	for ev := range p.hub.Events(context.Background()) {
		switch text := string(ev.Payload); {
		case ev.Kind != Message:
		case text == "hang":
			<-p.hung
		case text == "close":
			p.hub.Close()
		case text == "thrice":
			for range 3 {
				ev.Conn.Send(lines, []byte("once"))
			}
			<-p.hung
		default:
			ev.Conn.Send(lines, ev.Payload)
		}
	}
}

// say sends a message, and hears events until one is of a kind, so many times.
func (p *talk) say(text string, kind EventKind, times int) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.t.Context(), time.Second)
	defer stop()
	if _, err := p.session.Conn().SendWith(lines, []byte(text), SendOptions{Receipt: kind == Delivered}); err != nil {
		p.t.Fatal(err)
	}
	for ev := range p.session.Events(ctx) {
		if ev.Kind == kind {
			if times--; times == 0 {
				return
			}
		}
	}
	p.t.Errorf("%s: %d of %v did not come within a second", text, times, kind)
}

// converse says one thing after the other in one loop, after which both loops have the helm.
func (p *talk) converse() {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.t.Context(), time.Second)
	defer stop()
	left := 5
	p.session.Send(lines, []byte("hello"))
	for ev := range p.session.Events(ctx) {
		if ev.Kind != Message {
			continue
		}
		if left--; left == 0 {
			break
		}
		p.session.Send(lines, ev.Payload)
	}
	synctest.Wait()
	if at := p.hub.s.helmsman(); at != atLoop || left != 0 {
		p.t.Errorf("after a conversation of which %d is left the helm is at %d, want at the loop", left, at)
	}
}

func (s *sharing) helmsman() helmsman {
	s.lock()
	defer s.unlock()
	return s.at
}

// TestHelmTakenOver: the service goroutine takes over from a loop whose body takes long, or leaves
// more to be sent than one message.
func TestHelmTakenOver(t *testing.T) {
	for _, c := range []struct {
		text  string
		kind  EventKind
		times int
	}{{"hang", Delivered, 1}, {"thrice", Message, 3}} {
		synctest.Test(t, func(t *testing.T) {
			p := talking(t)
			defer p.close()
			p.converse()
			began := time.Now()
			p.say(c.text, c.kind, c.times)
			p.say("are you there?", Delivered, 1)
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("%s: it took %v", c.text, took)
			}
			if at := p.hub.s.helmsman(); at != atService {
				t.Errorf("%s: the helm is at %d, want at the service goroutine", c.text, at)
			}
		})
	}
}

// TestHelmLeft: a loop that had the helm and ends, at once with its context, gives it back: what
// comes is acknowledged without a loop, and the next one has the helm again.
func TestHelmLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := talking(t)
		defer p.close()
		p.converse()
		ctx, stop := context.WithCancel(t.Context())
		ended, left := make(chan struct{}), 5
		p.session.Send(lines, []byte("hello"))
		go func() {
			defer close(ended)
			for ev := range p.session.Events(ctx) {
				if left--; ev.Kind == Message && left > 0 {
					p.session.Send(lines, ev.Payload)
				}
			}
		}()
		synctest.Wait()
		if at := p.session.s.helmsman(); at != atLoop {
			t.Errorf("after a conversation the helm of the Session is at %d, want at the loop", at)
		}
		began := time.Now()
		stop()
		<-ended
		if at, took := p.session.s.helmsman(), time.Since(began); at != atService || took != 0 {
			t.Errorf("when its context ended the loop did after %v, and the helm is at %d", took, at)
		}
		p.say("hello", Delivered, 1)
		p.converse()
	})
}

// TestHelmClosed: closing ends everything, whoever has the helm: from a body, from elsewhere.
func TestHelmClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := talking(t)
		p.converse()
		p.say("close", Disconnected, 1)
		p.close()
	})
	synctest.Test(t, func(t *testing.T) {
		p := talking(t)
		p.converse()
		if err := p.hub.Close(); err != nil {
			t.Error(err)
		}
		p.close()
	})
}

// TestHelmHears: what a loop takes that has the helm is heard, and the log says that nobody takes
// what comes only when that is so for long.
func TestHelmHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := talking(t)
		defer p.close()
		p.converse()
		p.hub.s.lock()
		p.hub.s.unheard.since = p.hub.s.core.now // news that the loop took after a look at them
		p.hub.s.unlock()
		time.Sleep(2 * time.Duration(unheardFor))
		p.session.Send(lines, []byte("hang"))
		synctest.Wait()
		p.say("are you there?", Delivered, 1)
		for _, late := range []bool{false, true} {
			synctest.Wait()
			if told := p.log.has("nobody takes them"); told != late {
				t.Errorf("the log tells: %v, want %v", told, late)
			}
			time.Sleep(2 * time.Duration(unheardFor))
		}
	})
}

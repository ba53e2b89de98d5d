package tickwire_test

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// The two clocks began three seconds apart, and up takes 50 ms, down 30: each sample shows both
// ways to within the units of the wire.
func TestClockSamples(t *testing.T) {
	const grain = 200 * time.Microsecond
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	w.run(3*time.Second, nil)
	client := w.join(nil)
	conn := w.open(client, srv, 1)
	must(t, w.nw.SetDefault(simnet.LinkConfig{}))
	must(t, w.nw.SetHost(players(srv)[0].RemoteAddr().Addr(), simnet.Links{
		Up: simnet.LinkConfig{Delay: 50 * time.Millisecond}, Down: simnet.LinkConfig{Delay: 30 * time.Millisecond},
	}))
	w.run(time.Second, nil)
	ahead := srv.Clock(w.nw.Now()) - client.Clock(w.nw.Now())
	if ahead < 3*time.Second || ahead > 3*time.Second+100*time.Millisecond {
		t.Fatalf("the server's clock is ahead by %v", ahead)
	}
	for range conn.ClockSamples() {
		t.Fatal("there are samples that nobody asked for")
	}

	samples := 0
	for range 100 {
		must(t, inputs.Send(conn, input{1, 2}))
		w.run(50*time.Millisecond, nil)
		for s := range conn.ClockSamples() {
			samples++
			up, down := s.Arrived-ahead-s.Sent, s.Received-(s.Answered-ahead)
			if (up-50*time.Millisecond).Abs() > grain || (down-30*time.Millisecond).Abs() > grain {
				t.Fatalf("%+v: up %v, down %v, want 50ms and 30ms", s, up, down)
			}
			if s.Received > client.Clock(w.nw.Now()) || s.Answered < s.Arrived {
				t.Fatalf("%+v lies in the future, or backwards", s)
			}
		}
	}
	if samples < 40 {
		t.Errorf("%d samples in five seconds, want ten a second about", samples)
	}
	for range 80 {
		must(t, inputs.Send(conn, input{1, 2}))
		w.run(50*time.Millisecond, nil)
	}
	var first tickwire.ClockSample
	for first = range conn.ClockSamples() {
		break
	}
	rest := 0
	for s := range conn.ClockSamples() {
		rest++
		if s.Received <= first.Received {
			t.Errorf("%+v comes after %+v", s, first)
		}
	}
	if rest != 15 {
		t.Errorf("%d samples were kept beside the first, want the newest 15", rest)
	}
}

package loopback

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// within starts a server in this process, with pipes in place of a process of its own.
func within(t *testing.T) Launcher {
	return func() (io.WriteCloser, io.Reader, func() error, error) {
		fromParent, toServer := io.Pipe()
		fromServer, toParent := io.Pipe()
		over := make(chan error, 1)
		go func() {
			err := Serve(fromParent, toParent)
			toParent.CloseWithError(err)
			over <- err
		}()
		return toServer, fromServer, func() error {
			go io.Copy(io.Discard, fromServer)
			err := <-over
			if err != nil {
				t.Errorf("the server: %v", err)
			}
			return err
		}, nil
	}
}

// TestBenches plays each bench for a moment: every contestant gets messages through, and what it
// counts fits together.
func TestBenches(t *testing.T) {
	trial := Trial{Time: 20 * time.Millisecond}
	for _, b := range []*Bench{Ping(), Flood(), Bulk()} {
		for _, c := range b.Contestants {
			s, err := c.Run(t.Context(), trial)
			if err != nil {
				t.Fatalf("%s: %s: %v", b.Name, c.Name, err)
			}
			if s.Messages == 0 || s.Bytes < int64(s.Messages)*PingBytes || s.Wall < trial.Time {
				t.Errorf("%s: %s: %d messages of %d bytes in %v", b.Name, c.Name, s.Messages, s.Bytes, s.Wall)
			}
			if b.Name == "ping" && len(s.RoundTrips) != s.Messages {
				t.Errorf("%s: %d round trips of %d messages", c.Name, len(s.RoundTrips), s.Messages)
			}
			if b.Name == "bulk" && c.Name != Bare && s.Bytes != int64(s.Messages)*bulkBytes {
				t.Errorf("%s: %d bytes in %d messages of %d", c.Name, s.Bytes, s.Messages, bulkBytes)
			}
		}
	}
}

// TestMost: a trial ends with its count of messages, whatever time there is.
func TestMost(t *testing.T) {
	s, err := barePing(t.Context(), Trial{Time: time.Hour, Most: 100})
	if err != nil || s.Messages != 100 {
		t.Errorf("%d messages, %v; want 100", s.Messages, err)
	}
}

// TestTick plays a small game with each kind of server: its players are served once a tick, and it
// hears each of them once a tick.
func TestTick(t *testing.T) {
	b := Tick(TickConfig{Launch: within(t), Players: 5, CPU: -1})
	for _, c := range b.Contestants {
		for tries := 1; ; tries++ {
			s, err := c.Run(t.Context(), Trial{Time: 200 * time.Millisecond})
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			// A machine that is busy plays fewer ticks; one tick more is at the edges.
			most := int(s.Wall.Seconds()*tickRate+2) * 5 * 2
			if s.Messages > 0 && s.Messages <= most {
				break
			}
			// Where one end waited for a processor, what it found then counts for the time in which it did.
			if tries == 10 {
				t.Errorf("%s: %d messages in %v; want 1 to %d", c.Name, s.Messages, s.Wall, most)
				break
			}
		}
	}
}

// TestIdle: connections that say nothing have memory at both ends, and all of them are made.
func TestIdle(t *testing.T) {
	r, err := Idle(t.Context(), IdleConfig{Launch: within(t), Connections: 60, CPU: -1}, Trial{Time: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{ServerEnd, ClientEnd} { // in one process: each sees both
		if heap := r.Figure(row, "live heap"); heap < 512 || heap > 1<<20 {
			t.Errorf("%s: %.0f bytes a connection", row, heap)
		}
	}
	if len(r.Floors) != 2 {
		t.Errorf("floors: %v", r.Floors)
	}
}

// TestMedians: figures are medians of all rounds, ratios medians of the ratios of each round.
func TestMedians(t *testing.T) {
	var rounds [2]int
	contestant := func(i int, cpu ...time.Duration) Runner {
		return func(context.Context, Trial) (Sample, error) {
			rounds[i]++
			return Sample{Messages: 10, CPU: 10 * cpu[rounds[i]-1], Allocs: 5}, nil
		}
	}
	b := Flood()
	b.Contestants = []Contestant{{Bare, contestant(0, 100, 200, 1000)}, {Stepped, contestant(1, 300, 300, 1000)}}
	r, err := b.Play(t.Context(), Trial{}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for figure, want := range map[string]float64{"CPU": 300, "CPU " + timesBare: 1.5, "allocations": 0.5, "nothing": 0} {
		if got := r.Figure(Stepped, figure); got != want {
			t.Errorf("%s is %v, want %v", figure, got, want)
		}
	}
	text := r.String()
	for _, want := range []string{
		"pass: Server and Client: CPU of both ends, ns a message is 300.0, at most 350.0",
		"short: Server and Client: allocations a message is 0.5, at most 0.01", "not pinned",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// TestBulkFloor: a contestant that was added sets the floor.
func TestBulkFloor(t *testing.T) {
	b := Bulk(Contestant{Name: "other"})
	r := &Report{Rows: []Row{
		{Stepped, []Figure{{"per CPU second", "MB", 250}}}, {Shared, []Figure{{"per CPU second", "MB", 150}}},
		{"other", []Figure{{"per CPU second", "MB", 200}}},
	}}
	var passed []bool
	for _, f := range b.floors(r) {
		if f.Least {
			passed = append(passed, f.Pass())
		}
	}
	if len(passed) != 2 || !passed[0] || passed[1] {
		t.Errorf("250 and 150 against 200: %v", passed)
	}
}

// TestPlayFails: a contestant that fails, or a context that ends, ends the bench with the reason.
func TestPlayFails(t *testing.T) {
	broken := errors.New("broken")
	b := Ping()
	b.Contestants = []Contestant{{"one", func(context.Context, Trial) (Sample, error) { return Sample{}, broken }}}
	if _, err := b.Play(t.Context(), Trial{}, 1); !errors.Is(err, broken) || !strings.Contains(err.Error(), "ping: one") {
		t.Errorf("error %v", err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	stop(broken)
	b.Contestants[0].Run = func(context.Context, Trial) (Sample, error) { return Sample{}, nil }
	if _, err := b.Play(ctx, Trial{}, 1); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// TestServe: a server's process says what is wrong with its first line.
func TestServe(t *testing.T) {
	for line, want := range map[string]string{
		"":                                "unexpected EOF",
		"{":                               "first line",
		`{"kind":"other","cpu":-1}`:       "key",
		`{"kind":"stepped","cpu":-1}`:     "key",
		`{"kind":"stepped","cpu":100000}`: "pinning",
		`{"kind":"x","cpu":-1,"key":"` + strings.Repeat("B", 42) + `A="}`: `"x"`,
	} {
		err := Serve(strings.NewReader(line), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %s", line, err, want)
		}
	}
}

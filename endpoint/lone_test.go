package endpoint

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var loneConfig = Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered}}}

// lones are two that have met.
func lones(t *testing.T) (a, b *Lone, now time.Duration) {
	t.Helper()
	a, err := NewLone(0, loneConfig, Carrier{})
	if err != nil {
		t.Fatal(err)
	}
	b, err = NewLone(0, loneConfig, Carrier{})
	if err != nil {
		t.Fatal(err)
	}
	now = carryLones(a, b, 0, 100*time.Millisecond)
	if !a.Open() || !b.Open() {
		t.Fatal("the two did not meet")
	}
	return a, b, now
}

// carryLones lets time pass between two that are joined by a wire.
func carryLones(a, b *Lone, now, d time.Duration) time.Duration {
	for end := now + d; now < end; now += time.Millisecond {
		for _, way := range [][2]*Lone{{a, b}, {b, a}} {
			way[0].HandleTimeout(now)
			for d := way[0].AppendDatagram(now, nil); len(d) > 0; d = way[0].AppendDatagram(now, nil) {
				way[1].HandleDatagram(now, d)
			}
		}
	}
	return now
}

// TestLoneRefuses: a Lone that could never be of use is not made.
func TestLoneRefuses(t *testing.T) {
	for field, cfg := range map[string]Config{
		"Channels": {},
		"Timeout":  {Channels: loneConfig.Channels, Timeout: 1},
		"MaxPaths": {Channels: loneConfig.Channels, MaxPaths: 1000},
	} {
		l, err := NewLone(0, cfg, Carrier{})
		var wrong *ConfigError
		if l != nil || !errors.As(err, &wrong) || !strings.HasPrefix(wrong.Field, field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	a, _, _ := lones(t)
	if err := a.SetCarrier(Carrier{MaxDatagramBytes: 20}); err == nil || !strings.Contains(err.Error(), "at least") {
		t.Errorf("a carrier of 20 bytes: %v", err)
	}
	if err := a.SetCarrier(Carrier{MaxDatagramBytes: 200}); err != nil {
		t.Error(err)
	}
}

// panics is what a function panics with.
func panics(f func()) (said any) {
	defer func() { said = recover() }()
	f()
	return nil
}

// TestLoneMisused: a Lone that NewLone has not made, and one that is read without Update, say so.
func TestLoneMisused(t *testing.T) {
	var none *Lone
	for name, f := range map[string]func(){
		"nil":  func() { none.Update() },
		"zero": func() { _, _ = new(Lone).Send(1, nil, SendOptions{}) },
	} {
		if said, ok := panics(f).(string); !ok || !strings.Contains(said, "NewLone") {
			t.Errorf("%s: %v", name, said)
		}
	}
	a, b, now := lones(t)
	for name, f := range map[string]func(){
		"event":   func() { a.NextEvent() },
		"message": func() { a.Receive(1) },
	} {
		if said, ok := panics(f).(string); !ok || !strings.Contains(said, "Update") {
			t.Errorf("%s: %v", name, said)
		}
	}
	a.Update()
	if ev, ok := a.NextEvent(); !ok || ev.String() != "Opened" {
		t.Errorf("the event is %v", ev)
	}
	if _, err := b.Send(1, []byte("hi"), SendOptions{}); err != nil {
		t.Error(err)
	}
	carryLones(a, b, now, 100*time.Millisecond)
	if a.Update(); !a.endpointHas("hi") {
		t.Error("nothing came")
	}
}

func (l *Lone) endpointHas(want string) bool {
	m, ok := l.Receive(1)
	return ok && string(m.Bytes()) == want
}

// TestEventString: an event reads as what happened, with what belongs to its kind and nothing else.
func TestEventString(t *testing.T) {
	for want, ev := range map[string]Event{
		"Opened":                              {Kind: Opened},
		"Delivered: receipt 3, channel 1":     {Kind: Delivered, Receipt: 3, Channel: 1},
		"Lost: receipt 3, channel 1: expired": {Kind: Lost, Receipt: 3, Channel: 1, Why: Expired},
		"Writable: channel 2":                 {Kind: Writable, Channel: 2},
		"PathChanged: path 1 is active":       {Kind: PathChanged, Path: 1, State: PathActive},
		"RateChanged: 5000 bytes a second":    {Kind: RateChanged, BytesPerSecond: 5000},
		"Closed: channels differ (by the peer), 2 reliable and 1 unreliable messages not known to have arrived": {
			Kind: Closed, Code: CodeMismatch, Text: "channels differ", Remote: true, Undelivered: 3, Unreliable: 1,
		},
		"Closed: application code 300: bye (by this side), 0 reliable and 0 unreliable messages not known to have arrived": {
			Kind: Closed, Code: 300, Text: "bye",
		},
	} {
		if got := ev.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestLonesDiffer: of two ends with other channels one learns in what they differ, and the other one that
// it is to be read there, if the peer's answer does not say it.
func TestLonesDiffer(t *testing.T) {
	other := Config{Channels: []ChannelConfig{{ID: 1, Delivery: Unreliable}}}
	a, err := NewLone(0, loneConfig, Carrier{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewLone(0, other, Carrier{})
	if err != nil {
		t.Fatal(err)
	}
	carryLones(a, b, 0, 5*time.Second)
	named := 0
	for i, l := range []*Lone{a, b} {
		l.Update()
		ev, ok := l.NextEvent()
		switch {
		case !ok || ev.Kind != Closed || ev.Code != CodeMismatch:
			t.Errorf("end %d: %v", i, ev)
		case strings.Contains(ev.Text, "channel 1 is"):
			named++
		case !strings.Contains(ev.Text, "the rows with this say where"):
			t.Errorf("end %d: %v", i, ev)
		}
	}
	if named == 0 {
		t.Error("nobody learns in what they differ")
	}
}

// TestLoneMarksNothing: a Lone hands on no marks, so its packets ask for none.
func TestLoneMarksNothing(t *testing.T) {
	l, err := NewLone(0, channels(), Carrier{})
	if err != nil {
		t.Fatal(err)
	}
	if !l.end.cfg.DisableECN {
		t.Error("its packets would be marked")
	}
}

// TestNumbersInFlight: a Lone whose packets are not acknowledged stops long before two bytes mean an older
// number; a probe may go on as far as they tell numbers apart.
func TestNumbersInFlight(t *testing.T) {
	l, err := newLone(0, channels(), Carrier{})
	if err != nil {
		t.Fatal(err)
	}
	p := l.path(0)
	for probe, most := range map[int]uint64{0: 1 << 14, 1: 1<<15 - 1} {
		p.loss.probe = probe
		for beyond := range uint64(2) {
			p.next = p.largestAcked + most - 1 + beyond
			if stops := l.outOfNumbers(); stops != (beyond == 1) {
				t.Errorf("%d probes, %d numbers: stops %v", probe, most-1+beyond, stops)
			}
		}
	}
	p.next, p.loss.probe = 0, 0
}

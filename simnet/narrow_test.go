package simnet

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// What rounding left over matters among datagrams that follow each other, and to nobody behind a
// pause.
func TestRateAfterAPause(t *testing.T) {
	l := mustLink(t, LinkConfig{BitsPerSecond: 7_000_000}, 1)
	for i := range int64(20) {
		l.Send(i*10*ms, make([]byte, 972))
		if at, _ := l.Next(); at-i*10*ms != 1_142_857 {
			t.Errorf("datagram %d takes %d ns", i, at-i*10*ms)
		}
		drain(t, l)
	}
}

// Headers that change count for what waits already.
func TestOverheadUnderTheQueue(t *testing.T) {
	cfg := LinkConfig{BitsPerSecond: 80_000, QueueBytes: 3150}
	l := mustLink(t, cfg, 1)
	l.Send(0, make([]byte, 972))
	l.Send(0, make([]byte, 972))
	cfg.OverheadBytes = 128
	if err := l.SetConfig(0, cfg); err != nil {
		t.Fatal(err)
	}
	if l.Send(0, make([]byte, 972)); l.Stats().QueueDropped != 1 {
		t.Errorf("%+v: 3300 bytes wait in a queue of 3150", l.Stats())
	}
	if l.Send(0, make([]byte, 800)); l.Stats().QueueDropped != 1 {
		t.Errorf("%+v: 3128 bytes do not fit a queue of 3150", l.Stats())
	}
}

// A trace that begins while a datagram crosses at a rate is used by the next one: nothing of it
// goes to the one that was nearly through.
func TestTraceBeginsUnderTheQueue(t *testing.T) {
	l := mustLink(t, LinkConfig{BitsPerSecond: 8_000_000}, 1)
	for range 3 {
		l.Send(0, make([]byte, 972))
	}
	if err := l.SetConfig(ms/2, LinkConfig{Trace: mustTrace(t, "10\n20\n")}); err != nil {
		t.Fatal(err)
	}
	checkTimes(t, drain(t, l), 1, 10.5, 20.5)
}

// With jitter that keeps the order, whoever watches a link is told when datagrams arrive: none
// before one that was sent ahead of it.
func TestJitterIsToldInOrder(t *testing.T) {
	l := mustLink(t, LinkConfig{Delay: 10 * time.Millisecond, Jitter: 50 * time.Millisecond}, 1)
	last, told := int64(0), 0
	l.watch = func(p *packet, through int64, lost bool) {
		if told++; p.at < last || through > p.at || lost {
			t.Errorf("datagram %d arrives at %d, the one ahead of it at %d", told, p.at, last)
		}
		last = p.at
	}
	for i := range int64(100) {
		l.Send(i*ms, make([]byte, 100))
	}
	if got := drain(t, l); len(got) != 100 || told != 100 || got[99].at != last {
		t.Errorf("%d arrived, %d told", len(got), told)
	}
}

// The hostile files: each is refused by its line and by what would do.
func TestTracesOfStrangers(t *testing.T) {
	for text, want := range map[string]string{
		"1\n2a\n":                      "line 2 is \"2a\": want a time in milliseconds, digits only",
		"1\n-2\n":                      "line 2 is \"-2\": want a time in milliseconds, digits only",
		"1\n+2\n":                      "digits only",
		"1\n2.5\n":                     "digits only",
		"\ufeff1\n":                    "digits only",
		"1 \n":                         "digits only",
		"1\n\n2\n":                     "line 2 is \"\": want a time in milliseconds",
		"86400001\n":                   "at most 24 hours",
		"99999999999999999999\n":       "at most 24 hours",
		"5\n4\n":                       "line 2 is \"4\": want a time not before the 5 of the line above",
		"0\n0\n":                       "want a line with a time above 0",
		"":                             "want a line with a time above 0",
		strings.Repeat("1", 33):        "want a time in milliseconds",
		strings.Repeat("1", 1<<20):     "not thousands of bytes",
		"\x00":                         "digits only",
		"<html>\n":                     "digits only",
		strings.Repeat("\n", 100):      "line 1 is \"\"",
		"1\n" + strings.Repeat("9", 9): "at most 24 hours",
	} {
		_, err := ReadTrace(strings.NewReader(text))
		var e *TraceError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || len(err.Error()) > 200 {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

// The greatest capacity and the least that a trace can have.
func TestTracesOfAllSizes(t *testing.T) {
	dense := mustTrace(t, strings.Repeat("0\n", 9999)+"1\n")
	l := mustLink(t, LinkConfig{Trace: dense, QueuePackets: -1}, 1)
	for range 20_000 {
		l.Send(0, make([]byte, 1472))
	}
	got := drain(t, l)
	if len(got) != 20_000 || got[0].at != ms || got[19_999].at > 2*ms {
		t.Errorf("%d arrived, the last at %d", len(got), got[len(got)-1].at)
	}
	rare := mustTrace(t, "86400000\n")
	if l = mustLink(t, LinkConfig{Trace: rare}, 1); rare.BitsPerSecond() != 0 {
		t.Errorf("%d bits a second", rare.BitsPerSecond())
	}
	l.Send(0, make([]byte, 100))
	checkTimes(t, drain(t, l), 86_400_000)
	l = mustLink(t, LinkConfig{Trace: rare, TraceOffset: 24 * time.Hour}, 1)
	l.Send(0, make([]byte, 3000)) // three opportunities of it
	checkTimes(t, drain(t, l), 3*86_400_000)
}

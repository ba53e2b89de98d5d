package simnet

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestReadTraceErrors(t *testing.T) {
	for _, tt := range []struct {
		text string
		line int
		want string
	}{
		{"", 1, "time above 0"},
		{"0\n0\n", 3, "time above 0"},
		{"1\n\n2\n", 2, "a time in milliseconds"},
		{"1\n2 \n", 2, "digits only"},
		{"-1\n", 1, "digits only"},
		{"1.5\n", 1, "digits only"},
		{"5\n4\n", 2, "not before the 5"},
		{"86400001\n", 1, "24 hours"},
		{"99999999999999999999\n", 1, "24 hours"},
		{strings.Repeat("1", 33), 1, "a time in milliseconds"},
		{"1\n" + strings.Repeat("1", 10_000), 2, "a line of digits"},
	} {
		_, err := ReadTrace(strings.NewReader(tt.text))
		var e *TraceError
		if !errors.As(err, &e) || e.Line != tt.line || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.20q: got %v; want line %d and %q", tt.text, err, tt.line, tt.want)
		}
	}
	if _, err := ReadTrace(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the reader's error came out as %v", err)
	}
}

func TestReadTraceAccepts(t *testing.T) {
	for text, want := range map[string][]uint32{
		"1":                {1},
		"0\n0\n7\n7\n":     {0, 0, 7, 7},
		"1\r\n2\r\n":       {1, 2},
		"86400000\n":       {86400000},
		"0000000000012\n":  {12},
		"3\n3\n3\n4\n1000": {3, 3, 3, 4, 1000},
	} {
		tr, err := ReadTrace(strings.NewReader(text))
		if err != nil || !slices.Equal(tr.ms, want) {
			t.Errorf("%q: %v, %v", text, tr, err)
		}
	}
}

func TestReadTraceIsBounded(t *testing.T) {
	_, err := ReadTrace(io.LimitReader(repeated("1\n"), 2*(MaxTraceOpportunities+1)))
	var e *TraceError
	if !errors.As(err, &e) || e.Line != MaxTraceOpportunities+1 {
		t.Errorf("a trace of too many lines gave %v", err)
	}
}

// repeated reads as a string without end.
type repeated string

func (r repeated) Read(b []byte) (int, error) {
	n := 0
	for n+len(r) <= len(b) {
		n += copy(b[n:], r)
	}
	return n, nil
}

func TestTraceWriteTo(t *testing.T) {
	tr := mustTrace(t, "0\n3\n3\n12\n")
	var b bytes.Buffer
	n, err := tr.WriteTo(&b)
	if err != nil || n != int64(b.Len()) || b.String() != "0\n3\n3\n12\n" {
		t.Errorf("wrote %q, %d, %v", b.String(), n, err)
	}
	if tr.Opportunities() != 4 || tr.Duration() != 12*time.Millisecond || tr.BitsPerSecond() != 4_000_000 {
		t.Errorf("%d opportunities, %v", tr.Opportunities(), tr)
	}
}

func TestGenerateTrace(t *testing.T) {
	a, err := GenerateTrace(DriveConfig{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := a.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	// The same on every machine and in every version: tests and results refer
	// to it.
	if got, want := fmt.Sprintf("%x", sha256.Sum256(text.Bytes()))[:16], "d40985ac3fd279a3"; got != want {
		t.Errorf("the trace of seed 1 has the hash %s, want %s", got, want)
	}
	back, err := ReadTrace(&text)
	if err != nil || !slices.Equal(a.ms, back.ms) {
		t.Errorf("written and read again it differs: %v", err)
	}
	b, err := GenerateTrace(DriveConfig{}, 2)
	if err != nil || slices.Equal(a.ms, b.ms) {
		t.Errorf("another seed gave the same trace, or %v", err)
	}
	if a.Duration() != 2*time.Minute {
		t.Errorf("it lasts %v", a.Duration())
	}
}

// What makes a trace a drive: it varies over an order of magnitude, and there
// are gaps.
func TestGeneratedTraceLooksLikeADrive(t *testing.T) {
	for seed := range uint64(10) {
		tr, err := GenerateTrace(DriveConfig{}, seed)
		if err != nil {
			t.Fatal(err)
		}
		var perSecond [121]int
		gap, last := uint32(0), uint32(0)
		for _, at := range tr.ms {
			perSecond[at/1000]++
			gap, last = max(gap, at-last), at
		}
		seconds := perSecond[:120]
		slices.Sort(seconds)
		low, high := seconds[12], seconds[107]
		if high < 5*max(low, 1) || high*12 > 24_000 {
			t.Errorf("seed %d: from %d to %d kbit/s is no drive", seed, low*12, high*12)
		}
		if gap < 100 {
			t.Errorf("seed %d: the longest gap is %d ms", seed, gap)
		}
		if bps := tr.BitsPerSecond(); bps < 1_500_000 || bps > 12_000_000 {
			t.Errorf("seed %d: %v", seed, tr)
		}
	}
}

func TestDriveConfig(t *testing.T) {
	for field, cfg := range map[string]DriveConfig{
		"Duration":          {Duration: 2 * time.Hour},
		"PeakBitsPerSecond": {PeakBitsPerSecond: 1},
		"Rungs":             {Rungs: 99},
		"OutageEvery":       {OutageEvery: 1},
		"Outage":            {Outage: -1},
	} {
		_, err := GenerateTrace(cfg, 1)
		var e *ConfigError
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := GenerateTrace(DriveConfig{Duration: time.Hour, PeakBitsPerSecond: 1e9}, 1); err == nil {
		t.Error("an hour at a gigabit was accepted")
	}
	tr, err := GenerateTrace(DriveConfig{OutageEvery: -1, Rungs: 1, PeakBitsPerSecond: 1_000_000}, 1)
	if err != nil {
		t.Fatal(err)
	}
	last := uint32(0)
	for _, at := range tr.ms {
		if at-last > 40 {
			t.Fatalf("a gap of %d ms at a constant megabit", at-last)
		}
		last = at
	}
}

func FuzzReadTrace(f *testing.F) {
	for _, s := range []string{"1\n", "0\n0\n5\n", "10\n9\n", "", "\n", "1\r\n2", "4294967295\n", "x", strings.Repeat("7\n", 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tr, err := ReadTrace(bytes.NewReader(b))
		if err != nil {
			var e *TraceError
			if !errors.As(err, &e) || tr != nil {
				t.Fatalf("error of type %T, trace %v", err, tr)
			}
			return
		}
		var out bytes.Buffer
		if _, err := tr.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		again, err := ReadTrace(&out)
		if err != nil || !slices.Equal(tr.ms, again.ms) {
			t.Fatalf("written and read again: %v", err)
		}
		// Opportunities never go back, and after finds the first one that is later.
		for _, at := range []int64{0, 1, ms, int64(tr.Duration()) - 1, int64(tr.Duration()), 3*int64(tr.Duration()) + 5} {
			slot := tr.after(at)
			if tr.at(slot) <= at || slot > 0 && tr.at(slot-1) > at {
				t.Fatalf("after %d comes slot %d at %d", at, slot, tr.at(slot))
			}
		}
	})
}

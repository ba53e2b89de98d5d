package simnet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"time"
)

// opportunityBytes is what may cross at one line of a trace.
const opportunityBytes = 1500

// Limits of a trace.
const (
	// MaxTraceOpportunities is the largest number of lines: twelve minutes
	// at 100 Mbit/s.
	MaxTraceOpportunities = 6_000_000
	maxTraceTime          = 24 * time.Hour
	maxTraceLine          = 32 // bytes; a time takes eight at most
)

// A Trace is the capacity of a link over time, in the format of the mahimahi
// emulator: each line of a file is a time in milliseconds from the start, never
// smaller than the line before, at which 1500 bytes may cross. A time repeated
// means that several times 1500 may. Smaller datagrams share an opportunity,
// larger ones take several; what nobody waits for at that very time is wasted.
// After the last line the trace starts over, its last time being its length: a
// file that holds just "1" is a link of 12 Mbit/s.
//
// A Trace does not change and may be shared by any number of links.
type Trace struct {
	ms []uint32 // ascending, the last one above zero
}

// A TraceError says which line of a trace cannot be read and why.
type TraceError struct {
	// Line counts from 1.
	Line int
	// Text is what it says, cut short if long.
	Text string
	// Want says what would do.
	Want string
}

func (e *TraceError) Error() string {
	return fmt.Sprintf("simnet: trace line %d is %q: want %s", e.Line, e.Text, e.Want)
}

// ReadTrace reads a trace. The error is a [*TraceError], or that of r.
func ReadTrace(r io.Reader) (*Trace, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4096), 4096)
	t, n, last := new(Trace), 0, uint32(0)
	for lines.Scan() {
		n++
		ms, want := parseTraceLine(lines.Bytes(), last)
		if n > MaxTraceOpportunities {
			want = fmt.Sprintf("at most %d lines", MaxTraceOpportunities)
		}
		if want != "" {
			return nil, &TraceError{n, shorten(lines.Bytes()), want}
		}
		t.ms, last = append(t.ms, ms), ms
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, &TraceError{n + 1, "…", "a line of digits, not thousands of bytes"}
	} else if err != nil {
		return nil, fmt.Errorf("simnet: reading a trace after line %d: %w", n, err)
	}
	if last == 0 {
		return nil, &TraceError{n + 1, "", "a line with a time above 0: the last one is the length of the trace"}
	}
	return t, nil
}

// parseTraceLine returns the time on a line, or what would do instead.
func parseTraceLine(line []byte, last uint32) (ms uint32, want string) {
	if len(line) == 0 || len(line) > maxTraceLine {
		return 0, "a time in milliseconds"
	}
	for _, c := range line {
		if c < '0' || c > '9' {
			return 0, "a time in milliseconds, digits only"
		}
	}
	v, err := strconv.ParseUint(string(line), 10, 32)
	switch {
	case err != nil || v > uint64(maxTraceTime/time.Millisecond):
		return 0, "a time of at most 24 hours (86400000)"
	case uint32(v) < last:
		return 0, fmt.Sprintf("a time not before the %d of the line above", last)
	}
	return uint32(v), ""
}

func shorten(b []byte) string {
	if len(b) > maxTraceLine {
		return string(b[:maxTraceLine]) + "…"
	}
	return string(b)
}

// WriteTo writes the trace in the format that [ReadTrace] reads.
func (t *Trace) WriteTo(w io.Writer) (n int64, err error) {
	buf := bufio.NewWriter(w)
	var line []byte
	for _, ms := range t.ms {
		line = append(strconv.AppendUint(line[:0], uint64(ms), 10), '\n')
		k, err := buf.Write(line)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, buf.Flush()
}

// Duration is the time after which the trace starts over.
func (t *Trace) Duration() time.Duration {
	return time.Duration(t.ms[len(t.ms)-1]) * time.Millisecond
}

// Opportunities is the number of times in the trace.
func (t *Trace) Opportunities() int { return len(t.ms) }

// BitsPerSecond is the mean capacity.
func (t *Trace) BitsPerSecond() int64 {
	return int64(len(t.ms)) * opportunityBytes * 8 * 1000 / int64(t.ms[len(t.ms)-1])
}

// String describes the trace in a few words.
func (t *Trace) String() string {
	return fmt.Sprintf("trace of %v, %d bit/s on average", t.Duration(), t.BitsPerSecond())
}

// at returns when an opportunity is, in nanoseconds from the start. They are
// numbered through: the second round follows the first.
func (t *Trace) at(slot int64) int64 {
	n := int64(len(t.ms))
	return slot/n*int64(t.Duration()) + int64(t.ms[slot%n])*int64(time.Millisecond)
}

// after returns the first opportunity later than at, which is not negative.
// What arrives at the very instant of an opportunity has missed it.
func (t *Trace) after(at int64) int64 {
	round := at / int64(t.Duration())
	at -= round * int64(t.Duration())
	i := sort.Search(len(t.ms), func(i int) bool { return int64(t.ms[i])*int64(time.Millisecond) > at })
	return round*int64(len(t.ms)) + int64(i)
}

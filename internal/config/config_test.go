package config

import (
	"errors"
	"io"
	"testing"
)

// faults are the single errors of a join.
func faults(t *testing.T, err error) []error {
	t.Helper()
	join, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T is no join", err)
	}
	return join.Unwrap()
}

// TestErrorText: field, value and the way out are in one line, and there is always something where
// the value stands.
func TestErrorText(t *testing.T) {
	for want, e := range map[string]*Error{
		"tickwire: Batch is -1: want 1 to 1024":          {"Batch", -1, "1 to 1024"},
		"tickwire: Login is nil: want a function":        {"Login", nil, "a function"},
		`tickwire: Target is "": want host:port`:         {"Target", "", "host:port"},
		"tickwire: Key is zero: want 32 secret bytes":    {"Key", "zero", "32 secret bytes"},
		"tickwire: Channels[2].ID is 0: want 1 to 16383": {"Channels[2].ID", uint16(0), "1 to 16383"},
		"tickwire: Beside is []: want addresses":         {"Beside", []int{}, "addresses"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCheckFindsAll: a check names every wrong field, also those of parts and of their parts, in the
// order in which they were looked at, and nothing that is right.
func TestCheckFindsAll(t *testing.T) {
	var inner, part, whole Check
	inner.That(false, "Loss", 2.0, "a probability")
	part.That(false, "ID", 0, "1 to 16383")
	part.That(true, "Weight", 1, "1 to 65536")
	part.Take("Link", inner.Err())
	whole.That(false, "Queue", -1, "0 or more")
	whole.Take("Channels[2]", part.Err())
	whole.Take("", inner.Err())
	whole.Take("Up", nil)
	var fields []string
	for _, err := range faults(t, whole.Err()) {
		e, ok := err.(*Error)
		if !ok {
			t.Fatalf("%v: %T", err, err)
		}
		fields = append(fields, e.Field)
	}
	want := []string{"Queue", "Channels[2].ID", "Channels[2].Link.Loss", "Loss"}
	if len(fields) != len(want) {
		t.Fatalf("%q, want %q", fields, want)
	}
	for i := range want {
		if fields[i] != want[i] {
			t.Errorf("%q, want %q", fields, want)
		}
	}
}

// TestCheckLeavesErrors: what a part has found stays as it was, also what is no Error of ours.
func TestCheckLeavesErrors(t *testing.T) {
	var whole Check
	if err := whole.Err(); err != nil {
		t.Fatalf("nothing was found: %v", err)
	}
	shared := &Error{"Seed", 0, "another one"}
	whole.Take("Up", shared)
	whole.Take("Up", io.ErrUnexpectedEOF)
	whole.Take("", io.EOF)
	if shared.Field != "Seed" {
		t.Errorf("the part's own error names %s now", shared.Field)
	}
	err := whole.Err()
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, io.EOF) {
		t.Errorf("%v has lost a cause", err)
	}
	if want := "tickwire: Up.Seed is 0: want another one\nUp: unexpected EOF\nEOF"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

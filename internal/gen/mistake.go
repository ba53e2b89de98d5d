package gen

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// A Mistake is something in the source of a package that no code can be generated for. It says
// where, what is wrong, and what would do.
type Mistake struct {
	At   token.Position
	What string // the field as Type.Field, or the type
	Why  string
	Want string // the way out
}

// Error is a line as compilers print it.
func (m *Mistake) Error() string {
	return fmt.Sprintf("%v: %s: %s: want %s", m.At, m.What, m.Why, m.Want)
}

// Mistakes are all that were found in a package, in the order of its source.
type Mistakes []*Mistake

// Error prints each on a line of its own.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// err is nil if there are none.
func (ms Mistakes) err() error {
	if len(ms) == 0 {
		return nil
	}
	slices.SortStableFunc(ms, func(a, b *Mistake) int {
		if c := strings.Compare(a.At.Filename, b.At.Filename); c != 0 {
			return c
		}
		return a.At.Offset - b.At.Offset
	})
	return ms
}

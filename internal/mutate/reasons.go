package main

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed reasons.txt
var reasonsText string

// A reason says why no test need notice a change. It names the change by what it is and where, not
// by the number of a line.
type reason struct {
	dir, in       string // the package and the function
	text          string // the line of source on which the place begins
	before, after string // after is * for whatever is put there
	why           string
}

// readReasons reads entries of the form
//
//	endpoint (*sender).room: n < 0 → n <= 0
//	| if n < 0 {
//	  why, on one line or several
func readReasons(text string) (all []reason, err error) {
	for i, line := range strings.Split(text, "\n") {
		fault := func(want string) error { return fmt.Errorf("reasons.txt:%d: %q: want %s", i+1, line, want) }
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "| "):
			if len(all) == 0 || all[len(all)-1].text != "" {
				return nil, fault("the heading of an entry first")
			}
			all[len(all)-1].text = line[2:]
		case strings.HasPrefix(line, "  "):
			if len(all) == 0 || all[len(all)-1].text == "" {
				return nil, fault("a heading and a line of source first")
			}
			r := &all[len(all)-1]
			r.why = strings.TrimSpace(r.why + " " + strings.TrimSpace(line))
		default:
			place, what, ok := strings.Cut(line, ": ")
			dir, in, ok2 := strings.Cut(place, " ")
			before, after, ok3 := strings.Cut(what, " → ")
			if !ok || !ok2 || !ok3 {
				return nil, fault("package function: before → after")
			}
			all = append(all, reason{dir: dir, in: in, before: before, after: after})
		}
	}
	for _, r := range all {
		if r.text == "" || r.why == "" {
			return nil, fmt.Errorf("reasons.txt: %s %s: %s → %s: has no line of source, or no reason", r.dir, r.in, r.before, r.after)
		}
	}
	return all, nil
}

// meets reports whether the reason is about a change.
func (r *reason) meets(dir string, s *site, c *change) bool {
	return r.dir == dir && r.in == s.in && r.text == s.text && r.before == s.before() && (r.after == "*" || r.after == c.after)
}

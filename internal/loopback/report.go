package loopback

import (
	"fmt"
	"runtime"
	"strings"
	"text/tabwriter"
)

// A Report is what a bench found out, of each figure the median of all rounds.
type Report struct {
	Bench   string   `json:"bench"`
	What    string   `json:"what"`
	Rounds  int      `json:"rounds"`
	Seconds float64  `json:"seconds"` // that a contestant had in a round
	Suite   string   `json:"suite"`   // by which the library seals
	Machine Machine  `json:"machine"`
	Rows    []Row    `json:"rows"`
	Floors  []Floor  `json:"floors"`
	Notes   []string `json:"notes,omitempty"`
}

// A Machine is where it was measured.
type Machine struct {
	System string `json:"system"`
	Arch   string `json:"arch"`
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
	Pinned bool   `json:"pinned"` // to one CPU, both ends
	CPU    int    `json:"cpu"`    // which one that was
}

// ThisMachine tells where the process runs.
func ThisMachine() Machine {
	return Machine{System: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
}

// A Row has the figures of one contestant.
type Row struct {
	Name    string   `json:"name"`
	Figures []Figure `json:"figures"`
}

// A Figure is a number with its unit.
type Figure struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
}

// A Floor is the worst that a figure may be.
type Floor struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Bound float64 `json:"bound"`
	Least bool    `json:"least"` // the value may not be below the bound; otherwise not above it
}

// Pass reports whether the value keeps the bound.
func (f Floor) Pass() bool {
	if f.Least {
		return f.Value >= f.Bound
	}
	return f.Value <= f.Bound
}

// String says what was measured, what was asked for, and "pass" or "short".
func (f Floor) String() string {
	verdict, bound := "short", "at most"
	if f.Pass() {
		verdict = "pass"
	}
	if f.Least {
		bound = "at least"
	}
	return fmt.Sprintf("%s: %s is %s, %s %s", verdict, f.Name, number(f.Value), bound, number(f.Bound))
}

// Figure finds a figure of a contestant; 0 if there is none.
func (r *Report) Figure(row, figure string) float64 {
	for _, w := range r.Rows {
		for _, f := range w.Figures {
			if w.Name == row && f.Name == figure {
				return f.Value
			}
		}
	}
	return 0
}

// String is the report as a table, with the floors below.
func (r *Report) String() string {
	var b strings.Builder
	m := r.Machine
	pinned := "not pinned: each end may have a CPU of its own, and the floors say little"
	if m.Pinned {
		pinned = fmt.Sprintf("all on CPU %d", m.CPU)
	}
	fmt.Fprintf(&b, "%s: %s\n%s/%s, %d CPUs, %s, %s; medians of %d rounds, each of %.3g s; sealed by %s\n\n",
		r.Bench, r.What, m.System, m.Arch, m.CPUs, m.Go, pinned, r.Rounds, r.Seconds, r.Suite)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(r.Rows) > 0 {
		for _, f := range r.Rows[0].Figures {
			fmt.Fprintf(w, "\t%s", f.heading())
		}
		fmt.Fprintln(w, "\t")
	}
	for _, row := range r.Rows {
		fmt.Fprint(w, row.Name)
		for _, f := range row.Figures {
			fmt.Fprintf(w, "\t%s", number(f.Value))
		}
		fmt.Fprintln(w, "\t")
	}
	w.Flush()
	b.WriteByte('\n')
	for _, f := range r.Floors {
		fmt.Fprintln(&b, f)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(&b, n)
	}
	return b.String()
}

func (f Figure) heading() string {
	if f.Unit == "" || f.Unit == "x" {
		return f.Name
	}
	return f.Name + ", " + f.Unit
}

// number shows a value with as many digits as are of use.
func number(v float64) string {
	switch {
	case v == 0 || v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}

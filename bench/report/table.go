package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/tickwire/tickwire/internal/workload"
)

// A group is all lines of one case, whatever their seed.
type group struct {
	of    Case
	lines []Line
}

// grouped sorts lines into cases, in the order of their first appearance.
func grouped(lines []Line) []group {
	var groups []group
	for _, l := range lines {
		own := l.Case
		own.Seed = 0
		i := slices.IndexFunc(groups, func(g group) bool { return g.of == own })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{of: own})
		}
		groups[i].lines = append(groups[i].lines, l)
	}
	return groups
}

// systems are the names of who took part, in the order of their first appearance.
func (g *group) systems() []string {
	var names []string
	for _, l := range g.lines {
		if !slices.Contains(names, l.System) {
			names = append(names, l.System)
		}
	}
	return names
}

// of returns the lines of a system.
func (g *group) linesOf(system string) []Line {
	return slices.DeleteFunc(slices.Clone(g.lines), func(l Line) bool { return l.System != system })
}

// Table writes tables in Markdown: one for each case, with a row for each system, and the machine
// and the versions below. Several seeds give the median.
func Table(w io.Writer, lines []Line) error {
	var b strings.Builder
	for _, g := range grouped(lines) {
		g.table(&b)
	}
	legend(&b, lines)
	_, err := io.WriteString(w, b.String())
	return err
}

func (g *group) table(b *strings.Builder) {
	columns := g.columns()
	fmt.Fprintf(b, "### %s\n\n| |", g.of)
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", strings.TrimSuffix(c.Name+", "+c.Unit, ", "))
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(columns)) + "\n")
	for _, name := range g.systems() {
		own := g.linesOf(name)
		fmt.Fprintf(b, "| %s |", name)
		if i := slices.IndexFunc(own, func(l Line) bool { return l.Error == "" }); i < 0 {
			fmt.Fprintf(b, " %s |%s\n", strings.ReplaceAll(own[0].Error, "\n", "; "), strings.Repeat(" |", len(columns)-1))
			continue
		}
		for _, c := range columns {
			fmt.Fprintf(b, " %s |", c.format(own))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

// columns are the figures that any line has, in order.
func (g *group) columns() []Figure {
	var columns []Figure
	for _, l := range g.lines {
		for _, f := range l.Figures {
			if !slices.ContainsFunc(columns, func(c Figure) bool { return c.Name == f.Name }) {
				columns = append(columns, Figure{Name: f.Name, Unit: f.Unit})
			}
		}
	}
	if g.of.Workload != workload.Bulk.String() {
		columns = append(columns, Figure{Name: missing, Unit: "messages"})
	}
	return columns
}

const missing = "missing"

// format is the median of the figure in the lines.
func (f Figure) format(lines []Line) string {
	var values []float64
	for _, l := range lines {
		if l.Error != "" {
			continue
		}
		if f.Name == missing {
			values = append(values, float64(l.Missing))
		}
		for _, own := range l.Figures {
			if own.Name == f.Name && own.Value != nil {
				values = append(values, *own.Value)
			} else if own.Name == f.Name {
				values = append(values, math.Inf(1))
			}
		}
	}
	if len(values) == 0 {
		return ""
	}
	slices.Sort(values)
	switch v := values[(len(values)-1)/2]; {
	case math.IsInf(v, 1):
		return "never"
	case f.Unit == "ms" || f.Unit == "%":
		return fmt.Sprintf("%.1f", v)
	case f.Unit == "B" || f.Name == missing:
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// legend says who took part, and where it was measured.
func legend(b *strings.Builder, lines []Line) {
	seen := map[string]bool{}
	once := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); !seen[s] {
			seen[s] = true
			b.WriteString(s)
		}
	}
	for _, l := range lines {
		about := slices.Clone(l.Notes)
		if l.Version != "" {
			about = append([]string{l.Version}, about...)
		}
		if len(about) > 0 {
			once("- %s: %s\n", l.System, strings.Join(about, "; "))
		}
	}
	once("\n")
	for _, l := range lines {
		m := l.Machine
		once("Measured %s on %s, %d cores, %s, %s.\n", l.Date, m.Processor, m.Cores, m.Kernel, m.Go)
	}
	conditions(b, lines)
}

// conditions says how long was measured, and how quiet the machine was.
func conditions(b *strings.Builder, lines []Line) {
	if len(lines) == 0 {
		return
	}
	longest, runs := 0.0, len(lines)
	loads := make([]float64, 0, runs)
	shortest := lines[0].Case.Seconds
	for _, l := range lines {
		longest, shortest = max(longest, l.Case.Seconds), min(shortest, l.Case.Seconds)
		loads = append(loads, l.Load)
	}
	slices.Sort(loads)
	fmt.Fprintf(b, "%d runs of %g to %g s. Load of the machine before each: %.1f to %.1f, half of them below %.1f.\n",
		runs, shortest, longest, loads[0], loads[runs-1], loads[runs/2])
}

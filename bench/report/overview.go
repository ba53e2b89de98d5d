package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tickwire/tickwire/internal/workload"
)

// brief is what the overview shows of each workload.
var brief = []struct {
	kind    workload.Kind
	title   string
	figures []workload.Figure
}{
	{workload.Stream, "60 messages a second: latency p95 / p99, ms / bytes for each with all headers", []workload.Figure{workload.LatencyP95, workload.LatencyP99, workload.MessageBytes}},
	{workload.Bulk, "A transfer that is always full: goodput, Mbit/s / bytes sent for each received", []workload.Figure{workload.Goodput, workload.Overhead}},
	{workload.Mixed, "Both over one connection: latency p99, ms / goodput, Mbit/s", []workload.Figure{workload.LatencyP99, workload.Goodput}},
}

// overview writes a table for each workload, with a column for each case.
func overview(b *strings.Builder, groups []group) {
	for _, o := range brief {
		own := slices.DeleteFunc(slices.Clone(groups), func(g group) bool { return g.of.Workload != o.kind.String() })
		if len(own) < 2 {
			continue
		}
		all := group{}
		fmt.Fprintf(b, "**%s**\n\n| |", o.title)
		for i, g := range own {
			fmt.Fprintf(b, " %s |", differs(own, i))
			all.lines = append(all.lines, g.lines...)
		}
		b.WriteString("\n|---|" + strings.Repeat("--:|", len(own)) + "\n")
		for _, name := range all.systems() {
			fmt.Fprintf(b, "| %s |", name)
			for _, g := range own {
				fmt.Fprintf(b, " %s |", glance(g.linesOf(name), o.figures))
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
}

// glance is the figures of one system in one case.
func glance(lines []Line, figures []workload.Figure) string {
	var parts []string
	for _, f := range figures {
		if s := (Figure{Name: f.Name, Unit: f.Unit}).format(lines); s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 && len(lines) > 0 {
		return "failed"
	}
	return strings.Join(parts, " / ")
}

// differs is the part of a case's description that not all of the groups have.
func differs(groups []group, i int) string {
	parts := strings.Split(groups[i].of.String(), ", ")
	parts = slices.DeleteFunc(parts, func(part string) bool {
		return !slices.ContainsFunc(groups, func(g group) bool {
			return !slices.Contains(strings.Split(g.of.String(), ", "), part)
		})
	})
	return strings.Join(parts, ", ")
}

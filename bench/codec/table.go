package codec

import (
	"fmt"
	"math"
	"strings"
)

// Table is the rows in Markdown, the best of each message in bold, and below it ours beside the best of the
// others.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| message | format | bytes | write, ns | read, ns | allocations to write | to read |\n|---|---|--:|--:|--:|--:|--:|\n")
	for _, message := range Messages {
		own, name := rowsOf(rows, message), message
		for _, r := range own {
			fmt.Fprintf(&b, "| %s | %s |", name, r.Format)
			for _, f := range figures {
				format := " %s |"
				if f.of(&r) == least(own, f, nil).value {
					format = " **%s** |"
				}
				fmt.Fprintf(&b, format, digits(f.of(&r)))
			}
			fmt.Fprintf(&b, " %s | %s |\n", allocs(r.Encode.Allocs), allocs(r.Decode.Allocs))
			name = ""
		}
	}
	b.WriteString("\nOurs, as a part of the best of the others; above 1 it has more bytes, or takes longer:\n\n| message | bytes | write | read |\n|---|--:|--:|--:|\n")
	for _, message := range Messages {
		fmt.Fprintf(&b, "| %s |", message)
		for _, f := range figures {
			p := part(rowsOf(rows, message), f)
			fmt.Fprintf(&b, " %.2f of %s |", p.value, p.format)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// A figure is one of a row's, less is better.
type figure struct {
	name string
	of   func(r *Row) float64
}

var figures = []figure{
	{"bytes", func(r *Row) float64 { return float64(r.Bytes) }},
	{"ns to write", func(r *Row) float64 { return r.Encode.Ns }},
	{"ns to read", func(r *Row) float64 { return r.Decode.Ns }},
}

func rowsOf(rows []Row, message string) (own []Row) {
	for _, r := range rows {
		if r.Message == message {
			own = append(own, r)
		}
	}
	return own
}

// A mark is a value, and who has it.
type mark struct {
	value  float64
	format string
}

// least is the least that any format has, but for those that are left out.
func least(rows []Row, f figure, without func(r *Row) bool) mark {
	best := mark{value: math.Inf(1)}
	for i := range rows {
		if r := &rows[i]; (without == nil || !without(r)) && f.of(r) < best.value {
			best = mark{f.of(r), r.Format}
		}
	}
	return best
}

// ourOwn is our value.
func ourOwn(rows []Row, f figure) float64 {
	return least(rows, f, func(r *Row) bool { return r.Format != Ours }).value
}

// part is our value as a part of the least of the others.
func part(rows []Row, f figure) mark {
	others := least(rows, f, func(r *Row) bool { return r.Format == Ours })
	return mark{ourOwn(rows, f) / others.value, others.format}
}

// digits leaves three of them.
func digits(v float64) string {
	if v >= 100 || v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// allocs are whole, as far as the calls make them: what the runtime allocates meanwhile is less than a half.
func allocs(v float64) string { return fmt.Sprintf("%.0f", v) }

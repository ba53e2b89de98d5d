package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// A report is what became of a sample.
type report struct {
	rows  []*row
	left  []survivor // without a reason
	fixed int
}

// A survivor is printed as its entry in reasons.txt would begin.
type survivor struct {
	dir string
	*mutant
}

// A row counts the mutants of one file, or of all.
type row struct {
	name                                   string
	all, caught, beside, hung, known, left int
}

func (r *row) count(v verdict, known bool) {
	r.all++
	switch {
	case v.How == hung:
		r.hung++
	case v.How == caught && v.Beside != "":
		r.beside++
	case v.How == caught:
		r.caught++
	case known:
		r.known++
	default:
		r.left++
	}
}

// sum adds the row of a package.
func (r *row) sum(o *row) {
	r.all, r.caught, r.beside, r.hung = r.all+o.all, r.caught+o.caught, r.beside+o.beside, r.hung+o.hung
	r.known, r.left = r.known+o.known, r.left+o.left
}

// share is the part that the tests notice, of those that they could.
func (r *row) share() string {
	if r.all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(r.caught+r.beside+r.hung)/float64(r.all))
}

// add counts the mutants of a pack.
func (t *report) add(p *pack, reasons []reason) {
	total := &row{name: p.dir}
	files := map[*file]*row{}
	t.rows = append(t.rows, total)
	for _, m := range p.mutants {
		r := files[m.file]
		if r == nil {
			r = &row{name: "  " + m.file.name}
			files[m.file], t.rows = r, append(t.rows, r)
		}
		known := slices.ContainsFunc(reasons, func(r reason) bool { return r.meets(p.dir, m.site, &m.change) })
		r.count(m.verdict, known)
		total.count(m.verdict, known)
		if !m.verdict.isCaught() && !known {
			t.left = append(t.left, survivor{p.dir, m})
		}
	}
	t.fixed += p.fixed
}

func (t *report) print(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "mutants\tcaught\tby others\thung\twith a reason\tleft\tcaught of all\t  ")
	all := &row{name: "all of it"}
	for _, r := range append(t.rows, all) {
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%d\t%s\t  %s\n", r.all, r.caught, r.beside, r.hung, r.known, r.left, r.share(), r.name)
		if r.name[0] != ' ' {
			all.sum(r)
		}
	}
	table.Flush()
	fmt.Fprintf(w, "\n%d values must be constant, and have no mutants where they are declared; their uses have.\n", t.fixed)
	for _, l := range t.left {
		m := l.mutant
		fmt.Fprintf(w, "\n%s %s: %s → %s\n| %s\n  %s:%d, %s: ", l.dir, m.in, m.before(), m.after, m.text, m.file.name, m.line, m.kind)
		if m.verdict.How == unreached {
			fmt.Fprintln(w, "no test comes by")
		} else {
			fmt.Fprintf(w, "survived %d tests, to %s\n", m.verdict.Tests, m.verdict.Last)
		}
	}
}

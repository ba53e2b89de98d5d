package main

import (
	"fmt"
	"go/ast"
	"math/rand/v2"
	"slices"
	"strings"
)

// A site is a place in the source at which something can be changed.
type site struct {
	file    *file
	node    ast.Node
	line    int
	in      string // the function, as in "(*Client).Update", or the variable
	text    string // the line on which the place begins
	changes []change
}

// A change is one thing that can be done to a site.
type change struct {
	kind  string
	after string // the place as it would read
	// write gives the code that stands at the place: it behaves as before, and as after when the
	// mutant of this number is chosen. inner is a part of the place with the sites in it.
	write func(number int, inner func(ast.Node) string) string
}

// A mutant is a site with one of its changes.
type mutant struct {
	*site
	change
	verdict verdict
}

func (s *site) before() string { return fold(s.file.between(s.node.Pos(), s.node.End())) }

func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d %s: %s: %s → %s", m.file.name, m.line, m.in, m.kind, m.before(), m.after)
}

// place names the mutant among all of one source.
func (m *mutant) place() string {
	at := m.node.Pos() - m.file.start
	return fmt.Sprintf("%s#%d-%d %s", m.file.name, at, m.node.End()-m.file.start, m.after)
}

// fold puts source that may go over lines on one.
func fold(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "// ")
		lines = append(lines, strings.Fields(line)...)
	}
	return strings.Join(lines, " ")
}

// sample gives each pack its share of n mutants, at random sites, one of each site; n = 0 takes all.
func sample(packs []*pack, n int, seed uint64) {
	total := 0
	for _, p := range packs {
		total += len(p.sites)
	}
	if n == 0 || n > total {
		n = total
	}
	for _, p := range packs {
		take := 0
		if total > 0 {
			take = (n*len(p.sites) + total/2) / total
		}
		n, total = n-take, total-len(p.sites)
		p.mutants = p.draw(take, rand.New(rand.NewPCG(seed, 0)))
	}
}

// draw returns n mutants in the order of the source.
func (p *pack) draw(n int, random *rand.Rand) []*mutant {
	order := random.Perm(len(p.sites))
	choice := make([]int, len(p.sites))
	for i, s := range p.sites {
		choice[i] = random.IntN(len(s.changes))
	}
	chosen := order[:n]
	slices.Sort(chosen)
	var mutants []*mutant
	for _, i := range chosen {
		mutants = append(mutants, &mutant{site: p.sites[i], change: p.sites[i].changes[choice[i]]})
	}
	return mutants
}

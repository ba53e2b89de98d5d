package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A trial runs the tests of one pack with its mutants.
type trial struct {
	*pack
	seen  string  // file into which a run writes the mutants that it came by
	tests []*test // those that pass without a mutant
}

// A test is one function of a suite, run alone.
type test struct {
	*suite
	name string
	took time.Duration
	seen []byte // by the number of the mutant
	hits int    // mutants that it has caught
}

// worth compares tests by what they cost for each mutant that they catch, as far as that is known. The
// pack's own come first.
func (a *test) worth(b *test) int {
	return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.took/time.Duration(1+a.hits), b.took/time.Duration(1+b.hits)))
}

const (
	// maxMemoryKiB is the address space of one process, many times what the tests use.
	maxMemoryKiB = 8 << 20
	// slowest is what a test may take alone.
	slowest = 5 * time.Minute
	// slack is how much slower a test may become before it counts as caught.
	slack = 10
	// firstLeg is the time that the first of the legs takes without a mutant; each is longer than
	// the one before, so that what is easily noticed is cheap.
	firstLeg  = 200 * time.Millisecond
	legGrowth = 5
)

// try gives each mutant of the pack a verdict.
func (p *pack) try(kept *verdicts, progress io.Writer) error {
	open := kept.open(p)
	if open == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(progress, "%s: %d mutants, %d of them to be tried\n", p.dir, len(p.mutants), open)
	t := &trial{pack: p, seen: filepath.Join(dir, "seen")}
	suites, err := p.build(dir)
	if err != nil {
		return err
	}
	for _, s := range suites {
		if err := t.measure(s, progress); err != nil {
			return err
		}
	}
	// In any order, so that a run which is cut short says something about all files.
	for _, i := range rand.New(rand.NewPCG(uint64(len(p.mutants)), 0)).Perm(len(p.mutants)) {
		m := p.mutants[i]
		if m.verdict.How != "" {
			continue
		}
		if m.verdict, err = t.judge(i + 1); err != nil {
			return err
		}
		if err := kept.add(p, m); err != nil {
			return err
		}
		if m.verdict.How == survived {
			fmt.Fprintln(progress, m)
		}
		if open--; open%50 == 0 {
			fmt.Fprintf(progress, "%s: %d to go\n", p.dir, open)
		}
	}
	return nil
}

// measure runs each test of a suite alone, without a mutant.
func (t *trial) measure(s *suite, progress io.Writer) error {
	listed := exec.Command(s.program, "-test.list", ".")
	listed.Dir = s.path
	out, err := listed.Output()
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(out)) {
		if strings.HasPrefix(name, "Benchmark") || s.skip != nil && s.skip.MatchString(name) || s.only != nil && !s.only.MatchString(name) {
			continue
		}
		if err := os.RemoveAll(t.seen); err != nil {
			return err
		}
		start := time.Now()
		how, complaint, err := t.run(s, 0, []string{name}, slowest)
		if err != nil {
			return err
		}
		if how != survived {
			fmt.Fprintf(progress, "%s fails with the marks of mutants alone, and is left out:\n%s", name, complaint)
			continue
		}
		one := &test{suite: s, name: name, took: time.Since(start)}
		one.seen, err = os.ReadFile(t.seen)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a program without the pack
		}
		if err != nil {
			return err
		}
		t.tests = append(t.tests, one)
	}
	return nil
}

// judge runs the tests that come by a mutant until one fails.
func (t *trial) judge(number int) (verdict, error) {
	var all []*test
	for _, one := range t.tests {
		if one.seen[number] != 0 {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, (*test).worth)
	v := verdict{How: survived, Tests: len(all)}
	if len(all) == 0 {
		v.How = unreached
	}
	for leg := firstLeg; len(all) > 0; leg *= legGrowth {
		asked := all
		s, names, took := all[0].suite, []string{all[0].name}, all[0].took
		for all = all[1:]; len(all) > 0 && all[0].suite == s && took+all[0].took <= leg; all = all[1:] {
			names, took = append(names, all[0].name), took+all[0].took
		}
		how, complaint, err := t.run(s, number, names, max(slack*took, t.patience))
		if err != nil {
			return v, err
		}
		if how != survived {
			v.How, v.By, v.Beside = how, firstFailure(complaint), s.dir
			if i := slices.IndexFunc(asked, func(one *test) bool { return one.name == v.By }); i >= 0 {
				asked[i].hits++
			}
			return v, nil
		}
		v.Last = names[len(names)-1]
	}
	return v, nil
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// firstFailure names the test that failed, if it lived to say so.
func firstFailure(output []byte) string {
	if m := failure.FindSubmatch(output); m != nil {
		return string(m[1])
	}
	line, _, _ := bytes.Cut(output, []byte("\n"))
	return string(line)
}

// run has tests run with one mutant, or with none: how is survived if all of them pass.
func (t *trial) run(s *suite, number int, tests []string, limit time.Duration) (how string, output []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", fmt.Sprintf(`ulimit -v %d; exec "$@"`, maxMemoryKiB), "sh", s.program,
		"-test.failfast", "-test.run", "^("+strings.Join(tests, "|")+")$")
	cmd.Dir = s.path
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), "TICKWIRE_MUTANT="+strconv.Itoa(number))
	if number == 0 {
		cmd.Env = append(cmd.Env, "TICKWIRE_MUTANTS_SEEN="+t.seen)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return hung, out.Bytes(), nil
	case err == nil:
		return survived, out.Bytes(), nil
	case errors.As(err, &exit):
		return caught, out.Bytes(), nil
	}
	return "", nil, err
}

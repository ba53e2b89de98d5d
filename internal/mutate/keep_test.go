package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReasons looks for the place of each reason in the source: one whose place has changed is
// thought about again.
func TestReasons(t *testing.T) {
	reasons, err := readReasons(reasonsText)
	if err != nil {
		t.Fatal(err)
	}
	packs := map[string]*pack{}
	said := map[reason]bool{}
	for _, r := range reasons {
		if packs[r.dir] == nil {
			if packs[r.dir], err = load(filepath.Join("..", "..", r.dir)); err != nil {
				t.Fatal(err)
			}
		}
		met := 0
		for _, s := range packs[r.dir].sites {
			for _, c := range s.changes {
				if r.meets(r.dir, s, &c) {
					met++
				}
			}
		}
		if met == 0 {
			t.Errorf("%s %s: %s → %s\n| %s\nis nowhere in the source", r.dir, r.in, r.before, r.after, r.text)
		}
		why := r.why
		if r.why = ""; said[r] {
			t.Errorf("%s %s: %s → %s has two reasons, the second: %s", r.dir, r.in, r.before, r.after, why)
		}
		said[r] = true
	}
}

func TestReasonsThatNobodyUnderstands(t *testing.T) {
	const good = "game Spin: 1 → 1 + 1\n| x := 1\n  because\n  of that\n"
	all, err := readReasons("# first\n\n" + good)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	want := reason{dir: "game", in: "Spin", text: "x := 1", before: "1", after: "1 + 1", why: "because of that"}
	if all[0] != want {
		t.Errorf("read %+v, want %+v", all[0], want)
	}
	for text, complaint := range map[string]string{
		"| x := 1\n":                    ":1:",
		"  because\n":                   ":1:",
		"game Spin: 1 → 2\n  because\n": ":2:",
		good + "| y\n":                  ":5:",
		"game Spin 1 → 2\n":             ":1:",
		"game: 1 → 2\n":                 ":1:",
		"game Spin: 1\n":                ":1:",
		"game Spin: 1 → 2\n| x\n":       "no reason",
		"game Spin: 1 → 2\n\ngame Spin: 2 → 3\n| x\n": "no line",
	} {
		if _, err := readReasons(text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q: %v, want a complaint with %q", text, err, complaint)
		}
	}
}

// TestGoOn stops a run, and goes on with it: verdicts are read again, those of survivors only as
// long as the tests are the same, and none when the source is another.
func TestGoOn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "below", "verdicts")
	fresh := func() *pack {
		p, err := load("testdata/game")
		if err != nil {
			t.Fatal(err)
		}
		p.mutants = p.turn(0)[:3]
		return p
	}
	p := fresh()
	v, err := openVerdicts(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, how := range []string{caught, survived, hung} {
		p.mutants[i].verdict = verdict{How: how, By: "TestRound", Tests: i}
		if err := v.add(p, p.mutants[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.file.WriteString(`{"Package":"cut sh`); err != nil {
		t.Fatal(err)
	}
	if err := v.close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(p *pack)
		open   int
	}{
		{func(*pack) {}, 0},
		{func(p *pack) { p.tested = "others" }, 1},
		{func(p *pack) { p.source = "another" }, 3},
		{func(p *pack) { p.dir = "elsewhere" }, 3},
	} {
		v, err := openVerdicts(name)
		if err != nil {
			t.Fatal(err)
		}
		q := fresh()
		c.change(q)
		if got := v.open(q); got != c.open {
			t.Errorf("%d are to be tried, want %d", got, c.open)
		}
		if m := q.mutants[0]; c.open < 3 && m.verdict != p.mutants[0].verdict {
			t.Errorf("the verdict on %v is %+v, want %+v", m, m.verdict, p.mutants[0].verdict)
		}
		if err := v.close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
}

// TestReport counts what became of mutants, and prints those that nobody has a reason for.
func TestReport(t *testing.T) {
	p, err := load("testdata/game")
	if err != nil {
		t.Fatal(err)
	}
	p.mutants = p.turn(0)[:5]
	for i, how := range []string{caught, hung, caught, survived, unreached} {
		p.mutants[i].verdict = verdict{How: how, Tests: 1, Last: "TestSpin"}
	}
	known := p.mutants[3]
	var all report
	all.add(p, []reason{{dir: p.dir, in: known.in, text: known.text, before: known.before(), after: "*", why: "so it is"}})
	var out strings.Builder
	all.print(&out)
	for _, want := range []string{"60.0 %", "  all of it", p.mutants[4].before() + " → " + p.mutants[4].after, "| " + p.mutants[4].text, "no test comes by"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), known.before()+" → "+known.after) {
		t.Errorf("what has a reason is among the rest:\n%s", out.String())
	}
}

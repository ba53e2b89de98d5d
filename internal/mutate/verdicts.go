package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// How a mutant can end.
const (
	caught    = "caught"
	hung      = "hung" // caught too: the tests took ten times as long, or for ever
	survived  = "survived"
	unreached = "unreached" // survived, since no test comes by
)

// A verdict is what became of one mutant.
type verdict struct {
	How    string
	By     string `json:",omitempty"` // the test that noticed
	Beside string `json:",omitempty"` // whose test that is, if not the package's own
	Tests  int    // how many come by
	Last   string `json:",omitempty"` // of a survivor, the slowest of them
}

func (v verdict) isCaught() bool { return v.How == caught || v.How == hung }

// A line is a verdict as it is kept.
type line struct {
	Package, Source, Tests, Mutant string
	Verdict                        verdict
}

// verdicts is the file in which they are kept, one on each line, the newest last.
type verdicts struct {
	file *os.File
	old  map[[3]string]line // by package, source and mutant
}

// openVerdicts reads what is there, and leaves the file open for more.
func openVerdicts(name string) (*verdicts, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	v := &verdicts{old: map[[3]string]line{}}
	old, err := os.Open(name)
	if err == nil {
		for lines := bufio.NewScanner(old); lines.Scan(); {
			var l line
			if json.Unmarshal(lines.Bytes(), &l) == nil { // the last one may have been cut short
				v.old[[3]string{l.Package, l.Source, l.Mutant}] = l
			}
		}
		err = old.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	v.file, err = os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return v, err
}

// open gives the mutants of a pack what is known of them, and counts the others. What was caught
// stays so while the source is the same; what survived is asked again when the tests have changed.
func (v *verdicts) open(p *pack) (n int) {
	for _, m := range p.mutants {
		l, ok := v.old[[3]string{p.dir, p.source, m.place()}]
		if ok && (l.Verdict.isCaught() || l.Tests == p.tested) {
			m.verdict = l.Verdict
			continue
		}
		n++
	}
	return n
}

func (v *verdicts) add(p *pack, m *mutant) error {
	text, err := json.Marshal(line{p.dir, p.source, p.tested, m.place(), m.verdict})
	if err != nil {
		return err
	}
	_, err = v.file.Write(append(text, '\n'))
	return err
}

func (v *verdicts) close() error {
	if v.file == nil {
		return nil
	}
	err := v.file.Close()
	v.file = nil
	return err
}

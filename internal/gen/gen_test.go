package gen

import (
	"bytes"
	"errors"
	cli "flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/gen/sample"
)

var update = cli.Bool("update", false, "write what the tests compare with anew")

// TestModel: what is read of a package with a field of each kind is what its text says.
func TestModel(t *testing.T) {
	p, err := Load("sample")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range p.Structs {
		for version := 1; version <= s.Versions(); version++ {
			fmt.Fprintf(&b, "%s, version %d, digest %016x\n", s.Name, version, s.Digest(version))
			for _, row := range s.Rows(version) {
				fmt.Fprintf(&b, "\t%s\n", row)
			}
		}
	}
	const golden = "testdata/schema.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the schema is not that of %s; go test ./internal/gen -update writes it:\n%s", golden, b.String())
	}
}

// wanted is a comment that says which mistake its line is, in the parts of its text.
var wanted = regexp.MustCompile(`// want "([^"]*)" "([^"]*)"`)

// TestMistakes: each wrong field is told, all of them at once, with its line and the way out.
func TestMistakes(t *testing.T) {
	const file = "testdata/wrong/messages.go"
	_, err := Load("testdata/wrong")
	ms, ok := errors.AsType[Mistakes](err)
	if !ok {
		t.Fatalf("%v", err)
	}
	told := make(map[int]*Mistake)
	for _, m := range ms {
		if told[m.At.Line] != nil {
			t.Errorf("line %d is told of twice: %v; %v", m.At.Line, told[m.At.Line], m)
		}
		told[m.At.Line] = m
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(source), "\n") {
		want := wanted.FindStringSubmatch(line)
		m := told[i+1]
		delete(told, i+1)
		switch {
		case want == nil || want[1] == "":
			if m != nil {
				t.Errorf("%v: nothing is wrong there", m)
			}
		case m == nil:
			t.Errorf("%s:%d: nothing is told of %s", file, i+1, line)
		case !strings.Contains(m.Why, want[1]) && !strings.Contains(m.Want, want[1]) || !strings.Contains(m.Want, want[2]):
			t.Errorf("%v: want %q and %q", m, want[1], want[2])
		}
	}
}

// TestNoPackage: a folder without a package is an error that names it.
func TestNoPackage(t *testing.T) {
	for dir, want := range map[string]string{"testdata/none": "no such folder", "testdata": "no Go file"} {
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// TestSchemaPrinted: the generated texts are those of the model, version by version.
func TestSchemaPrinted(t *testing.T) {
	p, err := Load("sample")
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string][]string{"All": (*sample.All)(nil).TickwireSchema()}
	for _, s := range p.Structs {
		texts, ok := printed[s.Name]
		if !ok {
			continue
		}
		delete(printed, s.Name)
		if len(texts) != s.Versions() {
			t.Errorf("%s has %d texts for %d versions", s.Name, len(texts), s.Versions())
			continue
		}
		for i, text := range texts {
			if want := strings.Join(append([]string{s.Name}, s.Rows(i+1)...), "\n"); text != want {
				t.Errorf("%s, version %d, is described as\n%s\nwant\n%s", s.Name, i+1, text, want)
			}
		}
	}
	if len(printed) > 0 {
		t.Errorf("not in the package: %v", printed)
	}
}

// TestSamplesAreFresh: the generated code of each sample is what would be generated now.
func TestSamplesAreFresh(t *testing.T) {
	for _, dir := range []string{"sample", "sample/five", "sample/wide"} {
		p, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		want, err := p.Go()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, FileName)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %s is not what go generate makes: %v", dir, FileName, err)
		}
	}
}

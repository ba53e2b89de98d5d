package gen

import (
	"encoding/json"
	cli "flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A program is a package of messages that is compiled with its generated code, in a folder that
// there is not.
type program struct {
	dir   string            // what the files are in
	files map[string]string // as they would be in the module, and where they are
}

// newProgram generates the code of a package that has this source.
func newProgram(t *testing.T, source string) (*program, *Package) {
	t.Helper()
	p := &program{t.TempDir(), make(map[string]string)}
	p.add(t, "messages.go", source)
	model, err := Load(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	code, err := model.Go()
	if err != nil {
		t.Fatalf("%v\n%s", err, code)
	}
	p.add(t, FileName, string(code))
	return p, model
}

func (p *program) add(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(p.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	there, err := filepath.Abs("testdata/random/" + name)
	if err != nil {
		t.Fatal(err)
	}
	p.files[there] = file
}

// read returns the text of a file.
func (p *program) read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// run builds the program and runs it.
func (p *program) run(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	overlay, err := json.Marshal(map[string]any{"Replace": p.files})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(p.dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", append([]string{"run", "-overlay", list, "./testdata/random"}, args...)...)
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%w\n%s", err, errors.String())
	}
	return out, nil
}

// randomProgram is one with random messages that checks itself; with an argument it prints vectors:
// the name of a type, a version, a message, another, and the delta between them.
func randomProgram(t *testing.T, source string) *program {
	t.Helper()
	p, model := newProgram(t, source)
	check, err := os.ReadFile("testdata/random/check.txt")
	if err != nil {
		t.Fatal(err)
	}
	p.add(t, "check.go", string(check))
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n\"math/rand/v2\"\n\"net/netip\"\n\"time\"\n)\n\nvar _, _ = netip.Addr{}, time.Time{}\n")
	b.WriteString(makers(model))
	b.WriteString("\nfunc main() {\nr := rand.New(rand.NewPCG(1, 2))\n")
	for _, s := range model.Structs {
		if s.Message {
			limit := "0"
			if s.most() < unbounded {
				limit = s.Name + "MaxBytes"
			}
			fmt.Fprintf(&b, "check[%[1]s, *%[1]s](r, %[1]q, %[2]s, make%[1]s, change%[1]s)\n", s.Name, limit)
		}
	}
	b.WriteString("}\n")
	p.add(t, "main.go", b.String())
	return p
}

// TestEverything does the same with a struct of sixty fields.
func TestEverything(t *testing.T) {
	source, err := os.ReadFile("sample/wide/messages.go")
	if err != nil {
		t.Fatal(err)
	}
	p := randomProgram(t, strings.Replace(string(source), "package wide", "package main", 1))
	if _, err := p.run(t); err != nil {
		t.Error(err)
	}
}

// vectors is a message of directions and rotations in structs.
const vectors = `
type Vec struct{ X, Y, Z float32 }

type Turn struct{ A, B, C, D float64 }

//tickwire:message
type Pose struct {
	Aim   Vec           ` + "`tw:\"unit=11\"`" + `
	Turn  *Turn         ` + "`tw:\"quat=12\"`" + `
	Bones map[int8]Turn ` + "`tw:\"max=5,each:quat=9\"`" + `
	Looks []Vec         ` + "`tw:\"max=4,each:unit=9\"`" + `
	Rest  Vec           ` + "`tw:\"unit=7,opt\"`" + `
}
`

var seed = cli.Uint64("seed", 1, "of the random messages")

// TestRandomSchemas compiles and runs random messages.
func TestRandomSchemas(t *testing.T) {
	source := randomSource(*seed, 16) + vectors
	if _, err := randomProgram(t, source).run(t); err != nil {
		t.Errorf("%v\n%s", err, source)
	}
}

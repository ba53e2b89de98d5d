package gen

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/internal/gen/sample"
)

// library is the folder of the TypeScript library.
const library = "../../ts"

// run runs a program of Node.
func run(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed; this test runs the TypeScript that is generated (Node 20 or newer): make deps installs it")
	}
	cmd := exec.Command(node, args...)
	cmd.Stdin = bytes.NewReader(in)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out.Bytes())
	}
	return out.Bytes()
}

// compile runs the TypeScript compiler.
func compile(t *testing.T, args ...string) {
	t.Helper()
	tsc := filepath.Join(library, "node_modules/typescript/bin/tsc")
	if _, err := os.Stat(tsc); err != nil {
		t.Fatal("TypeScript is not installed in ts; make deps installs it (npm ci in that folder)")
	}
	run(t, nil, append([]string{tsc}, args...)...)
}

// install compiles the library into a folder, as npm would install it there.
func install(t *testing.T, dir string) {
	t.Helper()
	to := filepath.Join(dir, "node_modules/@tickwire/client")
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(library, "package.json"), filepath.Join(to, "package.json"))
	compile(t, "-p", filepath.Join(library, "tsconfig.build.json"), "--outDir", filepath.Join(to, "dist"))
	watch(t)
}

// watch looks at the sources of the library, so that go test knows that its results hang on them.
func watch(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(library, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist"):
			return filepath.SkipDir
		case !d.IsDir():
			_, err = os.ReadFile(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTypeScriptLibrary runs the library's own tests, which read the golden vectors.
func TestTypeScriptLibrary(t *testing.T) {
	watch(t)
	if _, err := os.ReadFile("../../testdata/vectors/codec.json"); err != nil {
		t.Fatal(err)
	}
	compile(t, "-p", library)
	tests, err := filepath.Glob(filepath.Join(library, "dist/*/*.test.js"))
	if err != nil || len(tests) == 0 {
		t.Fatalf("%d tests, %v", len(tests), err)
	}
	out := run(t, nil, append([]string{"--test"}, tests...)...)
	if !bytes.Contains(out, []byte("# pass ")) || !bytes.Contains(out, []byte("# skipped 0")) {
		t.Errorf("%s", out)
	}
}

// settings are those of a careful user.
const settings = `{"compilerOptions": {"target": "es2022", "lib": ["es2022"], "module": "nodenext", "strict": true,
	"noUncheckedIndexedAccess": true, "exactOptionalPropertyTypes": true, "noUnusedLocals": true, "noUnusedParameters": true,
	"noImplicitReturns": true, "noFallthroughCasesInSwitch": true, "isolatedModules": true, "verbatimModuleSyntax": true,
	"types": ["node"], "typeRoots": [%q], "outDir": "out"}, "files": ["peer.ts"]}`

// peer compiles the TypeScript of a package with the program that reads and writes its messages, and returns
// that program.
func peer(t *testing.T, p *Package) string {
	t.Helper()
	dir := t.TempDir()
	install(t, dir)
	b, err := p.TypeScript()
	if err != nil {
		t.Fatal(err)
	}
	roots, err := filepath.Abs(filepath.Join(library, "node_modules/@types"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"package.json": []byte(`{"type": "module"}`), "tsconfig.json": fmt.Appendf(nil, settings, roots), "messages.ts": b,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, "testdata/ts/peer.ts", filepath.Join(dir, "peer.ts"))
	compile(t, "-p", dir)
	return filepath.Join(dir, "out/peer.js")
}

// A passage is a message on its way through TypeScript: what goes in, and what Go makes of it.
type passage struct {
	version int
	sent    []byte
	want    []byte // nil: it is refused
	err     error
	broken  bool // it has strings that are not UTF-8, which TypeScript replaces
}

// pass reads a message in Go, and writes it again.
func pass(version int, b []byte) passage {
	p := passage{version: version, sent: b}
	var m sample.All
	if p.err = m.UnmarshalVersion(bytes.Clone(b), version); p.err == nil {
		p.want, p.err = m.AppendVersion([]byte{}, version)
		for _, e := range []sample.Event{m.Did, m.Maybe} {
			if left, ok := e.(sample.Left); ok && !utf8.ValidString(left.Why) {
				p.broken = true
			}
		}
		p.broken = p.broken || !utf8.ValidString(m.Name)
	}
	return p
}

// TestTypeScript: TypeScript reads what Go wrote, writes it again as the same bytes, and refuses what Go
// refuses, at the same field: whole messages, of each version, and damaged ones.
func TestTypeScript(t *testing.T) {
	p, err := Load("sample")
	if err != nil {
		t.Fatal(err)
	}
	program := peer(t, p)
	r := rand.New(rand.NewPCG(6, 6))
	var passages []passage
	for range 1000 {
		version := 1 + r.IntN(3)
		b, err := anything(r).AppendVersion(nil, version)
		if err != nil {
			t.Fatal(err)
		}
		passages = append(passages, pass(version, b), pass(version, b[:r.IntN(len(b))]), pass(version, damaged(r, b)))
	}
	var in bytes.Buffer
	for _, p := range passages {
		fmt.Fprintf(&in, "All %d %x\n", p.version, p.sent)
	}
	answers := strings.Split(strings.TrimSpace(string(run(t, in.Bytes(), program))), "\n")
	if len(answers) != len(passages) {
		t.Fatalf("%d answers to %d messages", len(answers), len(passages))
	}
	refused := 0
	for i, p := range passages {
		if p.err != nil {
			refused++
		}
		if fault := p.fault(answers[i]); fault != "" {
			t.Errorf("version %d, %x: %s", p.version, p.sent, fault)
		}
	}
	if refused < 1000 || refused > 1990 {
		t.Errorf("%d of 3000 messages are refused", refused)
	}
}

// fault is what is wrong with an answer.
func (p passage) fault(answer string) string {
	if p.err == nil {
		if p.broken && (strings.HasPrefix(answer, "= ") || strings.HasSuffix(answer, ": too long")) {
			return ""
		}
		if want := "= " + hex.EncodeToString(p.want); answer != want {
			return "TypeScript says " + answer + ", Go " + want
		}
		return ""
	}
	field, ok := errors.AsType[*codec.FieldError](p.err)
	if !ok || !strings.HasPrefix(answer, "! "+field.Field+": ") {
		return fmt.Sprintf("TypeScript says %s, Go %v", answer, p.err)
	}
	return ""
}

// damaged changes some bits.
func damaged(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(4) {
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	}
	return b
}

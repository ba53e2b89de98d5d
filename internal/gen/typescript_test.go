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
	"runtime"
	"slices"
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

// install compiles the library into a folder, as npm would install it there; folders below have it too.
func install(t *testing.T, dir string) {
	t.Helper()
	to := filepath.Join(dir, "node_modules/@tickwire/client")
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(library, "package.json"), filepath.Join(to, "package.json"))
	compile(t, "-p", filepath.Join(library, "tsconfig.build.json"), "--outDir", filepath.Join(to, "dist"))
	watch(t, library)
}

// watch looks at the files of a folder, those with some endings or all, so that go test knows that its results
// hang on them.
func watch(t *testing.T, folder string, endings ...string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist" || d.Name() == ".git"):
			return filepath.SkipDir
		case !d.IsDir() && (len(endings) == 0 || slices.Contains(endings, filepath.Ext(name))):
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

// TestTypeScriptLibrary runs the library's own tests, which read the golden vectors, and play with a server in Go.
func TestTypeScriptLibrary(t *testing.T) {
	watch(t, library)
	watch(t, "../../testdata/vectors")
	watch(t, "../..", ".go", ".mod")
	if err := os.RemoveAll(filepath.Join(library, "dist")); err != nil { // tests that there were
		t.Fatal(err)
	}
	compile(t, "-p", library)
	tests, err := filepath.Glob(filepath.Join(library, "dist/*/*.test.js"))
	if err != nil || len(tests) == 0 {
		t.Fatalf("%d tests, %v", len(tests), err)
	}
	alone := slices.DeleteFunc(slices.Clone(tests), func(name string) bool { return !measures(t, name) })
	others := slices.DeleteFunc(tests, func(name string) bool { return slices.Contains(alone, name) })
	if len(alone) == 0 {
		t.Error("no test measures garbage")
	}
	// By itself Node leaves a processor free, of two as well; most tests wait more than they compute.
	runTests(t, max(2, runtime.NumCPU()-1), others)
	runTests(t, 1, alone)
}

// measures says whether a file of tests measures garbage, which beside other work is another: what is compiled late leaves more.
func measures(t *testing.T, name string) bool {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(b, []byte("/garbage.js")) || bytes.Contains(b, []byte("memoryUsage"))
}

// runTests runs files of tests, so many of them at once. Node 20 has a WebSocket for who asks for it.
func runTests(t *testing.T, atOnce int, files []string) {
	t.Helper()
	args := []string{"--experimental-websocket", "--test", fmt.Sprintf("--test-concurrency=%d", atOnce)}
	out := run(t, nil, append(args, files...)...)
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
// that program. Customs are the types that write themselves.
func peer(t *testing.T, dir string, p *Package, customs string) string {
	t.Helper()
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
		p.Name + ".custom.ts": []byte(customs),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, "testdata/ts/peer.ts", filepath.Join(dir, "peer.ts"))
	compile(t, "-p", dir)
	return filepath.Join(dir, "out/peer.js")
}

// ask gives the program jobs, and returns its answers.
func ask(t *testing.T, program, jobs string, want int) []string {
	t.Helper()
	answers := strings.Split(strings.TrimSpace(string(run(t, []byte(jobs), program))), "\n")
	if len(answers) != want {
		t.Fatalf("%d answers to %d jobs", len(answers), want)
	}
	return answers
}

// A passage is a job for the program in TypeScript, and what Go makes of it.
type passage struct {
	job    string
	want   []byte
	err    error
	broken bool // there are strings that are not UTF-8, which TypeScript replaces
}

func passageOf(job string, version int, m *sample.All, err error, parts ...[]byte) passage {
	p := passage{job: fmt.Sprintf("%s All %d", job, version), err: err}
	for _, part := range parts {
		p.job += " " + hex.EncodeToString(part)
	}
	if err == nil {
		p.want, p.err = m.AppendVersion([]byte{}, version)
	}
	p.broken = !utf8.ValidString(m.Name)
	for _, e := range []sample.Event{m.Did, m.Maybe} {
		if left, ok := e.(sample.Left); ok {
			p.broken = p.broken || !utf8.ValidString(left.Why)
		}
	}
	return p
}

// full is a message that is read and written again.
func full(version int, b []byte) passage {
	var m sample.All
	err := m.UnmarshalVersion(bytes.Clone(b), version)
	return passageOf("full", version, &m, err, b)
}

// apply is a delta that is applied.
func apply(version int, base, delta []byte) passage {
	var m, from sample.All
	err := from.UnmarshalVersion(bytes.Clone(base), version)
	if err == nil {
		err = m.ApplyDeltaVersion(bytes.Clone(delta), &from, version)
	}
	return passageOf("apply", version, &m, err, base, delta)
}

// passages are messages and deltas, of each version, whole, cut and damaged.
func passages(t *testing.T, r *rand.Rand) (all []passage) {
	t.Helper()
	written := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for i := range 500 {
		version, base, next := 1+i%3, anything(r), anything(r)
		if i%2 == 0 {
			next = changed(r, base)
		}
		from, to := written(base.AppendVersion(nil, version)), written(next.AppendVersion(nil, version))
		delta := written(next.AppendDeltaVersion(nil, base, version))
		all = append(all,
			full(version, from), full(version, from[:r.IntN(len(from))]), full(version, damaged(r, from)),
			passage{job: fmt.Sprintf("delta All %d %x %x", version, from, to), want: delta},
			apply(version, from, delta), apply(version, from, delta[:r.IntN(len(delta))]), apply(version, from, damaged(r, delta)))
	}
	return all
}

// TestTypeScript compiles and runs what is generated: of a message with a field of each kind, of random schemas
// and a struct of sixty fields, and of the page that shows how one begins.
func TestTypeScript(t *testing.T) {
	dir := t.TempDir()
	install(t, dir)
	for name, check := range map[string]func(t *testing.T, dir string){
		"sample": checkSample, "random": checkRandom, "wide": checkWide, "page": checkPage, "receiver": checkReceiver,
	} {
		t.Run(name, func(t *testing.T) {
			below := filepath.Join(dir, name)
			if err := os.Mkdir(below, 0o755); err != nil {
				t.Fatal(err)
			}
			check(t, below)
		})
	}
}

// checkSample: TypeScript reads what Go wrote, writes it again as the same bytes, and refuses what Go refuses,
// at the same field and for the same reason: messages and deltas of each version, whole and damaged.
func checkSample(t *testing.T, dir string) {
	p, err := Load("sample")
	if err != nil {
		t.Fatal(err)
	}
	program := peer(t, dir, p, "")
	all := passages(t, rand.New(rand.NewPCG(6, 6)))
	var in bytes.Buffer
	for _, p := range all {
		in.WriteString(p.job + "\n")
	}
	answers := ask(t, program, in.String(), len(all))
	refused, wrong := 0, 0
	for i, p := range all {
		if p.err != nil {
			refused++
		}
		if fault := p.fault(answers[i]); fault != "" && wrong < 5 {
			wrong++
			t.Errorf("%s: %s", p.job, fault)
		}
	}
	if refused < 1000 || refused > 1900 {
		t.Errorf("%d of 3500 are refused", refused)
	}
}

// fault is what is wrong with an answer.
func (p passage) fault(answer string) string {
	switch field, refused := errors.AsType[*codec.FieldError](p.err); {
	case p.broken && p.err == nil && strings.HasPrefix(answer, "= "):
		return ""
	case p.err == nil && answer == "= "+hex.EncodeToString(p.want):
		return ""
	case refused && errors.Is(p.err, codec.ErrShort) && strings.HasPrefix(answer, "! "+field.Field+": "):
		return "" // Go takes several fields at once, so it may see the end before it sees what is wrong
	case refused && answer == "! "+field.Field+": "+reasons[field.Err]:
		return ""
	}
	return fmt.Sprintf("TypeScript says %s, Go %x, %v", answer, p.want, p.err)
}

// reasons are the words for errors.
var reasons = map[error]string{
	codec.ErrShort: "short", codec.ErrTrailing: "trailing", codec.ErrPadding: "padding", codec.ErrRange: "range",
	codec.ErrTooLong: "too long", codec.ErrForm: "form", codec.ErrOrder: "order", codec.ErrUnion: "union", codec.ErrZone: "zone",
}

// damaged changes some bits.
func damaged(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(4) {
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	}
	return b
}

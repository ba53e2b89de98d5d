//go:build linux

package page

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tickwire/tickwire/internal/node"
)

const ts = "../../../ts"

// TestTypeScript: the page compiles, and its own tests pass: the rules are those of the world, and the prediction is
// right, in virtual time and by seed.
func TestTypeScript(t *testing.T) {
	node.Tool(t, ts, "tsc", "-p", ".")
	tests, err := filepath.Glob("*.test.ts")
	if err != nil || len(tests) == 0 {
		t.Fatalf("tests of the page: %q, %v", tests, err)
	}
	dir := t.TempDir()
	node.Tool(t, ts, "esbuild", append([]string{"--bundle", "--platform=node", "--format=esm", "--out-extension:.js=.mjs", "--outdir=" + dir}, tests...)...)
	built, err := filepath.Glob(filepath.Join(dir, "*.mjs"))
	if err != nil || len(built) != len(tests) {
		t.Fatalf("built %q of %q, %v", built, tests, err)
	}
	out, err := exec.Command("node", append([]string{"--test", "--test-reporter=tap"}, built...)...).CombinedOutput()
	if err != nil || !regexp.MustCompile(`(?m)^# pass [1-9]`).Match(out) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestFiles: what is embedded has all that index.html asks for.
func TestFiles(t *testing.T) {
	page, err := fs.ReadFile(Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`(?:src|href)="([^":]+)"`).FindAllSubmatch(page, -1)
	if len(asked) < 2 {
		t.Errorf("index.html asks for %q", asked)
	}
	for _, a := range asked {
		if _, err := fs.Stat(Files(), string(a[1])); err != nil {
			t.Error(err)
		}
	}
}

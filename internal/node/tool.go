package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Tool runs a program of the packages that npm ci installs in the library's folder, the compiler or esbuild say, and
// fails the test if that fails.
func Tool(t *testing.T, library, program string, args ...string) {
	t.Helper()
	path := filepath.Join(library, "node_modules/.bin", program)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: make deps installs Node and what ts needs (npm ci in that folder)", err)
	}
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

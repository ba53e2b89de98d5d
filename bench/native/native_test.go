package native

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBuildENetSaysWhatIsMissing: a compiler, the library, or neither of them.
func TestBuildENetSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	fake := func(name, says string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+says+"' >&2\nexit 1\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for compiler, want := range map[string]string{
		filepath.Join(dir, "none"):                                 "apt-get install g++",
		fake("headless", "fatal error: enet/enet.h: No such file"): "apt-get install libenet-dev",
		fake("unlinked", "ld: cannot find -lenet"):                 "apt-get install libenet-dev",
		fake("broken", "internal compiler error"):                  "internal compiler error",
	} {
		t.Setenv("CXX", compiler)
		if _, err := BuildENet(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", filepath.Base(compiler), err, want)
		}
	}
}

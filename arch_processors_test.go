package tickwire_test

import (
	"bytes"
	systems "go/build"
	"io"
	"path"
	"testing"
)

// apart reports whether a file is there for one kind of processor and not for another, on the same system.
func apart(t *testing.T, s source) bool {
	t.Helper()
	there := func(processor string) bool {
		c := systems.Context{Compiler: "gc", GOOS: "linux", GOARCH: processor}
		c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(s.text)), nil }
		ok, err := c.MatchFile(s.dir(), path.Base(s.name))
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	return there("amd64") != there("arm64") || there("amd64") != there("386")
}

// TestHouseProcessors: no file is for one kind of processor, so that vet has seen for one of them what it would see for
// another.
func TestHouseProcessors(t *testing.T) {
	for _, s := range sources(t) {
		if apart(t, s) {
			t.Errorf("%s: is for one kind of processor; have make cross vet that one too", s.name)
		}
	}
	for name, text := range map[string]string{"a_arm64.go": "", "b.go": "//go:build !386\n\n", "c_test.go": "//go:build linux && amd64\n\n"} {
		if !apart(t, parse(t, name, text+"package p\n")) {
			t.Errorf("%s is let through", name)
		}
	}
	if apart(t, parse(t, "d_linux.go", "//go:build !js\n\npackage p\n")) {
		t.Error("a file for one system is not")
	}
}

package tickwire_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Programs that a user of the module could write, built as a user would.

// build compiles a main package outside of the repository against the module
// and returns its source file and its binary.
func build(t *testing.T, text string) (source, binary string) {
	t.Helper()
	dir := t.TempDir()
	source, binary = filepath.Join(dir, "main.go"), filepath.Join(dir, "program.exe")
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("does not compile: %v\n%s\n%s", err, out, text)
	}
	return source, binary
}

// blocks returns the text of README's code blocks of one language, in order.
func blocks(t *testing.T, language string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	for _, m := range block.FindAllSubmatch(text, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// TestQuickStart compiles README's quick start, runs it, and compares what it
// prints with the block below it.
func TestQuickStart(t *testing.T) {
	programs, prints := blocks(t, "go"), blocks(t, "text")
	if len(programs) == 0 || len(prints) == 0 {
		t.Fatal("README.md has no quick start: a ```go block, and a ```text block of what it prints")
	}
	_, binary := build(t, programs[0])
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := strings.TrimSpace(string(out)), strings.TrimSpace(prints[0]); got != want {
		t.Errorf("the quick start prints\n%s\nbut README.md says\n%s", got, want)
	}
}

// TestUDPOnlyStaysSmall builds a program that speaks UDP alone and lists what
// it links: neither a browser's stack nor a metrics library nor a CLI parser.
func TestUDPOnlyStaysSmall(t *testing.T) {
	source, _ := build(t, `package main

import (
	_ "`+module+`"
	_ "`+module+`/transport/udp"
)

func main() {}
`)
	small := []string{"golang.org/x/crypto/...", xsys, xnet}
	for _, p := range list(t, source) {
		if !p.Standard && p.Name != "main" && !matches(module+"/...", p.ImportPath) && !allowed(small, p.ImportPath) {
			t.Errorf("a UDP-only program links %s", p.ImportPath)
		}
	}
}

package tickwire_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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
	return blocksOf(t, "README.md", language)
}

// blocksOf returns those of a page.
func blocksOf(t *testing.T, page, language string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	for _, m := range block.FindAllSubmatch(text, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// TestQuickStart: README's quick start is the example of that name. It is compiled as somebody
// else's program, and prints what the block below it says.
func TestQuickStart(t *testing.T) {
	programs, prints := blocks(t, "go"), blocks(t, "text")
	hello, err := os.ReadFile("examples/hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) == 0 || programs[0] != string(hello) {
		t.Fatal("README.md's first ```go block is not examples/hello/main.go")
	}
	_, binary := build(t, programs[0])
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var warnings strings.Builder
	cmd := exec.CommandContext(ctx, binary)
	cmd.Stderr = &warnings
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, warnings.String())
	}
	if !slices.Contains(prints, string(out)) {
		t.Errorf("the quick start prints\n%s\nwhich none of the ```text blocks of README.md says", out)
	}
	if !strings.Contains(warnings.String(), "INSECURE") {
		t.Errorf("README.md says that the quick start warns, but it wrote %q", warnings.String())
	}
}

// TestOwnModule types what README says makes the quick start a module of one's own.
func TestOwnModule(t *testing.T) {
	_, rest, _ := strings.Cut(blocks(t, "sh")[1], "cd ~/hello\n")
	clone, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	hello, err := os.ReadFile("examples/hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	dir, printed := t.TempDir(), ""
	if err := os.WriteFile(filepath.Join(dir, "main.go"), hello, 0o600); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(rest) {
		line, _, _ = strings.Cut(line, "#")
		for command := range strings.SplitSeq(line, "&&") {
			args := strings.Fields(strings.ReplaceAll(command, "$clone", clone))
			if len(args) < 2 || args[0] != "go" {
				t.Fatalf("README.md has the reader type %q, which this test does not know", command)
			}
			cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", command, err, out)
			}
			printed = string(out)
		}
	}
	if !strings.Contains(printed, "welcome, Ada\n") {
		t.Errorf("the module of one's own prints\n%s", printed)
	}
}

// TestHouseExcerpts holds README's other pieces of Go, and those of pages that show programs, against the examples
// that they are from.
func TestHouseExcerpts(t *testing.T) {
	for page, from := range map[string][]string{
		"README.md":              {"example_test.go", "endpoint/example_test.go", "examples/login/login.go", "examples/hello/main.go"},
		"docs/deploy.md":         {"examples/online/deploy_test.go"},
		"docs/testing.md":        {"example_badline_test.go"},
		"docs/from-websocket.md": {"examples/websocket/before/game.go", "examples/websocket/after/game.go"},
	} {
		examples := ""
		for _, name := range from {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			examples += string(text)
		}
		pieces := blocksOf(t, page, "go")
		if len(pieces) < 2 {
			t.Errorf("%s shows %d pieces of Go", page, len(pieces))
		}
		for _, piece := range pieces {
			if !strings.Contains(examples, piece) {
				t.Errorf("%s shows\n%s\nwhich is in no example", page, piece)
			}
		}
	}
}

// TestHouseCommands compiles the command and has it explain each subcommand and
// flag that README.md tells the reader to type.
func TestHouseCommands(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "tickwire.exe")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/tickwire").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	typed := regexp.MustCompile("go run ./cmd/tickwire ([a-z]+)([^`#\n]*)").FindAllStringSubmatch(string(text), -1)
	deeper := regexp.MustCompile(`^ (new|inspect|link|traces)\b`) // subcommands of a subcommand
	if len(typed) < 3 {
		t.Fatalf("README.md shows the commands %q only", typed)
	}
	for _, m := range typed {
		command := append([]string{m[1]}, strings.Fields(deeper.FindString(m[2]))...)
		help, err := exec.Command(binary, append(command, "--help")...).CombinedOutput()
		if err != nil {
			t.Errorf("tickwire %s --help: %v\n%s", m[1], err, help)
		}
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(m[2], -1) {
			if !strings.Contains(string(help), flag) {
				t.Errorf("README.md says %q, but tickwire %s --help knows no %s", m[0], m[1], flag)
			}
		}
	}
}

// TestHousePeersTable: the tables of other libraries are those of bench/results, which bench's own tests
// hold to the raw lines.
func TestHousePeersTable(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	results, err := os.ReadFile("bench/results/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- peers -->\n\n")
	shown, _, closed := strings.Cut(rest, "\n<!-- /peers -->\n")
	if !closed || strings.Count(shown, "\n| tickwire |") < 3 {
		t.Fatal("README.md has no tables of other libraries between <!-- peers --> and <!-- /peers -->")
	}
	for part := range strings.SplitSeq(strings.TrimSpace(shown), "\n\n") {
		if !strings.Contains(string(results), part+"\n") {
			t.Errorf("bench/results/README.md does not have\n%s\nmake peers-show puts what is there into README.md", part)
		}
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
	small := []string{"golang.org/x/crypto/...", xsys, "golang.org/x/net/..."}
	for _, p := range list(t, source) {
		if !p.Standard && p.Name != "main" && !matches(module+"/...", p.ImportPath) && !allowed(small, p.ImportPath) {
			t.Errorf("a UDP-only program links %s", p.ImportPath)
		}
	}
}

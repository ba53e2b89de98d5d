package node

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A Program runs until the test ends.
type Program struct {
	t   *testing.T
	in  *json.Encoder
	out *bufio.Reader
}

// Start compiles a program of the library, with all that it imports, and starts it.
func Start(t *testing.T, library, program string) *Program {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed; this test runs the TypeScript library (Node 20 or newer): make deps installs it")
	}
	tsc := filepath.Join(library, "node_modules/typescript/bin/tsc")
	if _, err := os.Stat(tsc); err != nil {
		t.Fatal("TypeScript is not installed in ts; make deps installs it (npm ci in that folder)")
	}
	out := settings(t, library, program)
	if b, err := exec.Command(node, tsc, "-p", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	watch(t, library)
	compiled := program[:len(program)-len(filepath.Ext(program))] + ".js"
	return Run(t, exec.Command(node, filepath.Join(out, compiled)))
}

// settings makes a folder for what is compiled.
func settings(t *testing.T, library, program string) string {
	dir, err := filepath.Abs(library)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	settings := fmt.Sprintf(`{"extends": %q, "compilerOptions": {"rootDir": %q, "outDir": %q, "typeRoots": [%q]}, "include": [], "files": [%q]}`,
		filepath.Join(dir, "tsconfig.json"), dir, out, filepath.Join(dir, "node_modules/@types"), filepath.Join(dir, program))
	for name, text := range map[string]string{"package.json": `{"type": "module"}`, "tsconfig.json": settings} {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// AES and X25519 come from there, for who loads them
	if err := os.Symlink(filepath.Join(dir, "node_modules"), filepath.Join(out, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return out
}

// watch looks at the sources of the library, so that go test knows that its results hang on them.
func watch(t *testing.T, library string) {
	t.Helper()
	err := filepath.WalkDir(library, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist"):
			return filepath.SkipDir
		case filepath.Ext(name) == ".ts":
			_, err = os.ReadFile(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Run starts a command that answers each line of JSON with one.
func Run(t *testing.T, cmd *exec.Cmd) *Program {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, complaint.Bytes())
		}
	})
	return &Program{t, json.NewEncoder(in), bufio.NewReaderSize(out, 1<<16)}
}

// Ask says something, and reads the answer.
func (p *Program) Ask(ask, answer any) {
	p.t.Helper()
	if err := p.in.Encode(ask); err != nil {
		p.t.Fatal(err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		p.t.Fatalf("the program in TypeScript: %v", err)
	}
	if err := json.Unmarshal(line, answer); err != nil {
		p.t.Fatalf("%v: %s", err, line)
	}
}

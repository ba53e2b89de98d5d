package gen

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// checkPage: what docs/messages.md shows is what is generated, compiles, and prints what the page says.
func checkPage(t *testing.T, dir string) {
	text, err := os.ReadFile("../../docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	var goSource, face, usage string
	for _, m := range regexp.MustCompile("(?ms)^```(go|ts)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		switch {
		case m[1] == "go" && strings.Contains(m[2], "package shared"):
			goSource = m[2]
		case strings.Contains(m[2], "export interface"):
			face = m[2]
		case m[1] == "ts":
			usage = m[2]
		}
	}
	for name, text := range map[string]string{
		"shared/shared.go": goSource, "game.ts": usage, "package.json": `{"type": "module"}`,
		"tsconfig.json": `{"compilerOptions": {"target": "es2022", "module": "nodenext", "strict": true, "types": [], "outDir": "out",
			"lib": ["es2022", "dom"]}, "files": ["game.ts"]}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shared := filepath.Join(dir, "shared")
	if err := Generate(shared, shared); err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join(shared, "shared.ts"))
	if err != nil || !strings.Contains(string(module), face) || face == "" {
		t.Errorf("%v; the page shows another interface than\n%s", err, module)
	}
	compile(t, "-p", dir)
	printed := strings.Split(strings.TrimSpace(string(run(t, nil, filepath.Join(dir, "out/game.js")))), "\n")
	for _, line := range printed {
		if !strings.Contains(string(text), "`"+line+"`") {
			t.Errorf("the page does not say that %q is printed", line)
		}
	}
	if len(printed) != 2 {
		t.Errorf("%d lines are printed", len(printed))
	}
}

//go:build !js

package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// GoTests are tests in Go that run in a page: those of a package that have the build tag browser. They serve the page
// and what it needs; it reports to them.
type GoTests struct {
	t    *testing.T
	page string
	glue string // the JavaScript that Go's distribution has for its programs
	file string // the program
	done chan report
}

type report struct{ code, said string }

// testPage runs a test binary of Go, and reports what it says, and how it ended.
const testPage = `<!doctype html><script src="wasm_exec.js"></script><script>
let said = "";
globalThis.fs.writeSync = (_, b) => { said += new TextDecoder().decode(b); return b.length };
const go = new Go();
go.argv = ["browser.test", "-test.v", "-test.run=" + %s];
go.env = {TICKWIRE_HOME: location.origin, ...%s};
let code = -1;
go.exit = c => { code = c };
(async () => {
	try {
		const program = await WebAssembly.instantiateStreaming(fetch("browser.wasm"), go.importObject);
		await go.run(program.instance);
	} catch (e) { said += e }
	await fetch("done?code=" + code, {method: "POST", body: said});
})();
</script>`

// BuildTests compiles the tests of the package in this folder for a page that runs those of a pattern. They read in
// their environment what is said here, and in TICKWIRE_HOME where the page is from.
func BuildTests(t *testing.T, pattern string, env map[string]string) *GoTests {
	t.Helper()
	g := &GoTests{t: t, file: filepath.Join(t.TempDir(), "browser.wasm"), done: make(chan report, 1)}
	build := exec.Command("go", "test", "-c", "-tags", "browser", "-o", g.file, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	g.glue = filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")
	quoted := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	g.page = fmt.Sprintf(testPage, quoted(pattern), quoted(env))
	return g
}

// ServeHTTP answers the page.
func (g *GoTests) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		fmt.Fprint(w, g.page)
	case "/wasm_exec.js":
		http.ServeFile(w, r, g.glue)
	case "/browser.wasm":
		http.ServeFile(w, r, g.file)
	case "/done":
		b, _ := io.ReadAll(r.Body) // what is cut lacks tests that pass
		g.done <- report{r.FormValue("code"), string(b)}
	default:
		http.NotFound(w, r)
	}
}

// Play opens the page, and fails unless so many tests pass there and none does anything else.
func (g *GoTests) Play(chromium *Browser, url string, passes int) {
	g.t.Helper()
	chromium.Open(url)
	select {
	case r := <-g.done:
		g.t.Log(r.said)
		if n := strings.Count(r.said, "--- PASS: Test"); r.code != "0" || n != passes {
			g.t.Errorf("exit code %s, %d of %d tests pass", r.code, n, passes)
		}
	case <-time.After(2 * time.Minute):
		g.t.Fatal("the page does not report")
	}
}

//go:build !js

package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// wasmBrowser is the browser that the tests drive: apt-get install chromium-headless-shell.
const wasmBrowser = "chromium-headless-shell"

// wasmPage runs a test binary of Go, and reports what it says, and how it ended.
const wasmPage = `<!doctype html><script src="wasm_exec.js"></script><script>
let said = "";
globalThis.fs.writeSync = (_, b) => { said += new TextDecoder().decode(b); return b.length };
const go = new Go();
go.argv = ["web.test", "-test.v", "-test.run=InBrowser"];
go.env = {TICKWIRE_URL: location.origin + %q, TICKWIRE_FULL_URL: %q};
let code = -1;
go.exit = c => { code = c };
(async () => {
	try {
		const program = await WebAssembly.instantiateStreaming(fetch("web.wasm"), go.importObject);
		await go.run(program.instance);
	} catch (e) { said += e }
	await fetch("done?code=" + code, {method: "POST", body: said});
})();
</script>`

// buildWasm builds the tests of this package that run in a browser.
func buildWasm(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	build := exec.Command("go", "test", "-c", "-tags", "browser", "-o", filepath.Join(dir, "web.wasm"), ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	glue, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "wasm_exec.js"), glue, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// openPage opens a page until the test is over.
func openPage(t *testing.T, url string) {
	t.Helper()
	program, err := exec.LookPath(wasmBrowser)
	if err != nil {
		t.Fatalf("%v: this test needs a browser: apt-get install %s", err, wasmBrowser)
	}
	c := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", url)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

// echoAll sends back what comes, until the socket is closed.
func echoAll(s *Socket) {
	ds := make([]transport.Datagram, 16)
	for {
		if _, err := s.Wait(time.Time{}); err != nil {
			return
		}
		n, _ := s.Read(ds)
		for i := range ds[:n] {
			for k := 0; k == 0; {
				var err error
				if k, err = s.Write(ds[i : i+1]); err != nil {
					return
				}
			}
		}
	}
}

// TestLongGoInTheBrowser: a client in Go that is compiled for the browser has all its transports.
func TestLongGoInTheBrowser(t *testing.T) {
	dir := buildWasm(t)
	type outcome struct{ code, said string }
	done := make(chan outcome, 1)
	mux := http.NewServeMux()
	full := listen(t, Config{MaxPlayers: 1, Origins: []string{"*"}})
	dial(t, full, DialConfig{})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, wasmPage, DefaultPath, full.URL()) })
	mux.HandleFunc("POST /done", func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		done <- outcome{r.FormValue("code"), string(b)}
	})
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	s := listen(t, Config{Handler: mux})
	go echoAll(s)
	openPage(t, "http://"+s.LocalAddr().String()+"/")
	select {
	case o := <-done:
		t.Log(o.said)
		if o.code != "0" || strings.Count(o.said, "--- PASS: Test") != 4 {
			t.Errorf("exit code %s", o.code)
		}
	case <-time.After(time.Minute):
		t.Fatal("the page does not report")
	}
}

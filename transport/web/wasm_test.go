//go:build linux

package web_test

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

	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/web"
)

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

// TestLongGoInTheBrowser: a client in Go that is compiled for the browser has all its transports.
func TestLongGoInTheBrowser(t *testing.T) { inBrowser(t, func() { playWasm(t) }) }

func playWasm(t *testing.T) {
	dir := buildWasm(t)
	type outcome struct{ code, said string }
	done := make(chan outcome, 1)
	full := listenAlone(t, web.Config{MaxPlayers: 1, Origins: []string{"*"}})
	first, err := web.Dial(t.Context(), full.URL(), web.DialConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, wasmPage, web.DefaultPath, full.URL())
	})
	mux.HandleFunc("POST /done", func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		done <- outcome{r.FormValue("code"), string(b)}
	})
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	s := listenAlone(t, web.Config{Handler: mux})
	go echoAll(s)
	browser.Start(t).Open("http://" + s.LocalAddr().String() + "/")
	select {
	case o := <-done:
		t.Log(o.said)
		if o.code != "0" || strings.Count(o.said, "--- PASS: Test") != 4 {
			t.Errorf("exit code %s", o.code)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the page does not report")
	}
}

func listenAlone(t *testing.T, cfg web.Config) *web.Socket {
	t.Helper()
	s, err := web.Listen("127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// echoAll sends back what comes, as it is, until the socket is closed.
func echoAll(s *web.Socket) {
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

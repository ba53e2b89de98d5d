package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// startDemo runs a demo on a free port until the test ends or end is called, which returns what it printed.
func startDemo(t *testing.T, args ...string) (at string, end func() string) {
	t.Helper()
	return startDemoAt(t, "127.0.0.1:0", "127.0.0.1:", args...)
}

// demoAt waits until a demo says where its page is, and returns that.
func demoAt(t *testing.T, out *transcript) string {
	t.Helper()
	waitFor(t, out, "in another terminal: ")
	m := regexp.MustCompile(`play in a browser: http://([^/\s]+)`).FindStringSubmatch(out.String())
	if m == nil {
		t.Fatalf("no address in %s", out)
	}
	return m[1]
}

// startDemoAt does so at an address; players on this machine come to one that begins with here.
func startDemoAt(t *testing.T, at, here string, args ...string) (_ string, end func() string) {
	t.Helper()
	c, err := parse(t, append([]string{"demo", "--listen=" + at}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	out, over := new(transcript), make(chan error, 1)
	go func() { over <- c.Demo.run(ctx, out) }()
	ended := false
	end = func() string {
		if stop(); !ended {
			ended = true
			if err := <-over; err != nil {
				t.Error(err)
			}
		}
		return out.String()
	}
	t.Cleanup(func() { end() })
	waitFor(t, out, "play in a browser: http://"+here)
	return demoAt(t, out), end
}

// ask sends a request to a site, with headers in pairs, and returns the status and the answer.
func ask(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	answer, err := (&http.Client{Timeout: patience}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// TestLinkTable: docs/demo.md has the links as they are.
func TestLinkTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/demo.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range (&linkSwitch{}).report().Presets {
		in := func(v float64, unit string) string {
			if v == 0 {
				return "0"
			}
			return strconv.FormatFloat(v, 'g', -1, 64) + unit
		}
		row := fmt.Sprintf("| `%s` | %s | %s | %s", p.Name, in(p.RTT, " ms"), in(p.Jitter, " ms"), in(p.Loss, " %"))
		if !strings.Contains(string(page), "\n"+row) {
			t.Errorf("docs/demo.md does not say\n%s", row)
		}
	}
}

// TestSite: the page, tokens, and a link that changes while bots play, for the site's own pages alone; and nothing is
// left of it.
func TestSite(t *testing.T) {
	before := runtime.NumGoroutine()
	at, end := startDemo(t, "--bots=1", "--link=none")
	url := "http://" + at
	if status, page := ask(t, "GET", url+"/", ""); status != 200 || !strings.HasPrefix(page, "<!doctype html>") {
		t.Errorf("the page: %d %.80q", status, page)
	}
	if status, token := ask(t, "GET", url+"/token", "", "Sec-Fetch-Site", "same-origin"); status != 200 || len(token) < 2048 {
		t.Errorf("a token: %d, %d bytes", status, len(token))
	}
	links := func(body string) (r linkReport) {
		t.Helper()
		method := "GET"
		if body != "" {
			method = "POST"
		}
		status, b := ask(t, method, url+"/link", body, "Origin", url)
		if err := json.Unmarshal([]byte(b), &r); status != 200 || err != nil {
			t.Fatalf("%d %s", status, b)
		}
		return r
	}
	if r := links(""); r.Now != "none" || len(r.Presets) != len(simnet.PresetNames()) || r.Presets[6].RTT != 560 || r.Presets[3].Loss != 3 {
		t.Errorf("the links are %+v", r)
	}
	if r := links(`{"name": "satellite"}`); r.Now != "satellite" {
		t.Errorf("the links are %+v", r)
	}
	for _, body := range []string{"", "{}", `{"name": "5g"}`, `"wifi"`, `{"name": "` + strings.Repeat("x", 5000) + `"}`} {
		if status, why := ask(t, "POST", url+"/link", body); status != 400 || !strings.Contains(why, "want ") {
			t.Errorf("POST %.40s: %d %s", body, status, why)
		}
	}
	for _, headers := range [][]string{
		{"Origin", "https://example.com"}, {"Origin", "null"}, {"Host", "example.com"}, {"Host", "example.com:7777"},
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
	} {
		for _, what := range []string{"POST /link", "GET /token", "GET /tickwire"} {
			method, path, _ := strings.Cut(what, " ")
			if status, why := ask(t, method, url+path, `{"name": "lan"}`, headers...); status != 403 {
				t.Errorf("%s with %q: %d %.80s", what, headers, status, why)
			}
		}
	}
	if r := links(""); r.Now != "satellite" {
		t.Errorf("the links are %+v", r)
	}
	out := end()
	for _, want := range []string{"1 bots, link ", "\nlink satellite lost "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left, of %d before", runtime.NumGoroutine(), before)
		}
	}
}

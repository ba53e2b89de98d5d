//go:build !js

package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestBrowser: a page runs JavaScript, whose promises are waited for, and what it throws is an error.
func TestBrowser(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<!doctype html><title>a page</title><script>console.log("hello"); const twice = async n => 2 * n</script>`)
	}))
	defer s.Close()
	p := Start(t).Open(s.URL)
	if got := Eval[string](p, `document.title`); got != "a page" {
		t.Errorf("its title is %q", got)
	}
	if got := Eval[int](p, `twice(21)`); got != 42 {
		t.Errorf("twice 21 is %d", got)
	}
	if _, err := Try[int](p, `Promise.reject(new Error("no such luck"))`); err == nil || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("what it throws is told as %v", err)
	}
	p.Reload()
	if got := Eval[string](p, `location.href`); !strings.HasPrefix(got, s.URL) {
		t.Errorf("it is at %s", got)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !strings.Contains(strings.Join(p.console, "\n"), "hello") {
		t.Errorf("its console is %q", p.console)
	}
}

// TestLifecycle: a page that is hidden knows, one that is frozen stands still, and both come back.
func TestLifecycle(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<!doctype html><script>let n = 0; setInterval(() => n++, 10)</script>`)
	}))
	defer s.Close()
	p := Start(t).Open(s.URL)
	is := func(want string) {
		t.Helper()
		if got := Eval[string](p, `document.visibilityState`); got != want {
			t.Errorf("it is %s, want %s", got, want)
		}
	}
	ticks := func() int {
		before := Eval[int](p, `n`)
		time.Sleep(500 * time.Millisecond)
		return Eval[int](p, `n`) - before
	}
	// A machine that does something else makes half a second longer for one, and for the other shorter.
	tick := func(what string, ok func(n int) bool) {
		t.Helper()
		n := ticks()
		for range 4 {
			if ok(n) {
				return
			}
			n = ticks()
		}
		if !ok(n) {
			t.Errorf("%s it ticks %d times in half a second", what, n)
		}
	}
	is("visible")
	p.Hide()
	is("hidden")
	tick("hidden", func(n int) bool { return n <= 5 })
	p.Freeze()
	if n := ticks(); n > 0 {
		t.Errorf("frozen it ticks %d times", n)
	}
	p.Thaw()
	p.Show()
	is("visible")
	tick("visible", func(n int) bool { return n >= 20 })
}

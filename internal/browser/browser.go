//go:build !js

package browser

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// programs are what Chromium is called. The first is the smallest, and the quickest to start.
var programs = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

const missing = "there is no Chromium here (looked for %s): apt-get install -y --no-install-recommends chromium-headless-shell, as .ci/deps does"

// patience is how long a page may take for anything.
const patience = time.Minute

// A Browser is one process of Chromium with a profile of its own. It ends with the test.
type Browser struct {
	t   *testing.T
	ctx context.Context
}

// Start starts one. Options are for chromedp, flags of Chromium say.
func Start(t *testing.T, options ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	program := ""
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatalf(missing, strings.Join(programs, ", "))
	}
	options = append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless,
		chromedp.NoSandbox, // which root cannot have; all it opens are our own pages
		chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		// as before real people: chromedp would have hidden pages run on
		chromedp.Flag("disable-background-timer-throttling", false),
		chromedp.Flag("disable-renderer-backgrounding", false),
	}, options...)
	ctx, cancel := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(options...))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // a deadline here would be the end of the browser
		t.Fatalf("%s does not start: %v", program, err)
	}
	return &Browser{t, ctx}
}

// A Page is one tab.
type Page struct {
	t   *testing.T
	ctx context.Context

	mu      sync.Mutex
	console []string
}

// Open opens a page, and waits until it is loaded. What it writes to its console is in the log of a
// test that fails.
func (b *Browser) Open(url string) *Page {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	p := &Page{t: b.t, ctx: ctx}
	b.t.Cleanup(func() {
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		if b.t.Failed() && len(p.console) > 0 {
			b.t.Logf("the console of %s:\n%s", url, strings.Join(p.console, "\n"))
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("a page for %s: %v", url, err)
	}
	lines := chromedp.Console(ctx)
	go func() {
		for line, err := range lines {
			if err != nil {
				return
			}
			p.note(fmt.Sprint(line))
		}
	}()
	within, done := context.WithTimeout(ctx, patience)
	defer done()
	for range 3 {
		if err := chromedp.Do(within, chromedp.Navigate(url)); err != nil {
			b.t.Fatalf("open %s: %v", url, err)
		}
		if !p.cutOff() {
			break
		}
	}
	return p
}

// cutOff reports whether something of a page was not loaded since the interfaces of a namespace that is new had only come up, and forgets it.
func (p *Page) cutOff() bool {
	time.Sleep(50 * time.Millisecond) // the console comes by itself
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.IndexFunc(p.console, func(line string) bool { return strings.Contains(line, "ERR_NETWORK_CHANGED") })
	if at >= 0 {
		p.console = nil
	}
	return at >= 0
}

// mostConsole bounds what is kept of a page's console.
const mostConsole = 200

func (p *Page) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.console) < mostConsole {
		p.console = append(p.console, line)
	}
}

// Close closes the tab, as its user does.
func (p *Page) Close() {
	p.t.Helper()
	if err := chromedp.Cancel(p.ctx); err != nil {
		p.t.Errorf("close the page: %v", err)
	}
}

// Reload loads the page anew.
func (p *Page) Reload() {
	p.t.Helper()
	within, done := context.WithTimeout(p.ctx, patience)
	defer done()
	p.cutOff() // what was before
	for range 3 {
		if err := chromedp.Do(within, chromedp.Reload()); err != nil {
			p.t.Fatalf("reload: %v", err)
		}
		if !p.cutOff() {
			break
		}
	}
}

// Eval runs an expression in the page, and waits for its promise if that is what it is. What it throws
// ends the test.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := Try[T](p, expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Try is Eval for those who take the error, and for other goroutines than the test's.
func Try[T any](p *Page, expression string) (T, error) {
	within, done := context.WithTimeout(p.ctx, patience)
	defer done()
	return chromedp.Run(within, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Kill ends the process, as a system that runs out of memory does.
func (b *Browser) Kill() {
	b.t.Helper()
	if err := chromedp.FromContext(b.ctx).Browser.Process().Kill(); err != nil {
		b.t.Fatalf("kill the browser: %v", err)
	}
}

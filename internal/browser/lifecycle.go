//go:build !js

package browser

import (
	"context"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// SlowTimers is for Start: the timers of hidden pages go once a minute after some seconds, and not after minutes.
// Pages with a data channel are exempt, and so is whatever shares their process.
func SlowTimers() chromedp.ExecAllocatorOption {
	return chromedp.Flag("enable-features", "IntensiveWakeUpThrottling:grace_period_seconds/2/grace_period_seconds_loaded/2")
}

// Hide puts the page's window out of sight, as who turns to another tab does: its timers are slow from now on.
func (p *Page) Hide() { p.t.Helper(); p.window(browser.WindowStateMinimized) }

// Show brings it back.
func (p *Page) Show() { p.t.Helper(); p.window(browser.WindowStateNormal) }

func (p *Page) window(state browser.WindowState) {
	p.t.Helper()
	p.within(func(ctx context.Context, target *chromedp.Target) error {
		w, err := cdp.Call(ctx, target, browser.GetWindowForTarget, browser.GetWindowForTargetParams{})
		if err == nil {
			_, err = cdp.Call(ctx, target, browser.SetWindowBounds, browser.SetWindowBoundsParams{
				WindowID: w.WindowID, Bounds: &browser.Bounds{WindowState: state},
			})
		}
		return err
	})
}

// Freeze hides the page and has nothing more run in it, as telephones do with tabs that nobody sees.
func (p *Page) Freeze() {
	p.t.Helper()
	p.Hide() // or Show would find it in sight
	p.lifecycle(page.SetWebLifecycleStateStateFrozen)
}

// Thaw has it run again, still hidden.
func (p *Page) Thaw() { p.t.Helper(); p.lifecycle(page.SetWebLifecycleStateStateActive) }

func (p *Page) lifecycle(state page.SetWebLifecycleStateState) {
	p.t.Helper()
	p.within(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state})
		return err
	})
}

func (p *Page) within(do func(context.Context, *chromedp.Target) error) {
	p.t.Helper()
	ctx, done := context.WithTimeout(p.ctx, patience)
	defer done()
	_, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, do(ctx, target)
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

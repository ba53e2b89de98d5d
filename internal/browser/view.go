//go:build !js

package browser

import (
	"bytes"
	"context"
	"image"
	"image/png"

	"github.com/chromedp/chromedp"
)

// A View is a screen that a page is seen on.
type View struct {
	Width, Height int     // in CSS pixels
	Scale         float64 // how many pixels of the screen there are in each; 0: one
	Touch         bool    // it is a phone's
}

// See has the page be on such a screen from now on.
func (p *Page) See(v View) {
	p.t.Helper()
	options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(max(v.Scale, 1))}
	if v.Touch {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	within, done := context.WithTimeout(p.ctx, patience)
	defer done()
	if err := chromedp.Do(within, chromedp.EmulateViewport(int64(v.Width), int64(v.Height), options...)); err != nil {
		p.t.Fatalf("a screen of %d by %d: %v", v.Width, v.Height, err)
	}
}

// Picture is what is to be seen of the page.
func (p *Page) Picture() image.Image {
	p.t.Helper()
	within, done := context.WithTimeout(p.ctx, patience)
	defer done()
	b, err := chromedp.Run(within, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("a picture of the page: %v", err)
	}
	seen, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		p.t.Fatalf("a picture of the page: %v", err)
	}
	return seen
}

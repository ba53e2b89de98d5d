package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/simnet"
)

// A panel is what is seen of one in the picture of all links.
type panel struct{ link, transport string }

// bares leaves of the panel what tells links apart, and says where it is.
const bares = `((name) => {
	const style = new CSSStyleSheet(); // which the page's policy lets in
	style.replaceSync("#presets, #link-title, #paths, #answer-title, .check input, .check:last-child, #close-panel { display: none !important }" +
		"#panel { top: 0 !important; right: 0 !important; max-height: none !important; border: 0; border-radius: 0; background: #0d1219 }" +
		"#panel h2 { font-size: 26px } .playing-by strong { font-size: 16px; font-weight: 400 } #link { border: 0; margin: 0 0 16px; padding: 0 }" +
		"#gauges { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px 20px } #gauges canvas { height: 40px }");
	document.adoptedStyleSheets = [style];
	document.querySelector("#panel h2").textContent = name;
	const {left, top, width, height} = document.querySelector("#panel").getBoundingClientRect();
	return [left, top, left + width, top + height].map(Math.round);
})(%q)`

// TestLongPanels: over each link the panel shows the round trip that the link has, and more; with -screenshots for half
// a minute each, and side by side in a picture.
func TestLongPanels(t *testing.T) {
	all, seconds := []panel{{"lan", "webtransport"}, {"satellite", "websocket"}}, 2*time.Second
	if *screenshots != "" {
		all, seconds = nil, 30*time.Second
		for _, link := range simnet.PresetNames() {
			all = append(all, panel{link, "webtransport"})
		}
		all = append(all, panel{"wifi-bad", "websocket"})
	}
	browser.Run(t, func(chromium *browser.Browser) {
		at, _ := startDemo(t, "--bots=16", "--link=none")
		var seen []image.Image
		for _, one := range all {
			seen = append(seen, one.show(t, chromium, "http://"+at, seconds))
		}
		writePicture(t, "arena-links", sideBySide(seen, 4))
	})
}

// show plays over a link, and takes a picture of the panel.
func (one panel) show(t *testing.T, chromium *browser.Browser, url string, lasts time.Duration) image.Image {
	t.Helper()
	p := enterPage(chromium, url+"?transport="+one.transport)
	defer p.Close()
	p.See(browser.View{Width: 1440, Height: 900})
	browser.Eval[bool](p, fmt.Sprintf(`document.querySelector("#presets [data-name='%s']").click(), true`, one.link))
	pageShows(t, p, fmt.Sprintf(`arena.connected && arena.transport === %q`, one.transport))
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		wander(t, p, 1, 0)
	}
	links, err := simnet.Preset(one.link)
	if err != nil {
		t.Fatal(err)
	}
	trip := (links.Up.Delay + links.Down.Delay).Seconds() * 1000
	pageShows(t, p, fmt.Sprintf(`parseFloat(document.querySelector("#gauges b").textContent) >= %v`, int(trip)))
	at := browser.Eval[[4]int](p, fmt.Sprintf(bares, one.link))
	time.Sleep(300 * time.Millisecond) // it draws four times a second
	whole := p.Picture()
	cut := image.NewRGBA(image.Rect(0, 0, at[2]-at[0], at[3]-at[1]))
	draw.Draw(cut, cut.Bounds(), whole, image.Pt(at[0], at[1]), draw.Src)
	if size := cut.Bounds().Size(); size.X < 300 || size.Y < 400 || at[3] > 900 {
		t.Errorf("the panel over %s is %v, at %v", one.link, size, at)
	}
	return cut
}

// Colors of the page.
var line, card = color.RGBA{0x22, 0x2c, 0x3a, 0xff}, color.RGBA{0x0d, 0x12, 0x19, 0xff}

// sideBySide is a picture of several, so many in a row.
func sideBySide(all []image.Image, inRow int) image.Image {
	const gap = 10
	var size image.Point // of the largest
	for _, one := range all {
		size = image.Pt(max(size.X, one.Bounds().Dx()), max(size.Y, one.Bounds().Dy()))
	}
	columns, rows := min(inRow, len(all)), (len(all)+inRow-1)/inRow
	picture := image.NewRGBA(image.Rect(0, 0, columns*(size.X+gap)-gap, rows*(size.Y+gap)-gap))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(line), image.Point{}, draw.Src)
	for i, one := range all {
		cell := image.Rectangle{Max: size}.Add(image.Pt(i%inRow*(size.X+gap), i/inRow*(size.Y+gap)))
		draw.Draw(picture, cell, image.NewUniform(card), image.Point{}, draw.Src)
		draw.Draw(picture, one.Bounds().Add(cell.Min), one, image.Point{}, draw.Src)
	}
	return picture
}

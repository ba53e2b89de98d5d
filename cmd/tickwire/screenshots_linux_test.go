package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/internal/browser"
)

// `make screenshots` writes the pictures of docs, and plays as long as it takes until they show something.
var screenshots = flag.String("screenshots", "", "write pictures of the page into this folder")

// mostPictureBytes keeps the repository small.
const mostPictureBytes = 150_000

// wanders has a player walk about and fire until somebody is near, for some seconds at least and some more at most.
const wanders = `(async (seconds, more) => {
	const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
	const press = (kind, code) => document.body.dispatchEvent(new KeyboardEvent(kind, {code, bubbles: true, cancelable: true}));
	const least = performance.now() + 1000 * seconds, most = least + 1000 * more;
	for (let i = 0; performance.now() < least || performance.now() < most && !(arena.near > 2 && arena.health > 2); i++) {
		const ways = ["KeyD", "KeyS", "KeyA", "KeyW"];
		const way = ways[(i >> 2) %% 4];
		press("keydown", way);
		press("keydown", "Space");
		await sleep(150);
		press("keyup", "Space");
		await sleep(50);
		press("keyup", way);
	}
	return arena.connected;
})(%v, %v)`

// TestLongScreenshots: at the width of a desktop and of a phone the page fits, with the panel open.
func TestLongScreenshots(t *testing.T) {
	const link = "wifi-bad"
	seconds := 1.0
	if *screenshots != "" {
		seconds = 12
	}
	browser.Run(t, func(chromium *browser.Browser) {
		at, _ := startDemo(t, "--bots=40", "--link="+link)
		desktop, phone := browser.View{Width: 1440, Height: 900}, browser.View{Width: 390, Height: 844, Scale: 2, Touch: true}
		for _, view := range []browser.View{desktop, phone} {
			suffix := ""
			if view.Touch {
				suffix = "-phone"
			}
			p := enterPage(chromium, "http://"+at)
			p.See(view)
			pageShows(t, p, `arena.connected && arena.transport === "webtransport"`)
			browser.Eval[bool](p, openPanel)
			wander(t, p, seconds, 15)
			keepPicture(t, p, "arena-"+link+suffix, view)
			if view.Touch {
				browser.Eval[bool](p, `document.querySelector("#close-panel").click(), true`)
				wander(t, p, seconds/4, 15)
				keepPicture(t, p, "arena-phone", view)
			}
			p.Close()
		}
	})
}

const openPanel = `document.querySelector("#open-panel").getAttribute("aria-expanded") === "true" || (document.querySelector("#open-panel").click(), true)`

func wander(t *testing.T, p *browser.Page, seconds, more float64) {
	t.Helper()
	if !browser.Eval[bool](p, fmt.Sprintf(wanders, seconds, more)) {
		t.Fatalf("the page plays no more: %s", browser.Eval[string](p, "arena.reason"))
	}
}

// keepPicture takes one of the whole page.
func keepPicture(t *testing.T, p *browser.Page, name string, v browser.View) {
	t.Helper()
	if wide := browser.Eval[int](p, `document.documentElement.scrollWidth`); wide > v.Width {
		t.Errorf("%s: the page is %d wide, on a screen of %d", name, wide, v.Width)
	}
	seen := p.Picture()
	if got, want := seen.Bounds().Size(), image.Pt(v.Width, v.Height).Mul(max(int(v.Scale), 1)); got != want {
		t.Errorf("%s: %v, want %v", name, got, want)
	}
	writePicture(t, name, seen)
}

// writePicture writes one as small as it goes, if that is wanted.
func writePicture(t *testing.T, name string, seen image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, fewColors(seen)); err != nil {
		t.Fatal(err)
	}
	if b.Len() > mostPictureBytes || b.Len() < 5000 {
		t.Errorf("%s: %d bytes, want 5000 to %d", name, b.Len(), mostPictureBytes)
	}
	if *screenshots != "" {
		if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// fewColors is a picture in the 256 colors of it that are seen most and are not nearly one that is seen more.
func fewColors(seen image.Image) *image.Paletted {
	r := seen.Bounds()
	counts := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(seen.At(x, y)).(color.RGBA) }
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	var all, kept []color.RGBA
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int { return counts[b] - counts[a] })
	var palette color.Palette
	for _, c := range all {
		if len(kept) < 256 && !slices.ContainsFunc(kept, func(k color.RGBA) bool { return near(c, k) }) {
			kept, palette = append(kept, c), append(palette, c)
		}
	}
	small, index := image.NewPaletted(r, palette), map[color.RGBA]uint8{}
	for c := range counts {
		index[c] = uint8(palette.Index(c))
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			small.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return small
}

// near reports whether nobody tells two colors apart that are not side by side.
func near(a, b color.RGBA) bool {
	sum := 0
	for _, d := range [3]int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		sum += d * d
	}
	return sum < 24
}

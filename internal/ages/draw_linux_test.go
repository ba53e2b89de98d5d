package ages

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tickwire/tickwire/internal/picture"
)

// shown is how many milliseconds of the first seed are drawn.
const shown = 10_000

// draw draws how many of the ages are beyond what, and how ages went for a while.
func draw(folder string, all []curve) error {
	note := fmt.Sprintf("Chromium, 60 states a second, a round trip of 100 ms, 5 %% of the packets lost each way; %s, by make browsers", played())
	far := picture.Plot{Title: "How old the newest state in a page is", Note: note, Axis: "milliseconds"}
	far.Panels = []picture.Panel{{Name: "% of the time it is older than that", Most: 20}}
	later := picture.Plot{Title: "The same for ten seconds of the first run", Note: note, Axis: "seconds"}
	for i, r := range rivals {
		far.Panels[0].Lines = append(far.Panels[0].Lines, picture.Line{Name: r.title, Points: beyond(&all[i])})
		p := picture.Panel{Name: r.title + ": age of the newest state, ms", Most: 400}
		p.Lines = []picture.Line{{Name: "its age", Points: overTime(&all[i])}}
		later.Panels = append(later.Panels, p)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "browsers.svg"), far.Draw(), 0o666),
		os.WriteFile(filepath.Join(folder, "browsers-time.svg"), later.Draw(), 0o666),
	)
}

// beyond is how much of the time ages are above each.
func beyond(c *curve) (points []picture.Point) {
	left := c.total
	for ms, n := range c.counts[:400] {
		left -= n
		points = append(points, picture.Point{X: float64(ms), Y: 100 * float64(left) / float64(c.total)})
	}
	return points
}

// overTime are the corners of the saw that an age is: where a state comes, and just before that.
func overTime(c *curve) (points []picture.Point) {
	for i, at := range c.first {
		if at.at > shown {
			break
		}
		if i == 0 || at.age < c.first[i-1].age || i+1 < len(c.first) && c.first[i+1].age < at.age {
			points = append(points, picture.Point{X: at.at / 1000, Y: at.age})
		}
	}
	return points
}

package picture

import (
	"fmt"
	"strings"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// Where things are in a picture of shares.
const (
	sharesTop    = 66
	sharesBottom = 266
	bucket       = int64(200 * time.Millisecond)
)

// drawShares draws how many bytes of each channel arrived over time, one channel on top of the
// other.
func drawShares(s *Scene, t *Timeline) []byte {
	d := &drawing{scene: s, story: t}
	d.text("title", 16, 26, left, s.Title)
	d.text("dim", 16, 45, left, s.Note)
	most := int(bucket*int64(s.rate)/int64(time.Second)) * 6 / 5
	y := func(bytes int) int { return sharesBottom - bytes*(sharesBottom-sharesTop)/most }
	below := make([]int, int(int64(s.Length)/bucket))
	classes := []string{"hot", "plain", "third"}
	for i := len(s.channels) - 1; i >= 0; i-- {
		arrived := t.Arrived(s.channels[i].ID, bucket, len(below))
		var area strings.Builder
		for k, bytes := range below {
			at := int64(k) * bucket
			fmt.Fprintf(&area, "%s%d %dH%d", []string{"M", "L"}[min(k, 1)], d.x(at), y(bytes+arrived[k]), d.x(at+bucket))
		}
		for k := len(below) - 1; k >= 0; k-- {
			at := int64(k) * bucket
			fmt.Fprintf(&area, "L%d %dH%d", d.x(at+bucket), y(below[k]), d.x(at))
		}
		d.path(classes[i], area.String()+"z")
		k := len(below) / 2
		d.text("in", d.x(int64(k)*bucket), (y(below[k])+y(below[k]+arrived[k]))/2+4, middle, s.share(i))
		for k := range below {
			below[k] += arrived[k]
		}
	}
	for kilobytes := 0; kilobytes*1000 <= s.rate; kilobytes += 25 {
		at := y(kilobytes * 1000 * int(bucket) / int(time.Second))
		d.stroke("grid", gutter, at, edge, at)
		d.text("small dim", gutter-8, at+4, right, fmt.Sprintf("%d kB/s", kilobytes))
	}
	for at := time.Duration(0); at <= s.Length; at += 500 * ms {
		d.text("small dim", d.x(int64(at)), sharesBottom+18, middle, fmt.Sprintf("%.1f s", at.Seconds()))
	}
	d.height = sharesBottom + 34
	return d.bytes(s.Title, s.Note)
}

// share says what a channel is given.
func (s *Scene) share(i int) string {
	ch := s.channels[i]
	if ch.Priority != 0 {
		return fmt.Sprintf("%s: priority %d", ch.Name, ch.Priority)
	}
	return fmt.Sprintf("%s: weight %d", ch.Name, max(1, ch.Weight))
}

// Arrived returns how many bytes of a channel's messages arrived in each of n spans of time.
func (t *Timeline) Arrived(channel endpoint.ChannelID, span int64, n int) []int {
	bytes := make([]int, n)
	for i := range t.Packets {
		p := &t.Packets[i]
		if p.Arrived == never || p.Arrived/span >= int64(n) {
			continue
		}
		for _, f := range p.Frames {
			if f.content() && f.Channel == channel {
				bytes[p.Arrived/span] += f.To - f.From
			}
		}
	}
	return bytes
}

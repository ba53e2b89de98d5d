package picture

import (
	"fmt"
	"strings"

	"github.com/tickwire/tickwire/endpoint"
)

// Where things are in a picture of shares.
const (
	sharesTop    = 66
	sharesBottom = 266
	bucket       = int64(200 * ms) // what is summed up
)

// drawShares draws how many bytes of each channel arrived over time, one channel on top of the
// other.
func drawShares(s *Scene, t *Timeline) []byte {
	d := &drawing{scene: s, story: t, length: s.Length}
	d.heading()
	sums := make([]int, int64(s.Length)/bucket) // of the channels below
	for i := len(s.channels) - 1; i >= 0; i-- {
		arrived := t.Arrived(s.channels[i].ID, bucket, len(sums))
		for k := range arrived {
			arrived[k] += sums[k]
		}
		d.area([]string{"hot", "plain", "third"}[i%3], sums, arrived)
		k := len(sums) / 2
		d.text("in", d.x(int64(k)*bucket), (d.level(sums[k])+d.level(arrived[k]))/2+4, middle, s.share(i))
		sums = arrived
	}
	for kilobytes := 0; kilobytes*1000 <= s.rate; kilobytes += 25 {
		y := d.level(kilobytes * int(bucket/int64(ms)))
		d.stroke("grid", gutter, y, edge, y)
		d.text("small dim", gutter-8, y+4, right, fmt.Sprintf("%d kB/s", kilobytes))
	}
	d.scale(sharesBottom + 18)
	d.height = sharesBottom + 34
	return d.bytes(s.Title, s.Note)
}

// level is the height at which so many bytes in a bucket are drawn.
func (d *drawing) level(bytes int) int {
	most := d.scene.rate * int(bucket/int64(ms)) / 1000 * 6 / 5
	return sharesBottom - min(bytes, most)*(sharesBottom-sharesTop)/most
}

// area fills what is between two lines of steps.
func (d *drawing) area(class string, from, to []int) {
	var path strings.Builder
	for k, bytes := range to {
		command := "L"
		if k == 0 {
			command = "M"
		}
		at := int64(k) * bucket
		fmt.Fprintf(&path, "%s%d %dH%d", command, d.x(at), d.level(bytes), d.x(at+bucket))
	}
	for k := len(from) - 1; k >= 0; k-- {
		at := int64(k) * bucket
		fmt.Fprintf(&path, "L%d %dH%d", d.x(at+bucket), d.level(from[k]), d.x(at))
	}
	d.path(class, path.String()+"z")
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

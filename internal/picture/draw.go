package picture

import (
	"fmt"
	"strings"
	"time"
)

// Where things are in the picture of a timeline, in pixels. Time runs to the right; the
// sender's axis is above the receiver's.
const (
	gutter = 96          // room for labels on the left
	start  = gutter + 16 // of time
	end    = 770
	edge   = end + 14 // of the axes
	apart  = 130      // of the two axes
	lane   = 25       // from one row of messages to the next
	box    = 20       // height of a message
	note   = 15       // from one row of receipts to the next
)

// A drawing is the picture of a timeline in the making.
type drawing struct {
	sheet
	scene            *Scene
	story            *Timeline
	length           time.Duration // of what is shown
	sends            int           // top of the boxes of messages that are sent
	sender, receiver int           // the axes
	sees             rows
	told             rows
	tags             []tag // of packets; drawn above all lines
}

// drawTimeline draws packets as lines from one axis to the other, and messages as boxes where
// the games send and see them.
func drawTimeline(s *Scene, t *Timeline) []byte {
	d := &drawing{scene: s, story: t, length: max(s.Length, t.end()), told: rows{top: 72, step: note}}
	d.heading()
	d.receipts()
	d.sends = d.told.top + max(2, len(d.told.ends))*note
	if d.grouped() {
		d.sends += note
	}
	d.sender = d.sends + box + 14
	d.receiver = d.sender + apart
	d.sees = rows{top: d.receiver + 16, step: lane}
	d.axes()
	for i := range t.Packets {
		if p := &t.Packets[i]; p.Sent < int64(d.length) {
			d.packet(p)
		}
	}
	for _, l := range d.tags {
		d.text(l.class, l.x, l.y, l.anchor, l.text)
	}
	for i := range t.Messages {
		d.send(i)
	}
	d.arrivals()
	d.notes()
	d.scale(d.sees.bottom() + 16)
	d.height = d.legend(d.sees.bottom()+42) + 14
	return d.bytes(s.Title, d.description())
}

func (d *drawing) heading() {
	d.text("title", 16, 26, left, d.scene.Title)
	d.text("dim", 16, 45, left, d.scene.Note)
}

// rows hand out places in rows, each as high up as there is room.
type rows struct {
	top, step int
	ends      []int // where each is free from on
}

// A span is from where to where something reaches.
type span struct{ from, to int }

// place finds room for things that belong below each other, and returns the top of the first.
func (r *rows) place(stack ...span) (y int) {
	first := 0
	for !r.free(first, stack) {
		first++
	}
	for i, s := range stack {
		if first+i == len(r.ends) {
			r.ends = append(r.ends, 0)
		}
		r.ends[first+i] = s.to
	}
	return r.top + first*r.step
}

func (r *rows) free(first int, stack []span) bool {
	for i, s := range stack {
		if first+i < len(r.ends) && r.ends[first+i] > s.from {
			return false
		}
	}
	return true
}

func (r *rows) bottom() int { return r.top + max(1, len(r.ends))*r.step }

// x is where a moment is.
func (d *drawing) x(at int64) int { return start + int(at*(end-start)/int64(d.length)) }

// axes draws the two axes with the turns of the games.
func (d *drawing) axes() {
	if away := d.scene.away; away[1] > 0 {
		from, to := d.x(int64(away[0])), d.x(int64(away[1]))
		d.rect("away", from, d.receiver, to-from, 14, 0)
		text := "does not read"
		if d.scene.hold {
			text = "Hold: is not called"
		}
		d.text("small dim", to-6, d.receiver+11, right, text)
		d.sees.top += 8
	}
	for at := int64(0); at <= int64(d.length); at += int64(turn) {
		d.stroke("tick", d.x(at), d.sender-5, d.x(at), d.sender)
	}
	for _, at := range d.story.Turns {
		if at <= int64(d.length) {
			d.stroke("tick", d.x(at), d.receiver, d.x(at), d.receiver+5)
		}
	}
	d.stroke("axis", gutter, d.sender, edge, d.sender)
	d.stroke("axis", gutter, d.receiver, edge, d.receiver)
	for _, label := range []struct {
		class string
		y     int
		text  string
	}{
		{"dim", d.told.top, "receipts"}, {"dim", d.sends + 14, "game sends"}, {"", d.sender + 4, "sender"},
		{"", d.receiver + 4, "receiver"}, {"dim", d.sees.top + 14, "game sees"},
	} {
		d.text(label.class, gutter-8, label.y, right, label.text)
	}
}

// scale writes the time.
func (d *drawing) scale(y int) {
	step := 50 * ms
	for _, wider := range []time.Duration{100 * ms, 250 * ms, 500 * ms, time.Second} {
		if d.length > 10*step {
			step = wider
		}
	}
	for at := time.Duration(0); at <= d.length; at += step {
		text := fmt.Sprintf("%d ms", at.Milliseconds())
		if d.length > 2*time.Second {
			text = fmt.Sprintf("%.1f s", at.Seconds())
		}
		d.text("small dim", d.x(int64(at)), y, middle, text)
	}
}

// description says in words what the picture shows.
func (d *drawing) description() string {
	var sent, lost []string
	for i := range d.story.Messages {
		label := d.story.Messages[i].Cue.Label
		sent = append(sent, label)
		if d.story.Lost(i) {
			lost = append(lost, label)
		}
	}
	text := fmt.Sprintf("%s. The game sends %s.", d.scene.Note, strings.Join(sent, ", "))
	if len(lost) > 0 {
		text += fmt.Sprintf(" A packet with %s is lost.", strings.Join(lost, ", "))
	}
	return text + fmt.Sprintf(" The other game sees %s, in this order.", strings.Join(d.story.Seen(), ", "))
}

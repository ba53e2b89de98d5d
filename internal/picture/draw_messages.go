package picture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tickwire/tickwire/endpoint"
)

// role is how a message is coloured: those that lost a packet stand out, keys differ.
func (d *drawing) role(i int) string {
	m := &d.line.Messages[i]
	switch {
	case d.line.Lost(i):
		return "hot"
	case m.Cue.Options.Keyed && m.Cue.Options.Key != d.line.Messages[0].Cue.Options.Key:
		return "second"
	}
	return "plain"
}

// message draws the box of a message around x.
func (d *drawing) message(i, x, y int) {
	d.box(i, d.role(i), "in", x, y)
}

// outline draws the box of a message that came to nothing.
func (d *drawing) outline(i, x, y int) { d.box(i, "none", "dim", x, y) }

func (d *drawing) box(i int, class, textClass string, x, y int) {
	label := d.line.Messages[i].Cue.Label
	w, round := boxWidth(label), 4
	if d.line.Messages[i].Cue.Options.Droppable {
		round = box / 2
	}
	d.rect(class, x-w/2, y, w, box, round)
	d.text(textClass, x, y+14, middle, label)
}

func boxWidth(label string) int { return max(box+2, 8*len(label)+8) }

// send draws what the game gives to Send. The last of a group draws the bracket above it.
func (d *drawing) send(i int) {
	m := &d.line.Messages[i]
	x := d.x(m.Sent)
	if d.line.Times(i) == 0 {
		d.outline(i, x, d.sends)
	} else {
		d.message(i, x, d.sends)
	}
	if g := m.Cue.Options.Group; g != 0 && (i+1 == len(d.line.Messages) || d.line.Messages[i+1].Cue.Options.Group != g) {
		first := slices.IndexFunc(d.line.Messages, func(m Message) bool { return m.Cue.Options.Group == g })
		from, to := d.x(d.line.Messages[first].Sent)-12, x+12
		d.path("bracket", fmt.Sprintf("M%d %dv-5H%dv5", from, d.sends-3, to))
		d.text("small brackettext", (from+to)/2, d.sends-12, middle, "group")
	}
}

func (d *drawing) grouped() bool {
	return slices.ContainsFunc(d.line.Messages, func(m Message) bool { return m.Cue.Options.Group != 0 })
}

// receipts draws what the sending game reads about its messages.
func (d *drawing) receipts() {
	for _, at := range d.tellings() {
		var good []string
		for i := range d.line.Messages {
			if m := &d.line.Messages[i]; m.Told == at && m.Fate == endpoint.Delivered {
				good = append(good, m.Cue.Label)
			}
		}
		if len(good) > 0 {
			d.receipt("small", at, "✓ "+strings.Join(good, " "))
		}
		for i := range d.line.Messages {
			if m := &d.line.Messages[i]; m.Told == at && m.Fate == endpoint.Lost {
				d.receipt("small hottext", at, "✗ "+m.Cue.Label+" "+reason(m.Why))
			}
		}
	}
}

func reason(why endpoint.LossReason) string {
	if why == endpoint.NotKnown {
		return "lost"
	}
	return why.String()
}

func (d *drawing) receipt(class string, at int64, text string) {
	x := d.x(at)
	y := d.told.place(span{x - 5, x + 6*len(text)})
	d.text(class, x-5, y, left, text)
}

// tellings are the moments at which receipts are read.
func (d *drawing) tellings() []int64 {
	var at []int64
	for i := range d.line.Messages {
		if m := &d.line.Messages[i]; m.Told <= int64(d.scene.Length) {
			at = append(at, m.Told)
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// arrivals draws what becomes of messages behind the receiver's axis: a bar from the moment
// when all of it is there, and the box when the game sees it. What it sees in one turn stands
// below each other.
func (d *drawing) arrivals() {
	shown := d.line.inOrderSeen()
	for i := range d.line.Messages {
		if m := &d.line.Messages[i]; m.Stored != never && m.Seen == never {
			shown = append(shown, i)
		}
	}
	var tops []int
	for n := 0; n < len(shown); {
		stack := []span{d.reach(shown[n])}
		for k := n + 1; k < len(shown) && d.together(shown[n], shown[k]); k++ {
			stack = append(stack, d.reach(shown[k]))
		}
		top := d.sees.place(stack...)
		for k := range stack {
			tops = append(tops, top+k*lane)
		}
		n += len(stack)
	}
	for n, i := range shown {
		x := d.x(d.line.Messages[i].Stored)
		d.sheet.line("fall", x, d.receiver, x, tops[n]+box/2)
	}
	for n, i := range shown {
		if d.line.Messages[i].Seen == never {
			d.unseen(i, tops[n])
			continue
		}
		d.bar(i, tops[n])
		d.message(i, d.x(d.line.Messages[i].Seen), tops[n])
	}
}

// reach is the room that a message takes from its arrival on.
func (d *drawing) reach(i int) span {
	m := &d.line.Messages[i]
	x := d.x(m.Stored)
	if m.Seen == never {
		return span{x - boxWidth(m.Cue.Label)/2, x + 64}
	}
	half := boxWidth(m.Cue.Label) / 2
	return span{min(x, d.x(m.Seen)-half), d.x(m.Seen) + half + 1}
}

// bar shows for how long a message is there before the game sees it: thin if only until its
// next turn.
func (d *drawing) bar(i, y int) {
	class := "wait"
	if d.role(i) == "hot" {
		class = "hotwait"
	}
	m := &d.line.Messages[i]
	from, to := d.x(m.Stored), d.x(m.Seen)
	if !d.line.Waited(m) {
		d.rect(class, from, y+box/2-2, to-from, 4, 2)
		return
	}
	d.rect(class, from, y, to-from, box, 4)
	if to-from > 56 {
		d.text("small", from+6, y+14, left, "waits")
	}
}

// unseen shows a message that arrived for nothing.
func (d *drawing) unseen(i, y int) {
	m := &d.line.Messages[i]
	x := d.x(m.Stored)
	d.outline(i, x, y)
	why := "too old" // a newer value came first
	if m.Cue.Options.Droppable {
		why = "too late"
	}
	d.text("small dim", x+boxWidth(m.Cue.Label)/2+4, y+14, left, why)
}

// together reports whether the game sees two messages in one turn.
func (d *drawing) together(i, k int) bool {
	seen := d.line.Messages[i].Seen
	return seen != never && seen == d.line.Messages[k].Seen
}

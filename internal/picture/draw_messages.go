package picture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tickwire/tickwire/endpoint"
)

// role is how a message is coloured: those that lost a packet stand out, groups and keys differ
// from the rest.
func (d *drawing) role(i int) string {
	m := &d.story.Messages[i]
	switch {
	case d.story.Lost(i):
		return "hot"
	case m.Cue.Options.Group != 0:
		return "third"
	case m.Cue.Options.Keyed && m.Cue.Options.Key != d.story.Messages[0].Cue.Options.Key:
		return "second"
	}
	return "plain"
}

// message draws the box of a message around x.
func (d *drawing) message(i, x, y int) {
	d.draw(i, d.role(i), "in", x, y)
}

// outline draws the box of a message that came to nothing.
func (d *drawing) outline(i, x, y int) { d.draw(i, "none", "dim", x, y) }

func (d *drawing) draw(i int, class, textClass string, x, y int) {
	label := d.story.Messages[i].Cue.Label
	w, round := boxWidth(label), 4
	if d.story.Messages[i].Cue.Options.Droppable {
		round = box / 2
	}
	d.rect(class, x-w/2, y, w, box, round)
	d.text(textClass, x, y+14, middle, label)
}

func boxWidth(label string) int { return max(box+2, 8*len(label)+8) }

// send draws what the game gives to Send. The last of a group draws the bracket above it.
func (d *drawing) send(i int) {
	m := &d.story.Messages[i]
	x := d.x(m.Sent)
	if d.story.Times(i) == 0 {
		d.outline(i, x, d.sends)
	} else {
		d.message(i, x, d.sends)
	}
	if g := m.Cue.Options.Group; g != 0 && (i+1 == len(d.story.Messages) || d.story.Messages[i+1].Cue.Options.Group != g) {
		first := slices.IndexFunc(d.story.Messages, func(m Message) bool { return m.Cue.Options.Group == g })
		from, to := d.x(d.story.Messages[first].Sent)-12, x+12
		d.path("bracket", fmt.Sprintf("M%d %dv-5H%dv5", from, d.sends-3, to))
		d.text("small grouptext", (from+to)/2, d.sends-12, middle, "group")
	}
}

func (d *drawing) grouped() bool {
	return slices.ContainsFunc(d.story.Messages, func(m Message) bool { return m.Cue.Options.Group != 0 })
}

// receipts draws what the sending game reads about its messages.
func (d *drawing) receipts() {
	for _, at := range d.tellings() {
		var good []string
		for i := range d.story.Messages {
			if m := &d.story.Messages[i]; m.Told == at && m.Fate == endpoint.Delivered {
				good = append(good, m.Cue.Label)
			}
		}
		if len(good) > 0 {
			d.receipt("small", at, "✓ "+strings.Join(shorter(good), " "))
		}
		for i := range d.story.Messages {
			if m := &d.story.Messages[i]; m.Told == at && m.Refused {
				d.receipt("small hottext", at, "✗ "+m.Cue.Label+" refused")
			} else if m.Told == at && m.Fate == endpoint.Lost {
				d.receipt("small hottext", at, "✗ "+m.Cue.Label+" "+reason(m.Why))
			}
		}
		for _, n := range d.story.Notes {
			if n.At == at && !n.AtPeer && !n.Did {
				d.receipt("small grouptext", at, n.Text)
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
	x := min(d.x(at)-5, edge-textWidth(text))
	y := d.told.place(span{x, x + textWidth(text)})
	d.text(class, x, y, left, text)
}

// tellings are the moments at which receipts are read.
func (d *drawing) tellings() []int64 {
	var at []int64
	for i := range d.story.Messages {
		if told := d.story.Messages[i].Told; told != never {
			at = append(at, told)
		}
	}
	for _, n := range d.story.Notes {
		if !n.AtPeer && !n.Did {
			at = append(at, n.At)
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// arrivals draws what becomes of messages behind the receiver's axis: a bar from the moment
// when all of it is there, and the box when the game sees it. What it sees in one turn stands
// below each other.
func (d *drawing) arrivals() {
	shown := d.story.inOrderSeen()
	for i := range d.story.Messages {
		if m := &d.story.Messages[i]; m.Stored != never && m.Seen == never {
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
		x := d.x(d.story.Messages[i].Stored)
		d.stroke("fall", x, d.receiver, x, tops[n]+box/2)
	}
	for n, i := range shown {
		if d.story.Messages[i].Seen == never {
			d.unseen(i, tops[n])
			continue
		}
		d.bar(i, tops[n])
		d.message(i, d.x(d.story.Messages[i].Seen), tops[n])
	}
}

// reach is the room that a message takes from its arrival on.
func (d *drawing) reach(i int) span {
	m := &d.story.Messages[i]
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
	m := &d.story.Messages[i]
	from, to := d.x(m.Stored), d.x(m.Seen)
	if !d.story.Waited(m) {
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
	m := &d.story.Messages[i]
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
	seen := d.story.Messages[i].Seen
	return seen != never && seen == d.story.Messages[k].Seen
}

// notes draws what else the games did, and what the receiving one was told.
func (d *drawing) notes() {
	for _, n := range d.story.Notes {
		x := d.x(n.At)
		switch {
		case n.Did && !n.AtPeer:
			d.text("small grouptext", x-10, d.sends+14, left, n.Text)
		case n.AtPeer && !n.Did:
			d.text("small grouptext", x-10, d.sees.place(span{x - 12, x + textWidth(n.Text)})+14, left, n.Text)
		}
	}
}

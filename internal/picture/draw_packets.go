package picture

import (
	"slices"
	"strconv"
	"strings"
)

// packet draws the way of a packet.
func (d *drawing) packet(p *Packet) {
	from, to := d.sender, d.receiver
	if p.FromPeer {
		from, to = to, from
	}
	class, label := d.look(p)
	x1, x2 := d.x(p.Sent), d.x(d.arrival(p))
	if p.Arrived == never {
		d.stroke(class, x1, from, x1+(x2-x1)*3/5, from+(to-from)*3/5)
		d.cross(x1+(x2-x1)*3/5, from+(to-from)*3/5)
	} else if x2 > edge { // it arrives after the picture
		d.stroke(class, x1, from, edge, from+(to-from)*(edge-x1)/(x2-x1))
	} else {
		d.arrow(class, x1, from, x2, to)
	}
	if label != "" {
		d.tag(class, x1, from, x2, to, label)
	}
}

// A tag stands right of the line of its packet, or left of it if there is no room.
type tag struct {
	class, text string
	anchor      anchor
	x, y        int
}

// tag says what is in a packet, at a place along its line where no other tag is.
func (d *drawing) tag(class string, x1, y1, x2, y2 int, text string) {
	t := tag{class: "small halo", text: text, anchor: left}
	if class == "hotline" {
		t.class += " hottext"
	}
	for down := 17; down < apart-20; down += 14 {
		t.x, t.y = x1+(x2-x1)*down/apart+5, y1+(y2-y1)*down/apart+4
		if t.x+textWidth(text) > edge {
			t.anchor, t.x = right, t.x-10
		}
		if !slices.ContainsFunc(d.tags, t.touches) {
			break
		}
	}
	d.tags = append(d.tags, t)
}

func (t tag) touches(o tag) bool {
	return abs(t.y-o.y) < 13 && t.reach().from < o.reach().to && o.reach().from < t.reach().to
}

func (t tag) reach() span {
	if t.anchor == right {
		return span{t.x - textWidth(t.text), t.x}
	}
	return span{t.x, t.x + textWidth(t.text)}
}

// arrival is when a packet arrived; of a lost one when it would have: between those that left
// with it, or as late as the link takes.
func (d *drawing) arrival(p *Packet) int64 {
	if p.Arrived != never {
		return p.Arrived
	}
	sum, n := int64(0), int64(0)
	for i := range d.story.Packets {
		q := &d.story.Packets[i]
		if q.FromPeer == p.FromPeer && q.Sent == p.Sent && q.Arrived != never && abs(int(q.Number)-int(p.Number)) == 1 {
			sum, n = sum+q.Arrived, n+1
		}
	}
	if n > 0 {
		return sum / n
	}
	return p.Sent + int64(d.scene.there.Delay)
}

// look says how a packet is drawn, and what must be said of it: what it carries other than
// messages that leave in the turn of their Send.
func (d *drawing) look(p *Packet) (class, label string) {
	if p.Quiet() {
		return "ack", ""
	}
	class = "control"
	var labels []string
	for i := range p.Frames {
		f := &p.Frames[i]
		if word := words[f.Kind]; word != "" {
			labels = append(labels, word)
		}
		if f.Kind == Skip {
			labels = append(labels, "SKIP "+d.story.Messages[f.Message].Cue.Label)
		}
		if !f.content() {
			continue
		}
		again, lost := d.story.Again(p, f)
		if lost || p.Arrived == never {
			class = "hotline"
		} else if class == "control" {
			class = "packet"
		}
		if again || f.Kind == Piece || d.story.Messages[f.Message].Sent != p.Sent {
			labels = append(labels, d.called(f, again))
		}
	}
	return class, strings.Join(shorter(slices.Compact(labels)), ", ")
}

// words are what frames without a message are called.
var words = [...]string{Window: "WINDOW", Blocked: "BLOCKED", Hold: "HOLD", Close: "CLOSE", CloseAck: "CLOSE_ACK", Draining: "DRAINING", Sum: "REPAIR"}

// shorter writes three numbers and more that follow each other as the first and the last.
func shorter(labels []string) []string {
	var short []string
	for i := 0; i < len(labels); {
		n := 1
		for i+n < len(labels) && follows(labels[i+n-1], labels[i+n]) {
			n++
		}
		if n < 3 {
			short = append(short, labels[i])
			i++
			continue
		}
		short = append(short, strings.TrimSuffix(labels[i], " again")+"–"+labels[i+n-1])
		i += n
	}
	return short
}

// follows reports whether two labels are of a number and of the next one.
func follows(a, b string) bool {
	a, againA := strings.CutSuffix(a, " again")
	b, againB := strings.CutSuffix(b, " again")
	n, errA := strconv.Atoi(a)
	m, errB := strconv.Atoi(b)
	return errA == nil && errB == nil && m == n+1 && againA == againB
}

// called is the label of a frame: that of its message; the pieces of one are a, b, c….
func (d *drawing) called(f *Frame, again bool) string {
	name := d.story.Messages[f.Message].Cue.Label
	if f.Kind == Piece {
		name += string(rune('a' + d.pieces(f)))
	}
	if again {
		name += " again"
	}
	return name
}

// pieces counts the pieces of the message that begin before f.
func (d *drawing) pieces(f *Frame) int {
	var starts []int
	for i := range d.story.Packets {
		for _, g := range d.story.Packets[i].Frames {
			if g.Kind == Piece && g.Message == f.Message && g.From < f.From {
				starts = append(starts, g.From)
			}
		}
	}
	slices.Sort(starts)
	return len(slices.Compact(starts))
}

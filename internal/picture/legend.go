package picture

import "slices"

// A legend says what the signs of a picture mean, line by line.
type legend struct {
	*drawing
	x, y int
}

// legend explains the signs that the picture has, and returns where it ends.
func (d *drawing) legend(y int) (bottom int) {
	l := &legend{d, 16, y}
	l.line("packet", "packet")
	if l.hasPacket("hotline") {
		meaning := "lost"
		if l.hasMessage(func(i int) bool { return d.story.Times(i) > 1 }) {
			meaning = "lost, and sent again"
		}
		l.sign(26, meaning, func(x, y int) {
			l.stroke("hotline", x, y, x+20, y)
			l.cross(x+20, y)
		})
	}
	if l.hasPacket("control") {
		l.line("control", "control")
	}
	l.line("ack", "acknowledgement")
	if l.hasMessage(func(i int) bool { return d.story.Waited(&d.story.Messages[i]) }) {
		l.box("wait", 26, 3, "is there and waits")
	}
	if l.hasMessage(func(i int) bool { return d.story.Times(i) == 0 }) {
		l.box("none", 14, 3, "never sent")
	}
	if l.hasMessage(func(i int) bool { return d.story.Messages[i].Cue.Options.Droppable }) {
		l.box("plain", 14, 6, "droppable")
	}
	l.sign(4, "a turn of the game", func(x, y int) { l.stroke("tick", x+2, y-4, x+2, y+4) })
	return l.y
}

// sign draws one that is so wide, and says what it means.
func (l *legend) sign(width int, meaning string, draw func(x, y int)) {
	room := width + 6 + textWidth(meaning)
	if l.x+room > edge {
		l.x, l.y = 16, l.y+18
	}
	draw(l.x, l.y-4)
	l.text("small dim", l.x+width+6, l.y, left, meaning)
	l.x += room + 14
}

func (l *legend) line(class, meaning string) {
	l.sign(26, meaning, func(x, y int) { l.stroke(class, x, y, x+26, y) })
}

func (l *legend) box(class string, width, round int, meaning string) {
	l.sign(width, meaning, func(x, y int) { l.rect(class, x, y-6, width, 12, round) })
}

func (l *legend) hasPacket(class string) bool {
	return slices.ContainsFunc(l.story.Packets, func(p Packet) bool {
		looks, _ := l.look(&p)
		return looks == class && p.Sent < int64(l.length)
	})
}

func (l *legend) hasMessage(is func(i int) bool) bool {
	for i := range l.story.Messages {
		if is(i) {
			return true
		}
	}
	return false
}

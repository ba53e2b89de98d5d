package picture

import "slices"

// legend says what the signs mean that the picture has.
func (d *drawing) legend(y int) {
	x := 16
	say := func(has bool, width int, text string, draw func(x, y int)) {
		if !has {
			return
		}
		draw(x, y-4)
		d.text("small dim", x+width+6, y, left, text)
		x += width + 6 + 13*len(text)/2 + 14
	}
	line := func(class string) func(x, y int) {
		return func(x, y int) { d.stroke(class, x, y, x+26, y) }
	}
	classes := d.classes()
	has := func(class string) bool { return slices.Contains(classes, class) }
	messages := d.story.Messages
	any := func(f func(i int) bool) bool {
		for i := range messages {
			if f(i) {
				return true
			}
		}
		return false
	}
	say(true, 26, "packet", line("packet"))
	say(has("hotline"), 26, "lost, and sent again", func(x, y int) {
		d.stroke("hotline", x, y, x+20, y)
		d.cross(x+20, y)
	})
	say(has("ctl"), 26, "control", line("ctl"))
	say(true, 26, "acknowledgement", line("ack"))
	say(any(func(i int) bool { return d.story.Waited(&messages[i]) }), 26, "is there and waits", func(x, y int) {
		d.rect("wait", x, y-6, 26, 12, 3)
	})
	say(any(func(i int) bool { return d.story.Times(i) == 0 }), 14, "never sent", func(x, y int) { d.rect("none", x, y-6, 14, 12, 3) })
	say(any(func(i int) bool { return messages[i].Cue.Options.Droppable }), 14, "droppable", func(x, y int) {
		d.rect("plain", x, y-6, 14, 12, 6)
	})
	say(true, 4, "a turn of the game", func(x, y int) { d.stroke("tick", x+2, y-4, x+2, y+4) })
}

// classes are those of all packets.
func (d *drawing) classes() (all []string) {
	for i := range d.story.Packets {
		if p := &d.story.Packets[i]; p.Sent <= int64(d.scene.Length) {
			class, _ := d.look(p)
			all = append(all, class)
		}
	}
	return all
}

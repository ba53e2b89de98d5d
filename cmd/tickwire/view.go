package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"github.com/tickwire/tickwire/examples/arena"
)

// A frame is one look at a demo.
type frame struct {
	match  *match
	report arena.Report
	rows   []row
}

// A view shows frames, one after the other, until it is closed.
type view interface {
	show(f frame)
	close()
}

// A noView shows nothing: what is printed is for machines.
type noView struct{}

func (noView) show(frame) {}
func (noView) close()     {}

// A plainView prints a line every two seconds, for pipes and files.
type plainView struct {
	out  io.Writer
	last time.Time
}

func (v *plainView) show(f frame) {
	if v.last.IsZero() {
		fmt.Fprintln(v.out, strings.Join(invitation(f.match), "\n"))
		fmt.Fprintln(v.out, title(f))
	} else if f.report.Time.Sub(v.last) < 2*time.Second {
		return
	}
	v.last = f.report.Time
	fmt.Fprintln(v.out, overview(f))
}

func (v *plainView) close() {}

// A liveView draws on a terminal, in place. It uses the alternate screen, so
// that what was there before is there again afterwards.
type liveView struct {
	screen *os.File
	news   *feed
	opened bool
}

// terminal reports whether out is one that can be drawn on.
func terminal(out io.Writer) (*os.File, bool) {
	f, ok := out.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// columns is how wide a terminal is; 0: out is none.
func columns(out io.Writer) int {
	screen, ok := terminal(out)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(screen.Fd()))
	if err != nil {
		return 0 // one that does not say it
	}
	return width
}

func newLiveView(screen *os.File, news *feed) *liveView {
	text.EnableColors() // on Windows this makes the console understand escapes
	return &liveView{screen: screen, news: news}
}

// The escapes that are used (ECMA-48, and xterm's alternate screen).
const (
	enterScreen = "\x1b[?1049h\x1b[?25l" // no cursor there
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	home        = "\x1b[H"
	restOfLine  = "\x1b[K"
	restOfPage  = "\x1b[J"
)

func (v *liveView) show(f frame) {
	width, height, err := term.GetSize(int(v.screen.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	lines := v.compose(f, height, width-1)
	var b strings.Builder
	if !v.opened {
		v.opened = true
		b.WriteString(enterScreen)
	}
	b.WriteString(home)
	for i, line := range lines[:min(len(lines), height)] {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(text.Trim(line, width-1))
		b.WriteString(restOfLine)
	}
	b.WriteString(restOfPage)
	_, _ = v.screen.WriteString(b.String()) // a terminal that is gone: the summary will say so
}

// compose lays the page out: what this is, the table, the news. The table
// takes what room it needs, the news the rest, but a few lines always.
func (v *liveView) compose(f frame, height, width int) []string {
	const others, fewNews = 3 + 1 + 1, 3 // head of the table, "and more", a gap
	lines := append(invitation(f.match), title(f), overview(f), "")
	room := height - len(lines) - others
	players := max(1, min(len(f.rows), room-fewNews))
	news := v.news.latest(max(0, min(feedLines, room-players)))
	lines = append(lines, strings.Split(render(f.rows, players, width), "\n")...)
	return append(append(lines, ""), news...)
}

func (v *liveView) close() {
	if v.opened {
		_, _ = v.screen.WriteString(leaveScreen)
	}
}

// title says what is played.
func title(f frame) string {
	m := f.match
	ends := "ctrl-C ends it"
	if m.cmd.For > 0 {
		ends = "for " + m.cmd.For.String()
	}
	return fmt.Sprintf("tickwire demo: %d bots, link %s, %d steps a second, %s", m.cmd.Bots, m.link.name(), arena.Rate, ends)
}

// invitation is how to join, in lines.
func invitation(m *match) []string {
	join := "join"
	if m.here() != defaultListen {
		join += " --addr " + m.here()
	}
	lines := []string{"play in a browser: http://" + m.here(), "in another terminal: " + commandLine(join)}
	if m.elsewhere != "" {
		lines = append(lines, "on a phone in your network: http://"+m.elsewhere)
	}
	return lines
}

// overview is the whole match in a line of 80 columns.
func overview(f frame) string {
	lowest, highest := math.Inf(1), 0.0
	var up, down, lossUp, lossDown float64
	for _, r := range f.rows {
		lowest, highest = min(lowest, r.RTT), max(highest, r.RTT)
		up, down = up+r.Up, down+r.Down
		lossUp, lossDown = lossUp+r.LossUp, lossDown+r.LossDown
	}
	at := f.report.Time.Sub(f.match.start)
	line := fmt.Sprintf("%3.0f s  %d players", at.Seconds(), len(f.rows))
	if n := float64(len(f.rows)); n > 0 {
		line += fmt.Sprintf("  RTT %.0f-%.0f ms  up/down %.1f/%.1f Mbit/s  loss %s/%s %%",
			lowest, highest, up/1000, down/1000, short(lossUp/n), short(lossDown/n))
	}
	return line
}

// short has a decimal as long as there is room for it.
func short(percent float64) string {
	if percent < 10 {
		return tenths(percent)
	}
	return fmt.Sprintf("%.0f", percent)
}

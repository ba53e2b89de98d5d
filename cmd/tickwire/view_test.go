package main

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tickwire/tickwire/examples/arena"
	"github.com/tickwire/tickwire/simnet"
)

// report makes a report of players who have sent and received so many bytes.
func report(at time.Time, bytes ...uint64) (r arena.Report) {
	r.Time = at
	for i, n := range bytes {
		p := arena.PlayerReport{Score: arena.Score{ID: uint16(i + 1), Name: fmt.Sprint("bot ", i+1)}, Since: time.Unix(0, 0)}
		p.Stats.BytesReceived, p.Stats.BytesSent = n, 2*n
		r.Players = append(r.Players, p)
	}
	return r
}

// TestMeter: speeds are of the last reports only, and a player who came again
// starts anew.
func TestMeter(t *testing.T) {
	var m meter
	second := func(n int) time.Time { return time.Unix(int64(n), 0) }
	m.rows(report(second(1), 1000), nil)
	if r := m.rows(report(second(2), 2000), nil)[0]; r.Up != 8 || r.Down != 16 {
		t.Errorf("a thousand bytes a second are %v kbit/s, twice as many %v", r.Up, r.Down)
	}
	for n := 3; n < 20; n++ {
		m.rows(report(second(n), 2000), nil)
	}
	if r := m.rows(report(second(20), 2000), nil)[0]; r.Up != 0 {
		t.Errorf("silence is %v kbit/s", r.Up)
	}
	again := report(second(24), 500)
	again.Players[0].Since = second(20)
	if r := m.rows(again, nil)[0]; r.Up != 1 {
		t.Errorf("500 bytes in 4 seconds are %v kbit/s", r.Up)
	}
}

// TestTable: guests are above bots, and what does not fit is counted.
func TestTable(t *testing.T) {
	rows := []row{{ID: 2, Name: "bot 2", Bot: true}, {ID: 1, Name: "bot 1", Bot: true}, {ID: 9, Name: "alice", Transport: "webrtc", RTT: 12.34}}
	lines := strings.Split(render(rows, 2, 0), "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[3], "alice") || !strings.HasPrefix(lines[4], "bot 1") || lines[5] != "… and 1 more" {
		t.Errorf("the table is\n%s", strings.Join(lines, "\n"))
	}
	if fields := strings.Fields(lines[3]); fields[1] != "webrtc" || fields[2] != "12.3" {
		t.Errorf("the transport and the RTT are not in %q", lines[3])
	}
}

// TestNarrowTable: a table gives up columns, and never the last one, until it fits.
func TestNarrowTable(t *testing.T) {
	rows := []row{{ID: 9, Name: "a name of sixteen", Transport: "webtransport", RTT: 612.3, Up: 1234.5, Down: 12345.6, LossUp: 12.5, LossDown: 12.5, Frags: 4321}}
	for width, heads := range map[int]string{
		0:   "player by RTT jitter loss up down queue drops frags",
		200: "player by RTT jitter loss up down queue drops frags",
		100: "player by RTT jitter loss up down drops frags",
		92:  "player by RTT jitter loss up down frags",
		79:  "player by RTT loss up down frags",
		10:  "player by RTT loss up down frags",
	} {
		picture := render(rows, 1, width)
		lines := strings.Split(picture, "\n")
		if got := strings.Join(strings.Fields(lines[0]), " "); got != heads || !strings.HasSuffix(lines[3], " 4321") {
			t.Errorf("at %d columns the table is\n%s", width, picture)
		}
		if wide := text.LongestLineLen(picture); width >= 79 && wide > width {
			t.Errorf("%d columns on %d:\n%s", wide, width, picture)
		}
	}
}

// TestPage: the live page fits its screen, however small, and has news and the invitation.
func TestPage(t *testing.T) {
	news := new(feed)
	for i := range 20 {
		news.add(fmt.Sprint("line ", i))
	}
	m := &match{cmd: &demoCmd{Bots: 40}, news: news, start: time.Unix(0, 0), link: &linkSwitch{now: "4g"}, public: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:5")}}
	v := &liveView{news: news}
	f := frame{match: m, report: arena.Report{Time: time.Unix(12, 0)}}
	for i := range 40 {
		f.rows = append(f.rows, row{ID: uint16(i + 1), Name: fmt.Sprint("bot ", i+1), Bot: true, RTT: 50})
	}
	for _, height := range []int{12, 24, 40, 60} {
		page := v.compose(f, height, 79)
		if len(page) > height {
			t.Errorf("%d lines on a screen of %d:\n%s", len(page), height, strings.Join(page, "\n"))
		}
		if !slices.Contains(page, "line 19") || slices.Contains(page, "line 13") || !strings.Contains(page[1], "join --addr") {
			t.Errorf("the page is\n%s", strings.Join(page, "\n"))
		}
	}
}

// TestAbsence: a demo that nobody could enter says so; one that was too short to tell does not.
func TestAbsence(t *testing.T) {
	for s, want := range map[*summary]bool{
		{Bots: 4, Seconds: 5, Address: "127.0.0.1:9"}: true,
		{Bots: 4, Seconds: 5, Connected: 1}:           false,
		{Bots: 4, Seconds: 0.2}:                       false,
		{Seconds: 5}:                                  false,
	} {
		if err := s.absence(); (err != nil) != want || want && !strings.Contains(err.Error(), "none of 4 bots got in, at 127.0.0.1:9") {
			t.Errorf("%+v: %v", s, err)
		}
	}
	narrow := frame{match: &match{start: time.Unix(0, 0)}, report: arena.Report{Time: time.Unix(3600, 0)}}
	for range 512 {
		narrow.rows = append(narrow.rows, row{RTT: 123, Up: 99, Down: 199, LossUp: 12.5, LossDown: 12.5})
	}
	if line := overview(narrow); len(line) > 79 {
		t.Errorf("%d columns: %s", len(line), line)
	}
}

// TestReadmePicture: the table in README.md has the columns that there are, and
// the text below it names the links that there are.
func TestReadmePicture(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	names := simnet.PresetNames()
	last := len(names) - 1
	if links := strings.Join(names[:last], ", ") + " or " + names[last]; !strings.Contains(string(text), links) {
		t.Errorf("README.md does not say %q", links)
	}
	var shown [][]string
	for line := range strings.Lines(string(text)) {
		shown = append(shown, strings.Fields(line))
	}
	for _, head := range strings.Split(render(nil, 0, 0), "\n")[:2] {
		words := strings.Fields(head)
		if !slices.ContainsFunc(shown, func(line []string) bool { return slices.Equal(line, words) }) {
			t.Errorf("README.md shows no table with the head %q", head)
		}
	}
}

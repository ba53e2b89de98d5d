package main

import (
	"bytes"
	"encoding/json"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/workload"
)

// TestSweeps: each constant is where its sweep looks for it, with the value that the sweep says is in
// use, and another one makes other Go of it.
func TestSweeps(t *testing.T) {
	for _, s := range sweeps {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(s.file)))
		if err != nil {
			t.Fatal(err)
		}
		if same, err := s.alter(text, s.now); err != nil || !bytes.Equal(same, text) {
			t.Errorf("%s: %v is not what %s has (%v)", s.name, s.now, s.file, err)
		}
		used := false
		for _, v := range s.values {
			other, err := s.alter(text, v)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := format.Source(other); err != nil || v != s.now && bytes.Equal(other, text) {
				t.Errorf("%s: with %v it is no Go, or the same (%v)", s.name, v, err)
			}
			used = used || v == s.now
		}
		if !used {
			t.Errorf("%s: %v is in use and not swept", s.name, s.now)
		}
		for _, l := range s.lines {
			for _, c := range l.cells {
				if err := c.Validate(); err != nil {
					t.Errorf("%s, %s: %v", s.name, l.name, err)
				}
			}
		}
	}
}

// TestPlay: what the child prints is what the parent reads: two figures for each line, of which the
// second one is of the second cell.
func TestPlay(t *testing.T) {
	short := stream(0.05)[0]
	short.For = 3 * time.Second
	bare := short
	bare.Repair = endpoint.RepairOff
	s := sweep{figures: [2]workload.Figure{workload.MessageTimes, workload.MessageTimes}, lines: []line{{"one", []workload.Cell{short, bare}}, {"two", []workload.Cell{bare}}}}
	var b bytes.Buffer
	if err := s.play(&b, 2); err != nil {
		t.Fatal(err)
	}
	var points [][2]float64
	if err := json.Unmarshal(b.Bytes(), &points); err != nil || len(points) != 2 {
		t.Fatalf("%v: %s", err, b.String())
	}
	if points[0][0] < points[0][1]+0.2 || points[0][1] != points[1][0] || points[1][0] != points[1][1] {
		t.Errorf("with repair and without: %v", points)
	}
}

// TestSweepRefuses: mistakes are told, and nothing is built.
func TestSweepRefuses(t *testing.T) {
	for _, c := range []struct {
		names []string
		seeds int
		want  string
	}{{[]string{"nonsense"}, 1, "no sweep is called"}, {[]string{"ackHold"}, 0, "--seeds is 0"}, {[]string{"ackHold"}, 1, "from the root of the repository"}} {
		if err := run("", c.names, c.seeds, false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	s := sweeps[0]
	if _, err := s.alter([]byte("package endpoint\n"), 1); err == nil || !strings.Contains(err.Error(), "0 places") {
		t.Errorf("a constant that is gone: %v", err)
	}
}

// TestSweepPages: the page shows each picture.
func TestSweepPages(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "constants.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sweeps {
		if !strings.Contains(string(page), "](pictures/constant-"+s.name+".svg)") {
			t.Errorf("docs/constants.md does not show %s", s.name)
		}
	}
}

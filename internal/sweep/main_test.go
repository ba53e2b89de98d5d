package main

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

package codec_test

import (
	"strings"
	"testing"
)

// TestBoundsOfSize writes the smallest Player and the largest.
func TestBoundsOfSize(t *testing.T) {
	top := ^uint32(0)
	large := &Player{ID: top, Name: strings.Repeat("x", 24), Target: &top}
	for range 16 {
		large.Bag = append(large.Bag, Thing{Kind: 40, Count: 999})
	}
	for want, m := range map[int]*Player{PlayerMinBytes: {}, PlayerMaxBytes: large} {
		if b, err := m.AppendBinary(nil); len(b) != want || err != nil {
			t.Errorf("%d bytes, want %d, %v", len(b), want, err)
		}
	}
	large.Bag = append(large.Bag, make([]Thing, 1000)...)
	if b, err := large.AppendBinary(nil); len(b) != 0 || err == nil {
		t.Errorf("a thousand things: %d bytes, %v", len(b), err)
	}
}

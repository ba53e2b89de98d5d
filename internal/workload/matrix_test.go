package workload

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
)

// loosened is a floor for what there is: figures of few seeds move when packets are cut otherwise,
// those of two flows most of all.
func loosened(r Reading) string {
	switch {
	case r.Kind == Share || r.Kind == Rival:
		return fmt.Sprintf("%.0f", max(0, math.Floor(r.Value*0.75-2)))
	case r.Figure.More:
		return fmt.Sprintf("%.0f", max(0, math.Floor(r.Value*0.95-1)))
	case math.IsInf(r.Value, 1):
		return "none"
	}
	return fmt.Sprintf("%.0f", math.Ceil(r.Value*1.25+5))
}

// TestMatrixLong holds what the default endpoint makes of 24 links to what is written down.
func TestMatrixLong(t *testing.T) {
	spots := Matrix()
	readings := make([][]Reading, len(spots))
	var wg sync.WaitGroup
	for i, s := range spots {
		wg.Go(func() {
			var results [][]Result
			for _, c := range s.Cells() {
				r, err := withSeeds(c, MatrixSeeds)
				if err != nil {
					t.Error(err)
					return
				}
				results = append(results, r)
			}
			readings[i] = s.Read(results)
		})
	}
	if wg.Wait(); t.Failed() {
		return
	}
	for i, s := range spots {
		var values []string
		for _, r := range readings[i] {
			values = append(values, loosened(r))
			if r.Bad() || math.IsNaN(r.Value) {
				t.Errorf("%v: %v %s is %s, the floor is %s %s", s, r.Kind, r.Figure.Name, r.Figure.Format(r.Value), r.Figure.Format(r.Floor), r.Figure.Unit)
			}
		}
		t.Logf("Floor: Floor{%[2]s}}, // %[1]v", s, strings.Join(values, ", "))
	}
	for i, at := range Worst(readings) {
		r := readings[at][i]
		t.Logf("the worst: %v %s %s %s at %v", r.Kind, r.Figure.Name, r.Figure.Format(r.Value), r.Figure.Unit, spots[at])
	}
}

package report

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzRead: whatever a file of raw lines has in it is refused, or gives tables; nothing panics.
func FuzzRead(f *testing.F) {
	f.Add(`{"System":"a","Case":{"Workload":"stream","Seconds":8,"DelayMs":50,"Loss":0.01,"AckLoss":0,"Seed":7},"Figures":[{"Name":"latency p95","Unit":"ms","Value":2},{"Name":"latency p99","Unit":"ms"}],"Latency":[1,2,-1]}`)
	f.Add(`{"System":"a","Case":{"Workload":"bulk"},"Series":{"EveryMs":0,"Mbits":[1,2],"QueueMs":[3]}}` + "\n" + `{"System":"b","Case":{"Workload":"bulk","Loss":1e300},"Error":"no"}`)
	f.Add("{}\n{")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		var full, again bytes.Buffer
		if err := Table(&full, lines, true); err != nil {
			t.Fatal(err)
		}
		if err := Brief(io.Discard, lines); err != nil {
			t.Fatal(err)
		}
		if Table(&again, lines, true) != nil || again.String() != full.String() {
			t.Error("the same lines give two tables")
		}
	})
}

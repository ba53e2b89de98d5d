package simnet

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestConfigErrors(t *testing.T) {
	trace := mustTrace(t, "1\n")
	for field, cfg := range map[string]LinkConfig{
		"Delay":         {Delay: -1},
		"Jitter":        {Jitter: 2 * time.Hour},
		"JitterShape":   {JitterShape: 9},
		"Loss":          {Loss: math.NaN()},
		"LossBurst":     {Loss: 0.9, LossBurst: 2}, // nine in ten cannot come in twos
		"Duplicate":     {Duplicate: 1.01},
		"Reorder":       {Reorder: -0.1},
		"ReorderBy":     {ReorderBy: -1},
		"Corrupt":       {Corrupt: math.Inf(1)},
		"CorruptBits":   {CorruptBits: -1},
		"BitsPerSecond": {BitsPerSecond: -1},
		"Trace":         {Trace: trace, BitsPerSecond: 1},
		"TraceOffset":   {TraceOffset: -1},
		"QueuePackets":  {QueuePackets: 1<<30 + 1},
		"QueueBytes":    {QueueBytes: 1<<30 + 1},
		"MarkPackets":   {MarkPackets: -1},
		"OverheadBytes": {OverheadBytes: 2000},
		"MTU":           {MTU: 70_000},
		"MaxBytes":      {MaxBytes: -1},
	} {
		err := cfg.Validate()
		var e *ConfigError
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if err := (LinkConfig{Trace: trace, BitsPerSecond: 1}).Validate(); !strings.Contains(err.Error(), "12000000 bit/s on average") {
		t.Errorf("a trace in an error reads %v", err)
	}
	err := LinkConfig{Loss: 2, Delay: -1, MTU: -5}.Validate()
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 3 {
		t.Errorf("three mistakes gave: %v", err)
	}
}

package compress_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/compress"
)

// TestTrain: what stands in many messages is in the dictionary, what stands in one is not, and the
// same messages make the same one.
func TestTrain(t *testing.T) {
	var messages [][]byte
	for i := range 200 {
		messages = append(messages, fmt.Appendf(nil, `{"kind":"door","state":"opened","by":%d}`, i*7919))
	}
	messages[3] = []byte("this is said once and by nobody else, ever")
	d, err := compress.Train(messages, compress.TrainConfig{MaxBytes: 256})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.Bytes()); n > 256 || !bytes.Contains(d.Bytes(), []byte(`"state":"ope`)) || bytes.Contains(d.Bytes(), []byte("nobody else")) {
		t.Errorf("%d bytes: %q", n, d.Bytes())
	}
	again, err := compress.Train(messages, compress.TrainConfig{MaxBytes: 256})
	if err != nil || again.ID() != d.ID() {
		t.Errorf("trained again: %x, %v; want %x", again.ID(), err, d.ID())
	}
}

// TestTrainRefuses: what cannot make a dictionary says why.
func TestTrainRefuses(t *testing.T) {
	same := slices.Repeat([][]byte{[]byte("the same again and again")}, 20)
	noise := make([][]byte, 20)
	for i := range noise {
		noise[i] = fmt.Appendf(nil, "%d", i)
	}
	for name, c := range map[string]struct {
		messages [][]byte
		size     int
		want     error
	}{
		"few":       {same[:7], 0, compress.ErrFewMessages},
		"too small": {noise, 0, compress.ErrNoPattern},
		"empty":     {make([][]byte, 20), 0, compress.ErrNoPattern},
	} {
		if _, err := compress.Train(c.messages, compress.TrainConfig{MaxBytes: c.size}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range []int{-1, 255, 65537} {
		var wrong *compress.ConfigError
		if _, err := compress.Train(same, compress.TrainConfig{MaxBytes: size}); !errors.As(err, &wrong) || wrong.Field != "MaxBytes" {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := compress.Train(same, compress.TrainConfig{}); err != nil {
		t.Error(err)
	}
}

// TestDictionaryFile: what was written is read, and damage is found.
func TestDictionaryFile(t *testing.T) {
	d := trained(t)
	b, err := d.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := compress.ParseDictionary(b); err != nil || got.ID() != d.ID() || !bytes.Equal(got.Bytes(), d.Bytes()) {
		t.Errorf("read as %v, %v", got, err)
	}
	for i := 22; i < len(b); i += 97 {
		damaged := bytes.Clone(b)
		damaged[i] ^= 0x40
		if _, err := compress.ParseDictionary(damaged); !errors.Is(err, compress.ErrDamaged) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
	for _, b := range [][]byte{nil, b[:25], []byte("{}"), b[1:]} {
		if _, err := compress.ParseDictionary(b); !errors.Is(err, compress.ErrNoDictionary) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	if _, err := compress.ParseDictionary(b[:40]); !errors.Is(err, compress.ErrDamaged) {
		t.Errorf("cut: %v", err)
	}
	for _, n := range []int{0, 15, 65537} {
		if _, err := compress.NewDictionary(make([]byte, n)); err == nil {
			t.Errorf("a dictionary of %d bytes", n)
		}
	}
}

// TestRecords: what was recorded is read, and of a recording that ends early what is whole.
func TestRecords(t *testing.T) {
	var b []byte
	for _, m := range []string{"one", "", "three"} {
		b = compress.AppendRecord(b, []byte(m))
	}
	if got, err := compress.Records(b); err != nil || string(bytes.Join(got, []byte("|"))) != "one||three" {
		t.Errorf("%q, %v", got, err)
	}
	for cut := 12; cut < len(b); cut++ {
		if got, err := compress.Records(b[:cut]); !errors.Is(err, compress.ErrRecords) || len(got) != 2 {
			t.Errorf("cut to %d bytes: %q, %v", cut, got, err)
		}
	}
	if _, err := compress.Records([]byte(`{"json":1}`)); !errors.Is(err, compress.ErrRecords) {
		t.Errorf("JSON: %v", err)
	}
}

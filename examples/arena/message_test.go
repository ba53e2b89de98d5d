package arena

import (
	"bytes"
	"encoding"
	"errors"
	"reflect"
	"testing"

	"github.com/tickwire/tickwire/codec"
)

// The messages, with something in each field.
var samples = []any{
	&Input{Tick: 7, Moves: []Move{{DX: -1, DY: 1, Aim: 200, Fire: true}, {}}},
	&State{Tick: 9, You: 2, Avatars: []Avatar{{1, 2, 3, 4, 5}, {600, 4095, 0, 255, 0}}, Heard: 8, Late: 3, Shots: []Shot{{600, 1, 2, 3}}},
	&Anchor{Tick: 3, Microseconds: 1 << 40},
	&Hit{By: 1, On: 2, Health: 3},
	&Chat{Number: 5, From: 6, Text: "na so was"},
	&Name{Text: "Zoë"},
	&Scores{Rows: []Score{{ID: 1, Frags: 2, Deaths: 3, Name: "bot 1"}, {ID: 2, Name: "über"}}},
}

func appended(t *testing.T, m any) []byte {
	t.Helper()
	b, err := m.(encoding.BinaryAppender).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMessagesComeBack(t *testing.T) {
	for _, m := range samples {
		b := appended(t, m)
		got := reflect.New(reflect.TypeOf(m).Elem()).Interface()
		if err := got.(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
			t.Errorf("%T: %v", m, err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%+v came back as %+v", m, got)
		}
		var wrong *codec.FieldError
		if err := got.(encoding.BinaryUnmarshaler).UnmarshalBinary(b[:len(b)-1]); !errors.As(err, &wrong) {
			t.Errorf("%T, cut short: %v", m, err)
		}
	}
}

// TestTextOfStrangers: what others typed moves no cursor and fills no screen.
func TestTextOfStrangers(t *testing.T) {
	for text, want := range map[string]string{
		"hello":                 "hello",
		" \x1b[2Jhello\a\r\n ":  "[2Jhello",
		"\xff\xfe ok":           "ok",
		"a\u202eb":              "ab", // turns the direction of writing
		"0123456789abcdefXXXXX": "0123456789abcdef",
		"ääääääääääääääääää":    "ääääääääääääääää",
	} {
		if got := clean(text, MaxNameLength); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// FuzzMessages: no bytes upset a reader, and what was read can be written and
// read again.
func FuzzMessages(f *testing.F) {
	for i, m := range samples {
		b, err := m.(encoding.BinaryAppender).AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), b)
	}
	f.Add(uint8(1), []byte{0, 0, 0, 0, 0, 0, 255, 0})
	f.Add(uint8(6), []byte{255, 255, 0})
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		of := reflect.TypeOf(samples[int(kind)%len(samples)]).Elem()
		first, second := reflect.New(of).Interface(), reflect.New(of).Interface()
		if first.(encoding.BinaryUnmarshaler).UnmarshalBinary(b) != nil {
			return
		}
		once := appended(t, first)
		if err := second.(encoding.BinaryUnmarshaler).UnmarshalBinary(once); err != nil {
			t.Fatalf("%+v does not come back: %v", first, err)
		}
		if twice := appended(t, second); !bytes.Equal(once, twice) {
			t.Fatalf("% x and then % x", once, twice)
		}
	})
}

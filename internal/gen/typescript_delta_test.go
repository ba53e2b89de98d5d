package gen

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// checkReceiver: of messages against what the peer has, whole, damaged, late, twice or never, a Receiver in
// TypeScript tells what one in Go tells, refuses what that refuses, and has the same values behind each.
func checkReceiver(t *testing.T, dir string) {
	model, err := Load("sample/five")
	if err != nil {
		t.Fatal(err)
	}
	peer(t, dir, model, "")
	copyFile(t, "testdata/ts/receiver.mjs", dir+"/receiver.mjs")
	var lines, want []string
	for i := range uint64(8) {
		r := rand.New(rand.NewPCG(*seed, i))
		for _, play := range []func(*rand.Rand) (lines, want []string){
			game[uint8], game[int16], game[uint32], game[int64], game[uint64],
		} {
			said, heard := play(r)
			lines, want = append(lines, said...), append(want, heard...)
		}
	}
	refused, wrong := 0, 0
	for i, got := range ask(t, dir+"/receiver.mjs", strings.Join(lines, "\n"), len(want)) {
		if strings.Contains(want[i], "! ") {
			refused++
		}
		if !sameVerdict(strings.TrimSpace(got), strings.TrimSpace(want[i])) && wrong < 5 {
			wrong++
			t.Errorf("-seed=%d, line %d, %s:\nTypeScript %s\nGo         %s", *seed, i, lines[i], got, want[i])
		}
	}
	if len(want) < 2000 || refused < len(want)/20 || refused > len(want)/2 {
		t.Errorf("of %d messages %d are refused; want some", len(want), refused)
	}
}

// sameVerdict compares what both said. Go takes several fields at once, so it may see the end of a message before
// what is wrong in front of it.
func sameVerdict(ts, goes string) bool {
	if ts == goes {
		return true
	}
	a, hasA, _ := strings.Cut(ts, "! ")
	b, hasB, _ := strings.Cut(goes, "! ")
	refusalA, stateA, _ := strings.Cut(hasA, " = ")
	refusalB, stateB, _ := strings.Cut(hasB, " = ")
	return a == b && stateA == stateB && refusalA != "" && strings.HasSuffix(refusalB, ": short")
}

// game plays one over a bad line: what a Receiver gets, and what it makes of each message.
func game[K delta.Key](r *rand.Rand) (lines, want []string) {
	const maxKeys = 6
	from, _ := delta.NewSender[K, five.Snapshot](delta.Config{})
	to, _ := delta.NewReceiver[K, five.Snapshot](delta.Config{MaxKeys: maxKeys})
	kind := strings.TrimPrefix(fmt.Sprintf("%T", K(0)), "delta.")
	lines, want = []string{fmt.Sprintf("%s %d", kind, maxKeys)}, []string{"game"}
	var keys []K
	for range 5 {
		keys = append(keys, K(r.Uint64()>>r.IntN(64)))
	}
	var mail [][]byte
	for tick := range 60 {
		from.Begin(nil, 400)
		for _, key := range keys {
			if r.IntN(12) == 0 {
				from.Drop(key)
			} else if r.IntN(3) > 0 {
				_, _ = from.Put(key, snapshot(r, tick))
			}
		}
		b, err := from.End()
		if err != nil || len(b) == 0 {
			continue
		}
		receipt(from.Sent, tick)
		mail = append(mail, b)
		if r.IntN(4) == 0 {
			mail = append(mail, damagedMessage(r, b), junk(r, tick))
		}
		if r.IntN(4) == 0 { // others overtake it
			i := r.IntN(len(mail))
			mail[i], mail[len(mail)-1] = mail[len(mail)-1], mail[i]
		}
		if r.IntN(3) == 0 {
			receipt(from.Delivered, tick) // which the peer may not have read: then a baseline is missing
		}
		for len(mail) > 3 {
			lines, want = append(lines, fmt.Sprintf("%x", mail[0])), append(want, heard(to, mail[0]))
			mail = mail[1:]
		}
		if tick%20 == 19 {
			from.Reset()
		}
	}
	return lines, want
}

// receipt tells a Sender of the message of a tick.
func receipt[R ~uint64](tell func(R), tick int) { tell(R(tick)) }

// snapshot is one that changes a little from tick to tick.
func snapshot(r *rand.Rand, tick int) *five.Snapshot {
	s := &five.Snapshot{Tick: uint32(tick), Ack: uint32(tick / 10)}
	for i := range tick/8%4 + r.IntN(2) {
		s.Entities = append(s.Entities, five.AnEntity(i+tick/5))
	}
	return s
}

// damagedMessage is cut, longer, or changed in places.
func damagedMessage(r *rand.Rand, b []byte) []byte {
	switch r.IntN(4) {
	case 0:
		return bytes.Clone(b[:r.IntN(len(b))])
	case 1:
		return append(bytes.Clone(b), byte(r.Uint32()))
	case 2:
		b = bytes.Clone(b)
		b[r.IntN(3)] = byte(r.Uint32()) // another number
		return b
	}
	return damaged(r, b)
}

// junk is a number that may be, and anything behind it.
func junk(r *rand.Rand, tick int) []byte {
	b := []byte{byte(tick), 0, 0}
	for range r.IntN(30) {
		b = append(b, byte(r.Uint32()))
	}
	return b
}

// heard is what a Receiver makes of a message, as receiver.mjs puts it.
func heard[K delta.Key](to *delta.Receiver[K, five.Snapshot, *five.Snapshot], b []byte) string {
	var out strings.Builder
	for c, err := range to.Read(bytes.Clone(b)) {
		switch {
		case err != nil:
			fmt.Fprintf(&out, "! %s ", refusal(err))
		case c.Gone:
			fmt.Fprintf(&out, "%d gone ", c.Key)
		default:
			fmt.Fprintf(&out, "%d %s ", c.Key, hexOf(c.Value))
		}
	}
	fmt.Fprintf(&out, "= %d %d ", to.Len(), to.Late())
	var keys []K
	for key := range to.All() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var all []string
	for _, key := range keys {
		v, _ := to.Value(key)
		all = append(all, fmt.Sprintf("%d %s", key, hexOf(v)))
	}
	return out.String() + strings.Join(all, " ")
}

func hexOf(s *five.Snapshot) string {
	b, err := s.AppendBinary(nil)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%x", b)
}

func refusal(err error) string {
	text := ""
	if key, ok := errors.AsType[*delta.KeyError](err); ok {
		text = fmt.Sprintf("key %v: ", key.Key)
		switch key.Err {
		case delta.ErrKeys:
			return text + "keys"
		case delta.ErrBaseline:
			return text + "baseline"
		}
	}
	if field, ok := errors.AsType[*codec.FieldError](err); ok {
		return text + field.Field + ": " + reasons[field.Err]
	}
	return text + err.Error()
}

package delta_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
)

// carry gives a value to a Sender of a version, and what it says to a Receiver of another.
func carry(t *testing.T, version, peers int, move game.Move) game.Move {
	t.Helper()
	from, err := delta.NewSender[uint16, game.Move](delta.Config{Version: version})
	if err != nil {
		t.Fatal(err)
	}
	to, err := delta.NewReceiver[uint16, game.Move](delta.Config{Version: peers})
	if err != nil {
		t.Fatal(err)
	}
	from.Begin(nil, 1100)
	if fits, err := from.Put(1, &move); !fits || err != nil {
		t.Fatal(fits, err)
	}
	b, err := from.End()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range to.Read(b) {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, ok := to.Value(1)
	if !ok {
		t.Fatal("no value came")
	}
	return *got
}

// The version 0, which Conn.SchemaVersion is without a typed channel, is the newest.
func TestVersions(t *testing.T) {
	move := game.Move{Tick: 2, X: 0.25, Jumps: true}
	for _, v := range [][2]int{{0, 0}, {0, game.SchemaVersion}, {game.SchemaVersion, 0}} {
		if got := carry(t, v[0], v[1], move); !got.Equal(&move) {
			t.Errorf("versions %v: got %+v, want %+v", v, got, move)
		}
	}
	old := game.Move{Tick: 2, X: 0.25}
	if got := carry(t, 1, 1, move); !got.Equal(&old) {
		t.Errorf("version 1: got %+v, want %+v", got, old)
	}
	_, err := delta.NewReceiver[uint16, game.Move](delta.Config{Version: -1})
	if err == nil || err.Error() != "tickwire: Version is -1: want Conn.SchemaVersion, or 0 for the newest" {
		t.Error(err)
	}
}

// Encoded copies, and says what its values look like, in other words than they do.
func TestEncoded(t *testing.T) {
	var e delta.Encoded[uint16, game.Move, *game.Move]
	b := []byte{1, 2, 3}
	if err := e.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	b[0] = 9
	if got, err := e.AppendBinary([]byte{0}); err != nil || !slices.Equal(got, []byte{0, 1, 2, 3}) {
		t.Error(got, err)
	}
	forms, values := e.TickwireSchema(), new(game.Move).TickwireSchema()
	name, fields, _ := strings.Cut(values[1], "\n")
	if len(forms) != game.SchemaVersion || forms[1] != "deltas of "+name+"\nkey uint16\n"+fields {
		t.Errorf("got %q, want a line more than %q", forms, values)
	}
	if got := (delta.Encoded[uint16, state, *state]{}).TickwireSchema(); got != nil {
		t.Errorf("got %q of a type that says nothing", got)
	}
}

// Two ends with other keys than each other's read none that was not meant: a key that the type of theirs does
// not have is refused. An int is as wide as an int64, on every machine.
func TestKeys(t *testing.T) {
	carried[int, int64](t, -1<<31, "")
	carried[uint64, uint](t, 1<<32-1, "")
	carried[uint16, uint32](t, 1<<16-1, "")
	carried[uint16, uint8](t, 300, "codec: key (300): out of range, want uint8")
	carried[int32, uint32](t, -5, "")
	carried[int16, uint16](t, -5, "codec: key (4294967291): out of range, want uint16")
	if math.MaxInt == math.MaxInt32 {
		carried[int64, int](t, 1<<40, "codec: key (1099511627776): out of range, want int64")
	}
}

// carried takes a key of one type to a Receiver of another.
func carried[K, L delta.Key](t *testing.T, key K, want string) {
	t.Helper()
	from, _ := delta.NewSender[K, state](delta.Config{})
	to, _ := delta.NewReceiver[L, state](delta.Config{})
	from.Begin(nil, 100)
	if fits, err := from.Put(key, &state{X: 1}); !fits || err != nil {
		t.Fatal(fits, err)
	}
	b, _ := from.End()
	said := ""
	for _, err := range to.Read(b) {
		if err != nil {
			said = err.Error()
		}
	}
	if _, ok := to.Value(L(key)); ok != (want == "") || said != want {
		t.Errorf("%v as %T: %v, %q, want %q", key, L(0), ok, said, want)
	}
}

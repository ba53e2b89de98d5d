package delta_test

import (
	"slices"
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
	var e delta.Encoded[game.Move, *game.Move]
	b := []byte{1, 2, 3}
	if err := e.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	b[0] = 9
	if got, err := e.AppendBinary([]byte{0}); err != nil || !slices.Equal(got, []byte{0, 1, 2, 3}) {
		t.Error(got, err)
	}
	forms, values := e.TickwireSchema(), new(game.Move).TickwireSchema()
	if len(forms) != game.SchemaVersion || forms[1] != "deltas of "+values[1] {
		t.Errorf("got %q, want a line more than %q", forms, values)
	}
	if got := (delta.Encoded[state, *state]{}).TickwireSchema(); got != nil {
		t.Errorf("got %q of a type that says nothing", got)
	}
}

package endpoint

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

const formsFile = "../testdata/vectors/forms.json"

// goldenForms are two ends whose typed messages differ: what each lists in HELLO, the rows with which the
// other one refuses, and how it is told.
type goldenForms struct {
	About string
	Pairs []goldenPair
}

type goldenPair struct {
	Ours, Theirs []Schema
	Versions     []wire.Schema // that we list
	Rows         string        // with which they refuse, in hex
	Told         string        // what we say of that
}

func makeForms() *goldenForms {
	g := &goldenForms{About: "Forms of typed messages that differ (SPEC.md, 6.4). Written by: go test ./endpoint -run TestGoldenForms -update"}
	one := func(ch ChannelID, texts ...string) Schema { return Schema{Channel: ch, Versions: texts} }
	move := one(3, "Move\nTick uint32\nX -1..1/0.01\nY -1..1/0.01")
	for _, p := range []struct{ ours, theirs []Schema }{
		{[]Schema{move}, []Schema{one(3, "Move\nTick uint32\nX -1..1/0.01\nY half")}},
		{[]Schema{move}, []Schema{one(3, "Move\nTick uint32\nX -1..1/0.01")}},
		{[]Schema{move}, []Schema{one(3, "Move\nTick uint32\nY -1..1/0.01")}},
		{[]Schema{move}, []Schema{one(3, "Move\nTick uint32\nX -1..1/0.01\nY -1..1/0.01\nZ half")}},
		{[]Schema{move}, []Schema{one(3, "Move\nTick uint32\nW half\nX -1..1/0.01\nY -1..1/0.01")}},
		{[]Schema{move}, []Schema{one(3, "Chat\nText string<=200")}},
		{[]Schema{move, one(2, "Ping")}, []Schema{move}},
		{[]Schema{move}, []Schema{move, one(2, "Ping")}},
		{[]Schema{one(2, "Ping"), one(7, "Big\nA string<=70 in a form so long that it is cut before it is shown to anybody at all")}, []Schema{one(2, "Ping"), one(7, "Big\nA bool")}},
		{[]Schema{one(1, "A", "A\nB bool", "A\nB half")}, []Schema{one(1, "A", "A\nC bool")}},
		{[]Schema{one(1, "A", "A\nB bool", "A\nB half")}, []Schema{one(1, "A", "A\nB bool", "A\nB bool\nC half", "A\nB bool")}},
		{[]Schema{one(1, "1", "2", "3", "4", "5", "6", "7", "8", "9", "10")}, []Schema{one(1, "1")}},
	} {
		var ours, theirs forms
		ours.prepare(&Config{Schemas: p.ours}, 200)
		theirs.prepare(&Config{Schemas: p.theirs}, 200)
		pair := goldenPair{Ours: p.ours, Theirs: p.theirs, Versions: ours.versions[:ours.versions.Len()]}
		if _, ok := theirs.common(&ours.versions); !ok {
			rows := theirs.mismatch(&ours.versions).Rows
			pair.Rows, pair.Told = hex.EncodeToString(rows), ours.difference(rows)
		}
		g.Pairs = append(g.Pairs, pair)
	}
	return g
}

// TestGoldenForms holds the vectors to what the package does. The tests of ts/endpoint read them.
func TestGoldenForms(t *testing.T) {
	text, err := json.MarshalIndent(makeForms(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(formsFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(formsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, text) {
		t.Errorf("%s is not what the package does now: go test ./endpoint -run TestGoldenForms -update, if that is meant", formsFile)
	}
}

package endpoint

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// described is a configuration of two channels whose messages say what their forms are.
func described(schemas ...Schema) Config {
	return Config{
		Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered}, {ID: 2, Delivery: ReliableOrdered}, {ID: 3}},
		Schemas:  schemas,
	}
}

// move is a type in some versions, each given as its fields.
func move(channel ChannelID, versions ...string) Schema {
	s := Schema{Channel: channel}
	for _, fields := range versions {
		s.Versions = append(s.Versions, strings.Join(append([]string{"Move"}, strings.Fields(fields)...), "\n"))
	}
	for i := range s.Versions {
		s.Versions[i] = strings.ReplaceAll(s.Versions[i], ":", " ")
	}
	return s
}

// from is a configuration that speaks no version below one.
func from(version int, c Config) Config {
	c.MinSchemaVersion = version
	return c
}

// meets are pairs of configurations, and which version they agree on.
var meets = []struct {
	name string
	a, b Config
	want [2]int // at each end
}{
	{"no end says anything", described(), described(), [2]int{0, 0}},
	{"one end says nothing", described(move(1, "X:8", "X:9")), described(), [2]int{2, 0}},
	{"the same version", described(move(1, "X:8")), described(move(1, "X:8")), [2]int{1, 1}},
	{"one has a version more", described(move(1, "X:8", "X:8 Y:8")), described(move(1, "X:8")), [2]int{1, 1}},
	{"several, of which the newest counts", described(move(1, "X:8", "X:9", "X:10")), described(move(1, "X:8", "X:9")), [2]int{2, 2}},
	{"the newest differs, an older one does not", described(move(1, "X:8", "X:9")), described(move(1, "X:8", "X:10")), [2]int{1, 1}},
	{"two channels: one has changed", described(move(1, "X:8"), move(2, "Y:1", "Y:2")), described(move(1, "X:8"), move(2, "Y:1")), [2]int{1, 1}},
	{"listed the other way round", described(move(2, "Y:1"), move(1, "X:8")), described(move(1, "X:8"), move(2, "Y:1")), [2]int{1, 1}},
	{"as old as the other end wants", from(1, described(move(1, "X:8", "X:9"))), described(move(1, "X:8")), [2]int{1, 1}},
	{"newer than that", from(2, described(move(1, "X:8", "X:9"))), described(move(1, "X:8", "X:9", "X:10")), [2]int{2, 2}},
	{"one end wants a version, the other says nothing", from(2, described(move(1, "X:8", "X:9"))), described(), [2]int{2, 0}},
	{"more versions than HELLO lists", described(move(1, strings.Split("A:1 A:2 A:3 A:4 A:5 A:6 A:7 A:8 A:9 A:10", " ")...)),
		described(move(1, strings.Split("A:1 A:2 A:3", " ")...)), [2]int{3, 3}},
}

// TestSchemaVersion: both ends use the newest version that is the same at both.
func TestSchemaVersion(t *testing.T) {
	for _, c := range meets {
		p := newPairOf(t, c.a, c.b, time.Millisecond, 1).open()
		for i, want := range c.want {
			if got := p.ends[i].SchemaVersion(); got != want {
				t.Errorf("%s: end %d uses version %d, want %d", c.name, i, got, want)
			}
		}
	}
	e, err := New(0, described(move(1, "X:8", "X:9")))
	if err != nil || e.SchemaVersion() != 2 {
		t.Errorf("before the peer's HELLO: version %d, %v", e.SchemaVersion(), err)
	}
}

// clashes are forms that do not go together, and what each end says of it.
var clashes = []struct {
	name        string
	a, b        Config
	here, there string
}{
	{"a range", described(move(1, "X:0..8 Y:bool")), described(move(1, "X:0..9 Y:bool")),
		"version 1: field X of Move (channel 1) is 0..8 here, and another one at the peer",
		"version 1: field X of Move (channel 1) is 0..9 here, and another one at the peer"},
	{"the last field", described(move(2, "A:1 B:2 C:3 D:4 E:5")), described(move(2, "A:1 B:2 C:3 D:4 E:6")),
		"field E of Move (channel 2) is 5 here", "field E of Move (channel 2) is 6 here"},
	{"one field more", described(move(1, "X:8 Y:bool Z:1")), described(move(1, "X:8 Z:1")),
		"field Y of Move (channel 1) is not there at the peer", "in front of field Z of Move (channel 1) the peer has another field"},
	{"one at the end", described(move(1, "X:8 Y:bool Z:1")), described(move(1, "X:8 Y:bool")),
		"field Z of Move (channel 1) is not there at the peer", "behind the last field of Move (channel 1) the peer has another field"},
	{"another type", described(Schema{1, []string{"Turn\nX 8"}}), described(move(1, "X:8")),
		"channel 1 carries Turn here, and another type at the peer", "channel 1 carries Move here, and another type at the peer"},
	{"the second channel", described(move(1, "X:8"), move(2, "Y:1")), described(move(1, "X:8"), move(2, "Y:2")),
		"field Y of Move (channel 2) is 1 here", "field Y of Move (channel 2) is 2 here"},
	{"a channel that says nothing", described(move(1, "X:8"), move(2, "Y:1")), described(move(2, "Y:1")),
		"channel 1 carries Move here, and says nothing of its form at the peer", "channel 1 has a type with a form at the peer, and none here"},
	{"the newest common number", described(move(1, "X:8", "X:9", "X:1")), described(move(1, "X:7", "X:10")),
		"version 2: field X of Move (channel 1) is 9 here", "version 2: field X of Move (channel 1) is 10 here"},
	{"no number in common", described(move(1, strings.Fields(strings.Repeat("X:8 ", 20))...)), described(move(1, "X:7", "X:8")),
		"no version is common: we have 13 to 20, the peer 1 to 2: the peer needs a newer release",
		"typed messages: no version is common: we have 1 to 2, the peer 13 to 20: this end needs a newer release"},
	{"older than the other end wants", from(2, described(move(1, "X:8", "X:9", "X:10"))), described(move(1, "X:8")),
		"we have 2 to 3, the peer 1: the peer needs a newer release", "we have 1, the peer 2 to 3: this end needs a newer release"},
	{"one of them is wanted, and differs", from(2, described(move(1, "X:8", "X:9", "X:10"))), described(move(1, "X:8", "X:7")),
		"version 2: field X of Move (channel 1) is 9 here", "version 2: field X of Move (channel 1) is 7 here"},
}

// TestSchemaMismatch: ends without a common version do not talk, and each names the first field that differs.
func TestSchemaMismatch(t *testing.T) {
	for _, c := range clashes {
		p := newPairOf(t, c.a, c.b, 20*time.Millisecond, 1)
		p.run(5 * time.Second)
		for i, want := range []string{c.here, c.there} {
			if all := p.events(i); len(all) != 1 || all[0].Code != CodeMismatch || !strings.Contains(all[0].Text, want) {
				t.Errorf("%s, end %d: %v, want %q", c.name, i, all, want)
			}
		}
	}
}

// refusal is what an end with one configuration answers one with another.
func refusal(t testing.TB, a, b Config) (rows []byte, reader *Endpoint) {
	t.Helper()
	e, err := New(0, a)
	if err != nil {
		t.Fatal(err)
	}
	reader, err = New(0, b)
	if err != nil {
		t.Fatal(err)
	}
	mismatch, ok := errors.AsType[*MismatchError](e.HandleHello(0, reader.AppendHello(0, nil)))
	if !ok || mismatch.Code != CodeMismatch {
		t.Fatalf("HandleHello: %v", mismatch)
	}
	return mismatch.Rows, reader
}

// TestSchemaRowsCut: of rows that had no room nothing is concluded: what is named is the difference, or none.
func TestSchemaRowsCut(t *testing.T) {
	for _, c := range clashes {
		rows, reader := refusal(t, c.a, c.b)
		for n := wire.ChannelRowSize; n <= len(rows); n += wire.ChannelRowSize {
			got := reader.Difference(rows[:n])
			whole := n == len(rows) || strings.Contains(got, "no version is common")
			if !strings.Contains(got, c.there) && (whole && n == len(rows) || !whole && got != "no difference in the rows that came") {
				t.Errorf("%s, %d of %d bytes: %q", c.name, n, len(rows), got)
			}
		}
	}
}

// TestSchemaHello: HELLO has the newest eight versions, fewer if there is no room, and not a byte more
// than before if there are none.
func TestSchemaHello(t *testing.T) {
	texts := strings.Fields(strings.Repeat("X:8 ", 300))
	for _, c := range []struct {
		windows, versions, want int
	}{{0, 0, 0}, {0, 1, 1}, {0, 8, 8}, {0, 300, 8}, {24, 300, 4}} {
		cfg := described()
		for i := range c.windows {
			cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(16000 + i), Delivery: ReliableOrdered, WindowBytes: 1 << 28})
		}
		cfg.Inbound = Limits{PacketsPerSecond: 1 << 28, BytesPerSecond: 1 << 28, MessagesPerSecond: 1 << 28}
		plain, err := New(0, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if c.versions > 0 {
			cfg.Schemas = []Schema{move(1, texts[:c.versions]...)}
		}
		e, err := New(0, cfg)
		if err != nil {
			t.Fatal(err)
		}
		body := e.AppendHello(0, nil)
		h, ok := wire.ConsumeHello(body)
		if !ok || h.Schemas.Len() != c.want || int(h.Schemas[0].Version) != c.versions || len(body) > wire.MaxHelloBytes {
			t.Errorf("%d versions: HELLO of %d bytes has %d, the first %d", c.versions, len(body), h.Schemas.Len(), h.Schemas[0].Version)
		}
		if without := plain.AppendHello(0, nil); !bytes.Equal(body[:len(without)], without) || len(body) != len(without)+h.Schemas.ItemLen() {
			t.Errorf("%d versions change more than an item: %x, %x", c.versions, body, without)
		}
	}
}

// TestAllocSchema: to find out which version is common makes nothing, and a refusal next to nothing.
func TestAllocSchema(t *testing.T) {
	if raced {
		return
	}
	a, b, c := described(move(1, "X:8", "X:9")), described(move(1, "X:8")), described(move(1, "X:7"))
	plan, err := Prepare(a)
	if err != nil {
		t.Fatal(err)
	}
	hello := func(cfg Config) []byte {
		e, err := New(0, cfg)
		if err != nil {
			t.Fatal(err)
		}
		return e.AppendHello(0, nil)
	}
	good, bad := hello(b), hello(c)
	if n := testing.AllocsPerRun(100, func() {
		if err := plan.Match(good); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a HELLO that matches", n)
	}
	if n := allocated(func() {
		for range 100 {
			if plan.Match(bad) == nil {
				t.Fatal("it matches")
			}
		}
	}); n > 100*512 {
		t.Errorf("%d bytes for a HELLO that does not match", n/100)
	}
}

// TestSchemaMistakes: schemas that cannot be are named.
func TestSchemaMistakes(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{described(move(4, "X:8")), "Schemas[0].Channel is 4: want one of Channels, once"},
		{described(move(1, "X:8"), move(1, "X:8")), "Schemas[1].Channel is 1: want one of Channels, once"},
		{described(Schema{Channel: 1}), "Schemas[0].Versions is 0 texts: want 1 to 16383"},
		{described(Schema{1, make([]string, wire.MaxSchemaVersion+1)}), "Schemas[0].Versions is 16384 texts"},
		{from(3, described(move(1, "X:8", "X:9"))), "MinSchemaVersion is 3: want 1 to 2, the newest version of the messages, or 0 for 1"},
		{from(-1, described(move(1, "X:8"))), "MinSchemaVersion is -1: want 1 to 1,"},
		{from(1, described()), "MinSchemaVersion is 1: want 0: no channel says what its messages look like"},
	} {
		if err := c.cfg.Validate(); !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestSchemaManyFields: a type with more fields than have hashes is told apart by its digest, and by those
// that have one.
func TestSchemaManyFields(t *testing.T) {
	fields := func(last int) string {
		var all []string
		for i := range 2000 {
			all = append(all, fmt.Sprintf("F%d:8", i))
		}
		all[last] += "0"
		return strings.Join(all, " ")
	}
	rows, reader := refusal(t, described(move(1, fields(1000))), described(move(1, fields(1001))))
	if got := reader.Difference(rows); len(rows) != 257*wire.ChannelRowSize || !strings.Contains(got, "field F1000 of Move") {
		t.Errorf("%d bytes of rows: %s", len(rows), got)
	}
	rows, reader = refusal(t, described(move(1, fields(1998))), described(move(1, fields(1999))))
	if got := reader.Difference(rows); got != "no difference in the rows that came" {
		t.Errorf("beyond those with hashes: %s", got)
	}
}

// FuzzDifference reads rows of a refusal, of whatever kind: they name a difference or none.
func FuzzDifference(f *testing.F) {
	var readers []*Endpoint
	for _, c := range clashes {
		rows, reader := refusal(f, c.a, c.b)
		f.Add(rows)
		readers = append(readers, reader)
	}
	plain, err := New(0, channels())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain.plan.rows)
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, rows []byte) {
		before := slices.Clone(rows)
		for _, e := range append(readers, plain) {
			if text := e.Difference(rows); text == "" || len(text) > 300 {
				t.Errorf("%x: %q", rows, text)
			}
		}
		if !bytes.Equal(rows, before) {
			t.Errorf("%x was changed", before)
		}
	})
}

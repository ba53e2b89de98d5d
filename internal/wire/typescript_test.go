package wire

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/node"
)

var packetSeed = flag.Uint64("packet-seed", 1, "of the packets that Go and TypeScript read")

// TestTypeScriptReadsAlike: of golden packets, messages of channel 0 and symbols that were changed, cut and put
// together, TypeScript reads the same as Go, field by field, and holds the same ones to be malformed.
func TestTypeScriptReadsAlike(t *testing.T) {
	peer := node.Start(t, "../../ts", "testdata/frames.ts")
	r := rand.New(rand.NewPCG(*packetSeed, 0))
	for _, c := range []struct {
		what  string
		stock [][]byte
		read  func(b []byte) any // nil: it is malformed
		asks  int
	}{
		{"packet", packetStock(t), packetOf, 60},
		{"control", controlStock(), controlOf, 8},
		{"symbol", symbolStock(), symbolOf, 8},
	} {
		const each = 250
		malformed, wrong := 0, 0
		for range c.asks {
			var all [][]byte
			var asked []string
			for range each {
				b := changed(r, c.stock)
				all, asked = append(all, b), append(asked, c.what+" "+hex.EncodeToString(b))
			}
			var answers []any
			peer.Ask(asked, &answers)
			for i, b := range all {
				want := common(asJSON(t, c.read(b)))
				if want == nil {
					malformed++
				}
				if !reflect.DeepEqual(want, common(answers[i])) && wrong < 5 {
					wrong++
					t.Errorf("%s %x: TypeScript reads\n%v\nGo\n%v\nagain: go test ./internal/wire -run TypeScript -packet-seed=%d", c.what, b, answers[i], want, *packetSeed)
				}
			}
		}
		if n := c.asks * each; malformed < n/5 || malformed > n*4/5 {
			t.Errorf("%s: %d of %d are malformed: want some of both", c.what, malformed, n)
		}
	}
}

// packetStock is what packets are made of.
func packetStock(t *testing.T) (stock [][]byte) {
	for _, v := range frameVectors(t) {
		stock = append(stock, v.Bytes)
	}
	for _, v := range packetVectors() {
		stock = append(stock, v.Bytes)
	}
	for _, v := range malformed() {
		stock = append(stock, v.Bytes)
	}
	return stock
}

func controlStock() (stock [][]byte) {
	for _, v := range controlVectors() {
		stock = append(stock, v.Bytes)
	}
	return stock
}

func symbolStock() [][]byte {
	return [][]byte{{0}, {0, 0, 0}, unhex("05 6669726521"), unhex("046a756d70 00"), unhex("0141 01 ffffffffffffffffff01"),
		unhex("024142 01 8102 00"), unhex("0141 02 808001 0000"), unhex("0141 02 05"), unhex("0141 04 05"), unhex("0141 03 0505")}
}

// changed is one or two of the stock, changed in up to two places.
func changed(r *rand.Rand, stock [][]byte) []byte {
	b := slices.Clone(stock[r.IntN(len(stock))])
	if r.IntN(6) == 0 {
		b = append(b, stock[r.IntN(len(stock))]...)
	}
	for range r.IntN(5) / 2 {
		if len(b) == 0 {
			break
		}
		at := r.IntN(min(len(b), 40)) // most of what is behind is content
		switch r.IntN(7) {
		case 0, 1:
			b[at] ^= 1 << r.IntN(8)
		case 2:
			b[at] = []byte{0, 1, 0x3f, 0x7f, 0x80, 0x81, 0xff, byte(r.Uint32())}[r.IntN(8)]
		case 3:
			b = slices.Delete(b, at, at+1)
		case 4:
			b = slices.Insert(b, at, byte(r.Uint32()))
		case 5: // a number, longer, or too long
			b = slices.Replace(b, at, at+1, append(slices.Repeat([]byte{b[at] | 0x80}, 1+r.IntN(10)), byte(r.IntN(3)))...)
		default:
			b = b[:r.IntN(len(b))]
		}
	}
	return b
}

func packetOf(b []byte) any {
	type named struct {
		Frame  string `json:"frame"`
		Fields fields `json:"fields"`
	}
	all := []named{}
	if !walk(b, func(name string, f fields, _ []byte) { all = append(all, named{name, f}) }) {
		return nil
	}
	return all
}

func controlOf(b []byte) any {
	kind, body, ok := ConsumeControl(b)
	if !ok {
		return nil
	}
	return controlFields(kind, body)
}

func symbolOf(b []byte) any {
	s, ok := ConsumeSymbol(b)
	if !ok {
		return nil
	}
	return map[string]any{"options": s.Options, "key": strconv.FormatUint(s.Key, 10), "back": s.Back, "bytes": hex.EncodeToString(s.Payload)}
}

// asJSON is a value as one who reads it as JSON has it.
func asJSON(t *testing.T, v any) (read any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// common leaves out what the two do not read alike, and need not: counts of marks, which TypeScript passes over;
// capabilities beyond those that have a meaning; and by how many signs text is replaced that is not UTF-8.
func common(held any) any {
	all, _ := held.([]any)
	for _, f := range all {
		fields := f.(map[string]any)["fields"].(map[string]any)
		delete(fields, "ecn")
		if bits, ok := fields["capabilities"].(string); ok {
			if n, err := strconv.ParseUint(bits, 10, 64); err != nil || n >= 1<<53 {
				delete(fields, "capabilities")
			}
		}
		if text, ok := fields["text"].(string); ok && strings.ContainsRune(text, '\ufffd') {
			delete(fields, "text")
		}
	}
	return held
}

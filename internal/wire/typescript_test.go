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

// TestTypeScriptReadsAlike: of packets of golden frames that were changed, cut and put together, TypeScript reads
// the same frames with the same fields as Go, and holds the same ones to be malformed.
func TestTypeScriptReadsAlike(t *testing.T) {
	const asks, each = 60, 250
	peer := node.Start(t, "../../ts", "testdata/frames.ts")
	r := rand.New(rand.NewPCG(*packetSeed, 0))
	stock := stockOf(t)
	malformed, wrong := 0, 0
	for range asks {
		var packets [][]byte
		var asked []string
		for range each {
			b := changedPacket(r, stock)
			packets, asked = append(packets, b), append(asked, hex.EncodeToString(b))
		}
		var answers []any
		peer.Ask(asked, &answers)
		for i, b := range packets {
			want := heldBy(t, b)
			if want == nil {
				malformed++
			}
			if !reflect.DeepEqual(want, common(answers[i])) && wrong < 5 {
				wrong++
				t.Errorf("%x: TypeScript reads\n%v\nGo\n%v\nagain: go test ./internal/wire -run TypeScript -packet-seed=%d", b, answers[i], want, *packetSeed)
			}
		}
	}
	if malformed < asks*each/5 || malformed > asks*each*4/5 {
		t.Errorf("%d of %d packets are malformed: want some of both", malformed, asks*each)
	}
}

// stockOf is what packets are made of.
func stockOf(t *testing.T) (stock [][]byte) {
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

// changedPacket is one or two of the stock, changed in up to two places.
func changedPacket(r *rand.Rand, stock [][]byte) []byte {
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

// heldBy is what Go reads of a packet, as JSON has it; nil if it is malformed.
func heldBy(t *testing.T, b []byte) any {
	t.Helper()
	type named struct {
		Frame  string `json:"frame"`
		Fields fields `json:"fields"`
	}
	all := []named{}
	if !walk(b, func(name string, f fields, _ []byte) { all = append(all, named{name, f}) }) {
		return nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var held any
	if err := json.Unmarshal(text, &held); err != nil {
		t.Fatal(err)
	}
	return common(held)
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

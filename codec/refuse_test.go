package codec_test

import (
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// TestWriteErrors: what cannot be written is an error that names field and value, and dst comes
// back as it was.
func TestWriteErrors(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		m    message
		text string
		err  error
	}{
		{&five.Input{Buttons: 4096}, "Input.Buttons (4096): out of range, want 0..4095", codec.ErrRange},
		{&five.Input{MoveX: 1.01}, "Input.MoveX (1.01): out of range, want -1..1", codec.ErrRange},
		{&five.Input{MoveY: nan}, "Input.MoveY (NaN)", codec.ErrRange},
		{&five.Input{Yaw: nan}, "Input.Yaw (NaN)", codec.ErrRange},
		{&five.Input{Pitch: float32(math.Inf(1))}, "Input.Pitch (+Inf)", codec.ErrRange},
		{&five.Entity{}, "Entity.Rotation ([0 0 0 0])", codec.ErrRange},
		{&five.Chat{At: -time.Second}, "Chat.At (-1s)", codec.ErrRange},
		{&five.Chat{Text: strings.Repeat("x", 201)}, "Chat.Text (201): too long, want at most 200 bytes", codec.ErrTooLong},
		{&five.Snapshot{Entities: make([]five.Entity, 257)}, "Snapshot.Entities (257): too long, want at most 256", codec.ErrTooLong},
		{&five.Inventory{Items: []five.Item{{}}}, "Item.Count (0): out of range, want 1..999", codec.ErrRange},
	} {
		b, err := c.m.AppendBinary([]byte("kept"))
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.text) || string(b) != "kept" {
			t.Errorf("%q, %v, want %v of %q", b, err, c.err, c.text)
		}
		if field := (*codec.FieldError)(nil); !errors.As(err, &field) || !strings.HasPrefix(c.text, field.Field) {
			t.Errorf("%v names the field %v", err, field)
		}
	}
}

// TestReadErrors damages messages in each way that there is.
func TestReadErrors(t *testing.T) {
	wire := func(write func(w *codec.Writer)) []byte {
		w := writer(nil, 64)
		write(&w)
		b, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole, _ := five.AnInput().AppendBinary(nil)
	for _, c := range []struct {
		name  string
		m     message
		b     []byte
		field string
		err   error
	}{
		{"nothing", &five.Input{}, nil, "Input", codec.ErrShort},
		{"a byte too few", &five.Input{}, whole[:len(whole)-1], "Input", codec.ErrShort},
		{"a byte too many", &five.Input{}, append(whole[:len(whole):len(whole)], 0), "Input", codec.ErrTrailing},
		{"a bit too many", &five.Chat{}, wire(func(w *codec.Writer) { w.Bits(0, 7+1); w.Bits(0, 29); w.Bits(0, 8); w.Bits(1, 3) }), "Chat", codec.ErrPadding},
		{"a code above the last", &five.Input{}, wire(func(w *codec.Writer) { w.Bits(0, 7+12); w.Bits(201, 8); w.Bits(0, 35) }), "Input.MoveX", codec.ErrRange},
		{"an unknown constant", &five.Chat{}, wire(func(w *codec.Writer) { w.Bits(0, 7+1); w.Bits(3, 29); w.Bits(0, 8) }), "Chat.Room", codec.ErrRange},
		{"more bytes than may be", &five.Chat{}, wire(func(w *codec.Writer) { w.Bits(0, 7+1+29); w.Bits(201, 8) }), "Chat.Text", codec.ErrTooLong},
		{"more bytes than came", &five.Chat{}, wire(func(w *codec.Writer) { w.Bits(0, 7+1+29); w.Bits(200, 8) }), "Chat.Text", codec.ErrShort},
		{"more elements than may be", &five.Snapshot{}, wire(func(w *codec.Writer) { w.Bits(0, 14); w.Bits(257, 9) }), "Snapshot.Entities", codec.ErrTooLong},
		{"more elements than came", &five.Snapshot{}, wire(func(w *codec.Writer) { w.Bits(0, 14); w.Bits(256, 9) }), "Snapshot.Entities", codec.ErrShort},
		{"a key twice", &five.Inventory{}, wire(func(w *codec.Writer) { w.Bits(0, 9+7+7); w.Bits(2, 5); w.Bits(7, 14); w.Bits(7, 14) }), "Inventory.Ammo", codec.ErrOrder},
	} {
		err := c.m.UnmarshalBinary(c.b)
		var field *codec.FieldError
		if !errors.Is(err, c.err) || !errors.As(err, &field) || field.Field != c.field {
			t.Errorf("%s: %v, want %v of %s", c.name, err, c.err, c.field)
		}
	}
}

// TestAddresses takes addresses of all kinds; one with a zone means nothing elsewhere.
func TestAddresses(t *testing.T) {
	for _, text := range []string{"192.0.2.7:9", "[2001:db8::7]:65535", "[::ffff:192.0.2.7]:1"} {
		want := netip.MustParseAddrPort(text)
		w := writer(nil, 0)
		w.AddrPort("a", want)
		w.Addr("none", netip.Addr{})
		wire, _ := w.Finish()
		r := reader(wire)
		if got, none := r.AddrPort("a"), r.Addr("none"); got != want || none.IsValid() || r.Finish("m") != nil {
			t.Errorf("%v is %v", want, got)
		}
	}
	w := writer(nil, 0)
	w.Addr("a", netip.MustParseAddr("fe80::1%eth0"))
	if _, err := w.Finish(); !errors.Is(err, codec.ErrZone) {
		t.Errorf("a zone: %v", err)
	}
	r := reader([]byte{3})
	if r.Addr("a"); !errors.Is(r.Finish("m"), codec.ErrZone) {
		t.Error("a zone is read")
	}
}

// TestAppended writes a type by its own AppendBinary, at all places of a byte.
func TestAppended(t *testing.T) {
	for at := range uint(8) {
		for n := range 60 {
			w := writer(nil, 1)
			w.Bits(0, at)
			b, err := append(w.Spare(), strings.Repeat("custom", 10)[:n]...), error(nil)
			w.Appended("c", b, err, 60)
			w.Bits(1, 1)
			wire, err := w.Finish()
			if err != nil {
				t.Fatal(err)
			}
			r := reader(wire)
			r.Bits(at)
			if got := r.Bytes("c", nil, 60); string(got) != strings.Repeat("custom", 10)[:n] || !r.Bool() {
				t.Errorf("%d bytes at %d: %q", n, at, got)
			}
		}
	}
	w := writer(nil, 1)
	w.Appended("c", append(w.Spare(), make([]byte, 9)...), nil, 8)
	if _, err := w.Finish(); !errors.Is(err, codec.ErrTooLong) {
		t.Errorf("9 bytes of 8: %v", err)
	}
	w = writer(nil, 1)
	w.Appended("c", nil, errors.ErrUnsupported, 8)
	if _, err := w.Finish(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("its own error: %v", err)
	}
}

package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// A controlVector is a message of channel 0. The body of a kind that the library
// does not know is hex.
type controlVector struct {
	Name   string   `json:"name"`
	Kind   uint64   `json:"kind,string"`
	Bytes  hexBytes `json:"bytes"`
	Fields fields   `json:"fields"`
}

type ticketFields struct {
	Expires  uint64   `json:"expires,string"`
	Lifetime uint32   `json:"lifetime"`
	Opaque   hexBytes `json:"opaque"`
}

// tokenListFields have the first eight bytes of each token.
type tokenListFields struct {
	Tokens []hexBytes `json:"tokens"`
}

type addressesFields struct {
	Addresses []addressField `json:"addresses"`
}

// An addressField has the address in network order: 4 bytes or 16.
type addressField struct {
	IP   hexBytes `json:"ip"`
	Port uint16   `json:"port"`
}

type unknownFields struct {
	Body hexBytes `json:"body"`
}

func (t ticketFields) appendTo(b []byte) []byte {
	return AppendTicket(b, t.Expires, t.Lifetime, t.Opaque)
}

func (t tokenListFields) appendTo(b []byte) []byte {
	tokens := make([]byte, len(t.Tokens)*TokenBytes)
	for i, start := range t.Tokens {
		copy(tokens[i*TokenBytes:], start)
	}
	return AppendTokenList(b, tokens)
}

func (a addressesFields) appendTo(b []byte) []byte {
	b = AppendAddressCount(b, len(a.Addresses))
	for _, x := range a.Addresses {
		b = AppendAddress(b, x.IP, x.Port)
	}
	return b
}

func (u unknownFields) appendTo(b []byte) []byte { return append(b, u.Body...) }

func controlVectors() []controlVector {
	v4, v6 := hexBytes{192, 0, 2, 1}, hexBytes(unhex("20010db8000000000000000000000001"))
	most := addressesFields{}
	for i := range uint16(MaxAddresses) {
		most.Addresses = append(most.Addresses, addressField{v6, i})
	}
	list := []controlVector{
		{Name: "the shortest resume ticket", Kind: ControlTicket, Fields: ticketFields{1, 3600, bytes.Repeat([]byte{0xaa}, 41)}},
		{Name: "resume ticket of 412 bytes that never expires", Kind: ControlTicket,
			Fields: ticketFields{math.MaxUint64, math.MaxUint32, bytes.Repeat([]byte{0x5a}, 400)}},
		{Name: "Token list for one server", Kind: ControlTokenList, Fields: tokenListFields{[]hexBytes{unhex("4e4554434f444520")}}},
		{Name: "Token list for two", Kind: ControlTokenList, Fields: tokenListFields{[]hexBytes{unhex("0102030405060708"), unhex("0807060504030201")}}},
		{Name: "an IPv4 and an IPv6 address", Kind: ControlAddresses,
			Fields: addressesFields{[]addressField{{v4, 40000}, {v6, 7777}}}},
		{Name: "as many addresses as there may be", Kind: ControlAddresses, Fields: most},
		{Name: "of a kind that nobody knows, which is passed over", Kind: 300, Fields: unknownFields{hexBytes("later")}},
		{Name: "of the last kind, without a body", Kind: math.MaxUint64, Fields: unknownFields{hexBytes{}}},
	}
	for i := range list {
		list[i].Bytes = AppendControl(nil, list[i].Kind, list[i].Fields.appendTo(nil))
	}
	return list
}

func malformedControl() []malformedVector {
	tokens := func(head string, bytes int) hexBytes {
		return append(append([]byte{ControlTokenList}, unhex(head)...), make([]byte, bytes)...)
	}
	return []malformedVector{
		{"nothing", hexBytes{}, "it has a kind"},
		{"kind that is not shortest", unhex("8100"), "LEB128 not in shortest form"},
		{"resume ticket without its expiry", unhex("01 00000000000000"), "cut short"},
		{"resume ticket without its lifetime", unhex("01 0000000000000000 000000"), "cut short"},
		{"resume ticket that is too short", append(unhex("01 0000000000000000 00000000"), make([]byte, 40)...), "nonce, tag and a byte between them"},
		{"a token list without a token", tokens("5457544b 01 00", 0), "1 to 7 tokens"},
		{"a token list with eight tokens", tokens("5457544b 01 08", 8*TokenBytes), "1 to 7 tokens"},
		{"a token list of version 2", tokens("5457544b 02 01", TokenBytes), "version is 1"},
		{"a token list that is none", tokens("5457544c 01 01", TokenBytes), "begins with TWTK"},
		{"a token list with a token cut", tokens("5457544b 01 02", 2*TokenBytes-1), "a token has 2048 bytes"},
		{"a token list with a byte too many", tokens("5457544b 01 01", TokenBytes+1), "a token has 2048 bytes"},
		{"a token list cut in the head", unhex("02 5457544b 01"), "cut short"},
		{"no address", unhex("03 00000000"), "1 to 32 addresses"},
		{"33 addresses", append(unhex("03 21000000"), bytes.Repeat(unhex("01 c0000201 0100"), 33)...), "1 to 32 addresses"},
		{"address of type 3", unhex("03 01000000 03 c0000201 0100"), "type is 1 or 2"},
		{"IPv4 address cut", unhex("03 01000000 01 c0000201 01"), "cut short"},
		{"IPv6 address cut", unhex("03 01000000 02 200100000000000000000000000000 0100"), "cut short"},
		{"address missing", unhex("03 02000000 01 c0000201 0100"), "cut short"},
		{"byte behind the addresses", unhex("03 01000000 01 c0000201 0100 00"), "cut short behind the last address"},
	}
}

// controlFields reads a body.
func controlFields(kind uint64, body []byte) fields {
	switch kind {
	case ControlTicket:
		expires, lifetime, opaque, _ := ConsumeTicket(body)
		return ticketFields{expires, lifetime, opaque}
	case ControlTokenList:
		tokens, _ := ConsumeTokenList(body)
		out := tokenListFields{}
		for ; len(tokens) > 0; tokens = tokens[TokenBytes:] {
			out.Tokens = append(out.Tokens, tokens[:8])
		}
		return out
	case ControlAddresses:
		out := addressesFields{}
		ConsumeAddresses(body, func(ip []byte, port uint16) {
			out.Addresses = append(out.Addresses, addressField{bytes.Clone(ip), port})
		})
		return out
	}
	return unknownFields{body}
}

func TestControl(t *testing.T) {
	for _, v := range controlVectors() {
		kind, body, ok := ConsumeControl(v.Bytes)
		if got := controlFields(kind, body); !ok || kind != v.Kind || !sameFields(got, v.Fields) {
			t.Errorf("%s: read as kind %d, %v: %s\nwant %s", v.Name, kind, ok, jsonOf(got), jsonOf(v.Fields))
		}
		_, unknown := v.Fields.(unknownFields)
		if ControlKnown(kind) == unknown || len(v.Bytes) > MaxControlBytes {
			t.Errorf("%s: known %v, %d bytes", v.Name, ControlKnown(kind), len(v.Bytes))
		}
	}
	for _, v := range malformedControl() {
		if _, _, ok := ConsumeControl(v.Bytes); ok {
			t.Errorf("%s: %x is accepted, but: %s", v.Name, v.Bytes, v.Reason)
		}
	}
	if n := len(AppendControl(nil, ControlTokenList, AppendTokenList(nil, make([]byte, MaxTokens*TokenBytes)))); n > MaxControlBytes || n+TokenBytes <= MaxControlBytes {
		t.Errorf("the largest token list takes %d bytes of %d", n, MaxControlBytes)
	}
	if ControlKnown(0) {
		t.Error("kind 0 is known")
	}
}

func FuzzControl(f *testing.F) {
	for _, v := range controlVectors() {
		f.Add([]byte(v.Bytes))
	}
	for _, v := range malformedControl() {
		f.Add([]byte(v.Bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, body, ok := ConsumeControl(b)
		if !ok {
			return
		}
		if kind == ControlTokenList {
			if n := int(body[5]); binary.LittleEndian.Uint32(body) != 0x4b545754 || len(body) != 6+n*TokenBytes {
				t.Errorf("%x… has %d bytes", body[:6], len(body))
			}
			return // its tokens are not all in its fields
		}
		if again := AppendControl(nil, kind, controlFields(kind, body).appendTo(nil)); !bytes.Equal(again, b) {
			t.Errorf("%x appends as %x", b, again)
		}
	})
}

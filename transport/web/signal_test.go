package web

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

const vectors = "../../testdata/vectors/signals.json"

// A signalVector is a text, and the kind that a reader finds in it: "" is one that it does not know.
type signalVector struct {
	Text string `json:"text"`
	Kind string `json:"kind"`
}

// signalVectors are what every implementation has to read, and what it has to refuse.
type signalVectors struct {
	Good []signalVector `json:"good"`
	Bad  []string       `json:"bad"`
}

// goldenSignals are one of each kind, as this implementation writes them; texts that mean the same and
// look different; and what breaks the form.
func goldenSignals() (v signalVectors) {
	for _, s := range []struct {
		kind string
		m    signal
	}{
		{"hello", signal{Hello: &helloSignal{}}},
		{"hello", signal{Hello: &helloSignal{WebRTC: true}}},
		{"hello", signal{Hello: &helloSignal{WebTransport: &webTransportOffer{Port: 7777, Path: "/tickwire"}, WebRTC: true}}},
		{"hello", signal{Hello: &helloSignal{WebTransport: &webTransportOffer{Port: 443, Path: "/a/b", Hashes: [][]byte{
			[]byte("0123456789abcdef0123456789abcdef"), []byte(strings.Repeat("\xff", 32))}}}}},
		{"hello", signal{Hello: &helloSignal{WebTransport: &webTransportOffer{Host: "udp.game.example", Port: 7777, Path: "/tickwire"}}}},
		{"want", signal{Want: &wantSignal{Transport: wantWebRTC}}},
		{"refused", signal{Refused: &refusedSignal{Transport: wantWebRTC, Reason: "no room for “ö”"}}},
		{"offer", signal{Offer: &sdpSignal{ID: 1, SDP: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"}}},
		{"answer", signal{Answer: &sdpSignal{ID: 1<<53 - 1, SDP: "v=0\r\n"}}},
		{"candidate", signal{Candidate: &candidateSignal{ID: 2, Candidate: "candidate:1 1 udp 1 192.0.2.1 7 typ host", Mid: "0"}}},
	} {
		v.Good = append(v.Good, signalVector{string(appendSignal(nil, &s.m)), s.kind})
	}
	v.Good = append(v.Good,
		signalVector{" {\n\t\"want\" : { \"transport\" : \"webrtc\" }\n} ", "want"},
		signalVector{`{"want":{"transport":"webrtc","since":[1,2,{}]}}`, "want"},
		signalVector{`{"\u0077ant":{"transport":"\u0077ebrtc"}}`, "want"},
		signalVector{`{"hello":{"webrtc":true,"carrierPigeons":{"port":1}}}`, "hello"},
		signalVector{`{"tomorrow":[{"any":null}]}`, ""},
	)
	v.Bad = []string{
		``, ` `, `null`, `1`, `"want"`, `["want"]`, `{}`, `{"want"}`, `{"want":}`, `{"want":{}`, `{"want":{}},`,
		`{"want":{},"answer":{}}`, `{"want":{},"want":{}}`, `{"want":{}} {}`, `{"tomorrow":{},"want":{}}`,
		`{"want":[]}`, `{"want":null}`, `{"want":"webrtc"}`, `{"want":{"transport":1}}`, `{"offer":{"id":-1,"sdp":""}}`, `{"offer":{"id":1.5,"sdp":""}}`,
		`{"answer":{"id":"1","sdp":""}}`, `{"hello":{"webrtc":"yes"}}`, `{"hello":{"webtransport":{"host":1,"port":1,"path":"/"}}}`, `{"hello":{"webtransport":{"port":1,"path":"/","hashes":["not base64!"]}}}`,
		`{want:{}}`, `{'want':{}}`,
	}
	return v
}

// kind names the member that a signal has.
func (m *signal) kind() string {
	v := reflect.ValueOf(*m)
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			return name
		}
	}
	return ""
}

// TestGoldenSignals: the vectors are those of this implementation, which reads and refuses what they say.
func TestGoldenSignals(t *testing.T) {
	want, err := json.MarshalIndent(goldenSignals(), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(vectors, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(vectors)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != string(want) {
		t.Errorf("%s is not what would be written: go test ./transport/web -update, after SPEC.md said why", vectors)
	}
	var v signalVectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	for _, one := range v.Good {
		m, err := consumeSignal([]byte(one.Text))
		if err != nil || m.kind() != one.Kind {
			t.Errorf("%s: kind %q, %v, want %q", one.Text, m.kind(), err, one.Kind)
		}
	}
	for _, text := range v.Bad {
		if m, err := consumeSignal([]byte(text)); err == nil {
			t.Errorf("%s: read as %q", text, m.kind())
		}
	}
}

// FuzzSignal: whatever comes is read or refused, and what was read is written so that it is read as the
// same.
func FuzzSignal(f *testing.F) {
	v := goldenSignals()
	for _, one := range v.Good {
		f.Add([]byte(one.Text))
	}
	for _, text := range v.Bad {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := consumeSignal(b)
		if err != nil || m.kind() == "" {
			return
		}
		again, err := consumeSignal(appendSignal(nil, &m))
		if err != nil && len(b) < mostSignal/8 { // escapes may make it longer
			t.Fatalf("%s: not read again: %v", b, err)
		}
		if err == nil && !reflect.DeepEqual(m, again) && !(m.Hello != nil && m.Hello.WebTransport != nil) {
			t.Fatalf("%s: %+v, then %+v", b, m, again)
		}
	})
}

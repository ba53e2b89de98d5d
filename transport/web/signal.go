package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Subprotocol is what a WebSocket of a player has to ask for ([SPEC.md], section 12).
const Subprotocol = "tickwire.1"

// mostSignal is the largest text message, in bytes.
const mostSignal = 16 << 10

// A signal is a text message on the WebSocket, by which the two ends agree on better transports: a
// JSON object with one member, whose name says which of these it is ([SPEC.md], section 12.3). All
// nil is one that this version does not know.
type signal struct {
	Hello     *helloSignal     `json:"hello,omitempty"`
	Want      *wantSignal      `json:"want,omitempty"`
	Offer     *sdpSignal       `json:"offer,omitempty"`
	Answer    *sdpSignal       `json:"answer,omitempty"`
	Candidate *candidateSignal `json:"candidate,omitempty"`
	Refused   *refusedSignal   `json:"refused,omitempty"`
}

// A helloSignal is the server's first: what it offers beside the WebSocket.
type helloSignal struct {
	WebTransport *webTransportOffer `json:"webtransport,omitempty"`
	WebRTC       bool               `json:"webrtc,omitempty"`
}

// A webTransportOffer is where the server speaks WebTransport.
type webTransportOffer struct {
	Host   string   `json:"host,omitempty"` // as in a URL; "": that of the WebSocket
	Port   int      `json:"port"`
	Path   string   `json:"path"`
	Hashes [][]byte `json:"hashes,omitempty"` // SHA-256 of its certificates; none: it has a real one
}

// url is where the session is, for one who reached the WebSocket by host.
func (o *webTransportOffer) url(host string) string {
	at := o.Host
	if at == "" {
		at = urlHost(host)
	}
	return "https://" + at + ":" + strconv.Itoa(o.Port) + o.Path
}

// urlHost is a name or an address as it stands in a URL (RFC 3986, section 3.2.2).
func urlHost(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// A wantSignal asks for a transport.
type wantSignal struct {
	Transport string `json:"transport"`
}

// A sdpSignal is the server's offer of a data channel, or the client's answer with the same id.
type sdpSignal struct {
	ID  uint64 `json:"id"`
	SDP string `json:"sdp"`
}

// A candidateSignal is an address that ICE may try, of the offer with that id.
type candidateSignal struct {
	ID        uint64 `json:"id"`
	Candidate string `json:"candidate"`
	Mid       string `json:"mid"`
}

// A refusedSignal answers a want.
type refusedSignal struct {
	Transport string `json:"transport"`
	Reason    string `json:"reason"` // for people
}

// wantWebRTC is what a wantSignal may ask for.
const wantWebRTC = "webrtc"

// appendSignal appends the text of a signal.
func appendSignal(dst []byte, m *signal) []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // none of its members can fail
	}
	return append(dst, b...)
}

var errNotOne = errors.New("want one object with one member")

// consumeSignal reads a text message. A member that it does not know is no error, so that later
// versions can add some.
func consumeSignal(b []byte) (signal, error) {
	var m signal
	if len(b) > mostSignal {
		return m, fmt.Errorf("a signal of %d bytes: want %d at most", len(b), mostSignal)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	name, err := expect[json.Delim](d)
	if err != nil || name != '{' {
		return m, errNotOne
	}
	member, err := expect[string](d)
	if err != nil {
		return m, errNotOne
	}
	var value json.RawMessage
	if err := d.Decode(&value); err != nil {
		return m, fmt.Errorf("the signal %q: %w", member, err)
	}
	if err := m.set(member, value); err != nil {
		return m, fmt.Errorf("the signal %q: %w", member, err)
	}
	if end, err := expect[json.Delim](d); err != nil || end != '}' {
		return m, errNotOne
	}
	if _, err := d.Token(); err != io.EOF {
		return m, errNotOne
	}
	return m, nil
}

// expect reads a token of one type.
func expect[T any](d *json.Decoder) (T, error) {
	var none T
	token, err := d.Token()
	if err != nil {
		return none, err
	}
	t, ok := token.(T)
	if !ok {
		return none, errNotOne
	}
	return t, nil
}

// set reads the value of a member, which is an object, if its name is known.
func (m *signal) set(name string, value json.RawMessage) error {
	at := m.member(name)
	switch {
	case at == nil:
		return nil
	case value[0] != '{':
		return errors.New("want an object")
	}
	return json.Unmarshal(value, at)
}

// member is where the value of a member goes; nil: its name is not known.
func (m *signal) member(name string) any {
	switch name {
	case "hello":
		return made(&m.Hello)
	case "want":
		return made(&m.Want)
	case "offer":
		return made(&m.Offer)
	case "answer":
		return made(&m.Answer)
	case "candidate":
		return made(&m.Candidate)
	case "refused":
		return made(&m.Refused)
	}
	return nil
}

// made has a member be there.
func made[T any](member **T) *T {
	*member = new(T)
	return *member
}

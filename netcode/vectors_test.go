package netcode

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

const handshakeVectors = "../testdata/vectors/netcode-handshake.json"

// A handshakeVector is one connection of ours in bytes: everything that goes
// into it, every key that comes of it, and every kind of packet.
type handshakeVector struct {
	Name string `json:"name"`

	Token             hexBytes `json:"token"`
	PadItems          hexBytes `json:"padItems"`
	ClientPrivate     hexBytes `json:"clientPrivate"` // of the shares, with forward secrecy
	ServerPrivate     hexBytes `json:"serverPrivate"`
	Agreed            hexBytes `json:"agreed"`
	ClientShare       hexBytes `json:"clientShare"`
	ServerShare       hexBytes `json:"serverShare"`
	ConnectionID      hexBytes `json:"connectionId"`
	ClientID          hexBytes `json:"clientId"` // of the wire
	ChallengeSequence string   `json:"challengeSequence"`
	ChallengeToken    hexBytes `json:"challengeToken"`
	ClientHello       hexBytes `json:"clientHello"`
	ServerHello       hexBytes `json:"serverHello"`
	ClientIndex       uint32   `json:"clientIndex"`
	MaxClients        uint32   `json:"maxClients"`
	Source            hexBytes `json:"source"`

	Keys struct {
		Secret             hexBytes `json:"secret"`
		Offer              hexBytes `json:"offer"`
		Accept             hexBytes `json:"accept"`
		Reason             hexBytes `json:"reason"`
		ToServerSecret     hexBytes `json:"toServerSecret"`
		ToServerKey        hexBytes `json:"toServerKey"`
		ToServerIV         hexBytes `json:"toServerIV"`
		ToClientSecret     hexBytes `json:"toClientSecret"`
		ToClientKey        hexBytes `json:"toClientKey"`
		ToClientIV         hexBytes `json:"toClientIV"`
		ToServerNextSecret hexBytes `json:"toServerNextSecret"`
		ToClientNextSecret hexBytes `json:"toClientNextSecret"`
	} `json:"keys"`

	Offer         hexBytes `json:"offer"`
	Accept        hexBytes `json:"accept"`
	ReasonRequest hexBytes `json:"reasonToRequest"`
	ReasonOffer   hexBytes `json:"reasonToOffer"`
	Refusal       struct {
		Code       uint8    `json:"code"`
		RetryAfter uint16   `json:"retryAfter"`
		Text       string   `json:"text"`
		Rows       hexBytes `json:"rows"`
	} `json:"refusal"`
	Data []dataVector `json:"data"`
	Gone hexBytes     `json:"gone"` // answers the first of data
}

type dataVector struct {
	ToServer    bool     `json:"toServer"`
	Epoch       int      `json:"epoch"`
	Path        uint8    `json:"path"`
	Number      string   `json:"number"`
	NumberBytes int      `json:"numberBytes"`
	Frames      hexBytes `json:"frames"`
	Packet      hexBytes `json:"packet"`
}

type handshakeFile struct {
	About      string            `json:"about"`
	ProtocolID string            `json:"protocolId"`
	PrivateKey hexBytes          `json:"privateKey"`
	Handshakes []handshakeVector `json:"handshakes"`
	Resumes    []resumeVector    `json:"resumes"`
}

func run(b byte, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = b + byte(7*i)
	}
	return p
}

// makeHandshake builds a vector out of fixed inputs.
func makeHandshake(t *testing.T, name string, wire, items []byte) handshakeVector {
	w := newWorld(t, nil)
	random := newSeeded(uint64(len(name)))
	token := w.mint(7, func(c *MintConfig) { c.Random = random })
	rewritePad(token, items, items)
	v := handshakeVector{
		Name: name, Token: token.Append(nil), PadItems: items,
		ClientShare: run(1, 32), ServerShare: run(2, 32), ConnectionID: []byte{3, 0x12, 0x34, 0x50}, ClientID: wire,
		ChallengeSequence: "72623859790382856", ChallengeToken: run(5, 300),
		ClientHello: []byte("client hello"), ServerHello: []byte("server hello"), ClientIndex: 11, MaxClients: 64,
	}
	src := SourceFrom(otherAddr)
	v.Source = src[:]
	v.exchange(t, &token.Pad)
	v.Refusal.Code, v.Refusal.RetryAfter, v.Refusal.Text, v.Refusal.Rows = uint8(CodeMismatch), 300, "channels differ: grün", run(6, 24)

	k := newHandshakeKeys(token.keys(), testProtocol)
	id := wireID{n: uint8(len(wire))}
	copy(id.b[:], wire)
	o := offer{sequence: 72623859790382856, version: 1, share: [32]byte(v.ClientShare), wireID: id, padItems: items, challenge: v.ChallengeToken, hello: v.ClientHello}
	v.Offer, _ = o.append(random, k, nil)
	a := accept{connectionID: [4]byte(v.ConnectionID), share: [32]byte(v.ServerShare), padItems: items, index: 11, max: 64, source: src, hello: v.ServerHello}
	v.Accept, _ = a.append(random, k, nil, id, &o.share)
	refusal := Refusal{Code: CodeMismatch, RetryAfter: 300, Text: v.Refusal.Text, Rows: v.Refusal.Rows}
	v.ReasonRequest, _ = appendReason(random, k, nil, refusal, wireID{}, echo{}, 1078)
	v.ReasonOffer, _ = appendReason(random, k, nil, refusal, id, echo(o.share[:8]), len(v.Offer))
	v.addKeys(k, id, token)
	v.addData(t, id, &token.Pad)
	return v
}

// exchange replaces the shares by public values if the pad asks for them.
func (v *handshakeVector) exchange(t *testing.T, pad *Pad) {
	if !pad.ForwardSecrecy {
		return
	}
	v.ClientPrivate, v.ServerPrivate = run(11, 32), run(12, 32)
	client, private, _ := newShare(bytes.NewReader(v.ClientPrivate), pad)
	server, _, ok := newShare(bytes.NewReader(v.ServerPrivate), pad)
	if !ok {
		t.Fatal("no shares")
	}
	v.ClientShare, v.ServerShare = client[:], server[:]
	if v.Agreed, ok = agree(private, &server); !ok {
		t.Fatal("no secret")
	}
}

func (v *handshakeVector) addKeys(k *handshakeKeys, id wireID, token *Token) {
	pid := string(binary.LittleEndian.AppendUint64(nil, testProtocol))
	v.Keys.Secret = k.secret()
	v.Keys.Offer = expand(k.secret(), "tickwire 1 offer"+pid, 32)
	v.Keys.Accept = expand(k.secret(), "tickwire 1 accept"+pid, 32)
	v.Keys.Reason = expand(k.secret(), "tickwire 1 reason"+pid, 32)
	x := trafficContext{protocolID: testProtocol, pad: token.Pad, connectionID: [4]byte(v.ConnectionID), wireID: id}
	s := k.connectionSecret((*[32]byte)(v.ClientShare), (*[32]byte)(v.ServerShare), v.Agreed)
	up, down, _ := x.trafficSecrets(s)
	v.Keys.ToServerSecret, v.Keys.ToClientSecret = up, down
	v.Keys.ToServerKey, v.Keys.ToServerIV = expand(up, "tickwire 1 key", 32), expand(up, "tickwire 1 iv", 12)
	v.Keys.ToClientKey, v.Keys.ToClientIV = expand(down, "tickwire 1 key", 32), expand(down, "tickwire 1 iv", 12)
	v.Keys.ToServerNextSecret, v.Keys.ToClientNextSecret = expand(up, "tickwire 1 next", 32), expand(down, "tickwire 1 next", 32)
}

func (v *handshakeVector) addData(t *testing.T, id wireID, pad *Pad) {
	toServer := newSealer(newEpoch(v.Keys.ToServerSecret, pad.Suite, pad.TagBytes), v.ConnectionID, 3, 0)
	toClient := newSealer(newEpoch(v.Keys.ToClientSecret, pad.Suite, pad.TagBytes), id.bytes(), 0, 0)
	for _, d := range []struct {
		up     bool
		epoch  uint64
		path   uint8
		number string
		bytes  int
		frames []byte
	}{
		{true, 0, 0, "0", 2, []byte{1}},
		{false, 0, 0, "0", 2, []byte{}},
		{true, 0, 5, "65535", 2, run(9, 100)},
		{false, 0, 7, "65536", 3, run(8, 1000)},
		{true, 0, 1, "4294967296", 4, []byte{1, 0, 0}},
		{true, 1, 0, "4294967297", 4, []byte{1}},
		{true, 2, 0, "4294967298", 2, run(7, 20)},
		{false, 1, 0, "18446744073709551614", 4, []byte{1}},
		{false, 2, 0, "18446744073709551615", 4, []byte{1}},
	} {
		s := &toClient
		if d.up {
			s = &toServer
		}
		for s.epochs < d.epoch {
			s.epoch, s.epochs = s.epoch.next(), s.epochs+1
		}
		n := number(t, d.number)
		b := s.AppendHeader(nil, d.path, n, d.bytes)
		head := len(b)
		b = s.Seal(0, append(b, d.frames...), 0, head, d.path, n)
		v.Data = append(v.Data, dataVector{d.up, int(d.epoch), d.path, d.number, d.bytes, d.frames, b})
	}
	v.Gone = appendGone(nil, v.Data[0].Packet)
}

// TestHandshakeVectors: what every implementation of our dialect must read and
// write, down to the byte.
func TestHandshakeVectors(t *testing.T) {
	k := testKey()
	file := handshakeFile{
		About:      "Handshakes and DATA packets of the tickwire dialect, made by netcode's tests (-update). Nonces are in the packets.",
		ProtocolID: "1234605616436508552",
		PrivateKey: k.Append(nil),
		Handshakes: []handshakeVector{
			makeHandshake(t, "no client id, empty pad", nil, nil),
			makeHandshake(t, "client id of two bytes, items in the pad", []byte{0xa0, 0x17}, []byte{0x81, 2, 1, 16, 0x11, 1, 9}),
			makeHandshake(t, "client id of four bytes", []byte{0x08, 1, 2, 3}, nil),
			makeHandshake(t, "AES-256-GCM", nil, []byte{0x81, 2, 2, 16}),
			makeHandshake(t, "signed only, tags of 8 bytes, client id", []byte{0x18}, []byte{0x81, 2, 3, 8}),
			makeHandshake(t, "signed only, tags of 32 bytes", nil, []byte{0x81, 2, 3, 32}),
			makeHandshake(t, "forward secrecy", nil, []byte{0x82, 0}),
			makeHandshake(t, "forward secrecy, AES-256-GCM", nil, []byte{0x82, 0, 0x81, 2, 2, 16}),
		},
	}
	for _, r := range []struct {
		name  string
		of    int
		wire  []byte
		flags uint8
	}{
		{"resume", 0, nil, 0},
		{"resume and continue, client id", 4, []byte{0x28, 7}, flagContinue},
		{"resume with forward secrecy, AES-256-GCM", 7, nil, 0},
	} {
		file.Resumes = append(file.Resumes, makeResume(t, r.name, r.of, &file.Handshakes[r.of], r.wire, r.flags))
	}
	want, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(handshakeVectors, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(handshakeVectors)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("the bytes on the wire have changed; if that is wanted, run the tests with -update and say so in SPEC.md")
	}
	for _, v := range file.Handshakes {
		t.Run(v.Name, func(t *testing.T) { readHandshake(t, &v) })
	}
	for _, v := range file.Resumes {
		t.Run(v.Name, func(t *testing.T) { readResume(t, &v) })
	}
}

// readHandshake opens every packet of a vector with nothing but its token and
// shares.
func readHandshake(t *testing.T, v *handshakeVector) {
	token, err := ParseToken(v.Token)
	if err != nil {
		t.Fatal(err)
	}
	k := newHandshakeKeys(token.keys(), testProtocol)
	var o offer
	if drop := o.open(k, v.Offer.clone()); drop != DropNone {
		t.Fatal("OFFER: ", drop)
	}
	if !bytes.Equal(o.share[:], v.ClientShare) || !bytes.Equal(o.hello, v.ClientHello) || !bytes.Equal(o.padItems, v.PadItems) ||
		!bytes.Equal(o.wireID.bytes(), v.ClientID) || !bytes.Equal(o.challenge, v.ChallengeToken) || o.version != 1 {
		t.Fatalf("OFFER %+v", o)
	}
	var a accept
	if drop := a.open(k, v.Accept.clone(), o.wireID, &o.share); drop != DropNone {
		t.Fatal("ACCEPT: ", drop)
	}
	if !bytes.Equal(a.share[:], v.ServerShare) || !bytes.Equal(a.hello, v.ServerHello) || a.index != v.ClientIndex || a.max != v.MaxClients ||
		!bytes.Equal(a.source[:], v.Source) || !bytes.Equal(a.connectionID[:], v.ConnectionID) {
		t.Fatalf("ACCEPT %+v", a)
	}
	for _, b := range []hexBytes{v.ReasonRequest, v.ReasonOffer} {
		id, want := o.wireID, echo(o.share[:8])
		if &b[0] == &v.ReasonRequest[0] {
			id, want = wireID{}, echo{}
		}
		r, e, drop := openReason(k, b.clone(), id)
		if drop != DropNone || e != want || r.Text != v.Refusal.Text || r.RetryAfter != v.Refusal.RetryAfter || !bytes.Equal(r.Rows, v.Refusal.Rows) {
			t.Fatalf("REASON %+v, %v", r, drop)
		}
	}
	v.readData(t, &token.Pad, len(v.ClientID))
}

func (v *handshakeVector) readData(t *testing.T, pad *Pad, clientID int) {
	for i, d := range v.Data {
		secret, idLen := v.Keys.ToClientSecret, clientID
		if d.ToServer {
			secret, idLen = v.Keys.ToServerSecret, connectionIDBytes
		}
		in := newOpener(newEpoch(secret, pad.Suite, pad.TagBytes))
		for range d.Epoch {
			in.begin(0)
		}
		in.paths[d.Path] = newInbound()
		if n := number(t, d.Number); n > 0 {
			in.paths[d.Path].mark(n-1, in.epochs+1) // so that the number is rebuilt from its few bytes
		}
		n, frames, drop := in.open(second, d.Packet.clone(), idLen, d.Path)
		if drop != DropNone || n != number(t, d.Number) || !bytes.Equal(frames, d.Frames) {
			t.Fatalf("DATA %d: number %d, %x, %v", i, n, frames, drop)
		}
	}
}

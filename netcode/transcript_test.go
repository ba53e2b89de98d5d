package netcode

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/netip"
	"os"
	"strconv"
	"testing"
)

// A transcript is what an independent implementation of netcode 1.02
// (interop/transcript.mjs) made out of fixed inputs.
type transcript struct {
	ProtocolID                                               string
	PrivateKey, ClientToServer, ServerToClient, ChallengeKey hexBytes
	Tokens                                                   []struct {
		Name, ClientID, Created, Expires         string
		Timeout                                  int32
		Addresses                                []string
		UserData, Nonce, Private, Token, Request hexBytes
	}
	Challenges []struct {
		ClientID, Sequence string
		UserData, Token    hexBytes
	}
	Packets []struct {
		Name              string
		Type              uint8
		Sequence          string
		Key, Body, Packet hexBytes
	}
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

func (h hexBytes) clone() []byte { return bytes.Clone(h) }

func readTranscript(t *testing.T) (tr transcript) {
	t.Helper()
	b, err := os.ReadFile("../testdata/vectors/netcode-standard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	if len(tr.Tokens) < 4 || len(tr.Challenges) < 3 || len(tr.Packets) < 11 {
		t.Fatalf("the transcript has %d tokens, %d challenges, %d packets", len(tr.Tokens), len(tr.Challenges), len(tr.Packets))
	}
	return tr
}

func number(t *testing.T, text string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTranscriptTokens(t *testing.T) {
	tr := readTranscript(t)
	protocol := number(t, tr.ProtocolID)
	for _, v := range tr.Tokens {
		t.Run(v.Name, func(t *testing.T) {
			token, err := ParseToken(v.Token)
			if err != nil {
				t.Fatal(err)
			}
			if token.ProtocolID != protocol || token.Created != number(t, v.Created) || token.Expires != number(t, v.Expires) ||
				token.TimeoutSeconds != v.Timeout || !bytes.Equal(token.nonce[:], v.Nonce) || token.Pad.Present {
				t.Fatalf("read %+v", token)
			}
			if !bytes.Equal(token.keys().clientToServer[:], tr.ClientToServer) || !bytes.Equal(token.keys().serverToClient[:], tr.ServerToClient) {
				t.Fatal("other keys")
			}
			for i, a := range v.Addresses {
				if token.Addresses[i] != netip.MustParseAddrPort(a) {
					t.Fatalf("address %d is %v, want %s", i, token.Addresses[i], a)
				}
			}
			if again := token.Append(nil); !bytes.Equal(again, v.Token) {
				t.Fatal("does not marshal to the same bytes")
			}
			c := Client{token: token}
			if !bytes.Equal(c.appendRequest(nil), v.Request) {
				t.Fatal("other request")
			}

			plain, err := xchacha((*rawKey)(tr.PrivateKey)).Open(nil, v.Nonce, token.private[:], tokenAD(protocol, token.Expires))
			if err != nil || !bytes.Equal(plain, v.Private) {
				t.Fatal("the private part does not open to the same bytes", err)
			}
			var p privateToken
			if drop := p.read(plain); drop != DropNone {
				t.Fatal(drop)
			}
			if p.clientID != number(t, v.ClientID) || p.timeoutSeconds != v.Timeout || !bytes.HasPrefix(p.userData[:], v.UserData) {
				t.Fatalf("private part %+v", p)
			}
			if !bytes.Equal(p.append(nil), v.Private) {
				t.Fatal("the private part does not marshal to the same bytes")
			}
		})
	}
}

// TestTranscriptMint makes the very token that the other implementation made:
// nonce and keys are all the randomness that goes into one.
func TestTranscriptMint(t *testing.T) {
	tr := readTranscript(t)
	v := tr.Tokens[0]
	created := number(t, v.Created)
	token, err := Mint(wall(int64(created)), MintConfig{
		ProtocolID: number(t, tr.ProtocolID),
		Key:        KeyFrom([KeyBytes]byte(tr.PrivateKey)),
		ClientID:   number(t, v.ClientID),
		UserData:   v.UserData,
		Addresses:  []netip.AddrPort{netip.MustParseAddrPort(v.Addresses[0])},
		Timeout:    15e9,
		Plain:      true,
		Random:     bytes.NewReader(bytes.Join([][]byte{v.Nonce, tr.ClientToServer, tr.ServerToClient}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(token.Append(nil), v.Token) {
		t.Fatal("minted another token out of the same inputs")
	}
}

func TestTranscriptChallenges(t *testing.T) {
	tr := readTranscript(t)
	key := challengeKey{aead: chacha((*rawKey)(tr.ChallengeKey))}
	for _, v := range tr.Challenges {
		e := &tokenEntry{clientID: number(t, v.ClientID), usableToken: &usableToken{userData: keptData(v.UserData)}}
		sequence := number(t, v.Sequence)
		if got := key.append(nil, sequence, e, Source{}); !bytes.Equal(got, v.Token) {
			t.Fatalf("challenge %d: sealed to other bytes", sequence)
		}
		c, ok := key.open(v.Token.clone(), sequence)
		if !ok || c.clientID != e.clientID || c.source != (Source{}) {
			t.Fatalf("challenge %d: opened to %+v, %v", sequence, c, ok)
		}
	}
}

func TestTranscriptPackets(t *testing.T) {
	tr := readTranscript(t)
	protocol := number(t, tr.ProtocolID)
	for _, v := range tr.Packets {
		t.Run(v.Name, func(t *testing.T) {
			k := newPacketKey((*rawKey)(v.Key), protocol)
			sequence := number(t, v.Sequence)
			if got := k.append(nil, packetKind(v.Type), sequence, v.Body); !bytes.Equal(got, v.Packet) {
				t.Fatalf("sealed to\n%x, want\n%x", got, v.Packet)
			}
			b := v.Packet.clone()
			h, drop := readStandardHeader(b, ^roleMask(0))
			if sequence == math.MaxUint64 {
				if drop != DropSequenceBytes {
					t.Fatalf("the largest sequence was read: %+v, %v", h, drop)
				}
				return
			}
			if drop != DropNone || uint8(h.kind) != v.Type || h.sequence != sequence {
				t.Fatalf("header %+v, %v", h, drop)
			}
			body, ok := k.open(b, h)
			if !ok || !bytes.Equal(body, v.Body) || !h.kind.bodySizeOK(len(body)) {
				t.Fatalf("opened to %x, %v", body, ok)
			}
		})
	}
}

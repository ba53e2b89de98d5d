package netcode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// secondReading runs testdata/decoder/handshake.py, which was written from SPEC.md and
// shares nothing with this package, not even the ciphers.
func secondReading(t *testing.T, vectors string) (said string, err error) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatalf("%v: this test needs Python 3 without further packages; make test installs it", err)
	}
	out, err := exec.Command(python, "-B", "../testdata/decoder/handshake.py", vectors).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func handshakeVectorFile(t *testing.T) (file handshakeFile) {
	t.Helper()
	b, err := os.ReadFile(handshakeVectors)
	if err == nil {
		err = json.Unmarshal(b, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestIndependentHandshake has every key of the vectors derived and every
// packet opened, and sealed again, by an implementation in another language.
func TestIndependentHandshake(t *testing.T) {
	packets, file := 0, handshakeVectorFile(t)
	for _, v := range file.Handshakes {
		packets += len(v.Data) + 5 // OFFER, ACCEPT, two REASONs, GONE
	}
	for _, v := range file.Resumes {
		packets += len(v.Data) + 6 // RESUME twice, RETRY, ACCEPT, REASON, GONE
	}
	want := fmt.Sprintf("agree: %d handshakes, %d resumed, %d packets", len(file.Handshakes), len(file.Resumes), packets)
	if said, err := secondReading(t, handshakeVectors); err != nil || said != want {
		t.Fatalf("handshake.py: %v, says\n%s\nwant %q", err, said, want)
	}
}

// TestIndependentHandshakeCanFail damages one thing of a vector at a time.
func TestIndependentHandshakeCanFail(t *testing.T) {
	flip := func(b *hexBytes, at int) {
		*b = bytes.Clone(*b)
		(*b)[(at+len(*b))%len(*b)] ^= 0x40
	}
	const usual, gcm, signed, exchange = 1, 3, 4, 6 // of the vectors
	for _, c := range []struct {
		says   string
		of     int
		damage func(v *handshakeVector)
	}{
		{"keys of the private token", usual, func(v *handshakeVector) { flip(&v.Token, 1097+32) }},
		{"pads", usual, func(v *handshakeVector) { flip(&v.Token, 1984+6) }},
		{"key secret", usual, func(v *handshakeVector) { flip(&v.Keys.Secret, 5) }},
		{"key toServerSecret", usual, func(v *handshakeVector) { flip(&v.ServerShare, 9) }},
		{"OFFER: does not open", usual, func(v *handshakeVector) { flip(&v.Offer, -1) }},
		{"ACCEPT: is", usual, func(v *handshakeVector) { v.MaxClients++ }},
		{"REASON to a request: is", usual, func(v *handshakeVector) { v.Refusal.RetryAfter++ }},
		{"DATA 0 of path 0: does not open", usual, func(v *handshakeVector) { flip(&v.Data[0].Packet, -1) }},
		{"number of DATA 1 of path 0", usual, func(v *handshakeVector) { v.Data[0].Number = "1" }},
		{"prefix of DATA 0 of path 0", usual, func(v *handshakeVector) { v.Data[0].NumberBytes = 4 }},
		{"GONE", usual, func(v *handshakeVector) { flip(&v.Gone, 3) }},
		{"key toServerSecret", gcm, func(v *handshakeVector) { v.ConnectionID[0] ^= 1 }},
		{"DATA 65535 of path 5: does not open", gcm, func(v *handshakeVector) { flip(&v.Data[2].Packet, 30) }},
		{"DATA 4294967298 of path 0: does not open", gcm, func(v *handshakeVector) { flip(&v.Data[6].Packet, -1) }},
		{"prefix of DATA 4294967297", gcm, func(v *handshakeVector) { v.Data[5].Epoch = 2 }},
		{"DATA 4294967298 of path 0: does not open", gcm, func(v *handshakeVector) { v.Data[6].Epoch = 0 }},
		{"DATA 65535 of path 5: does not open", signed, func(v *handshakeVector) { flip(&v.Data[2].Packet, 30) }},
		{"frames of DATA 65535", signed, func(v *handshakeVector) { flip(&v.Data[2].Frames, 30) }},
		{"client share", exchange, func(v *handshakeVector) { flip(&v.ClientShare, 3) }},
		{"server share", exchange, func(v *handshakeVector) { flip(&v.ServerPrivate, 3) }},
		{"agreed", exchange, func(v *handshakeVector) { flip(&v.Agreed, 3) }},
	} {
		file := handshakeVectorFile(t)
		file.Handshakes, file.Resumes = file.Handshakes[c.of:c.of+1], []resumeVector{}
		c.damage(&file.Handshakes[0])
		mustFail(t, &file, c.says)
	}
	for says, damage := range map[string]func(v *resumeVector){
		"resumption":                      func(v *resumeVector) { flip(&v.Resumption, 3) },
		"ticket key":                      func(v *resumeVector) { flip(&v.TicketKey, 3) },
		"ticket: does not open":           func(v *resumeVector) { flip(&v.Ticket, -1) },
		"lifetime of the ticket":          func(v *resumeVector) { v.Content.Lifetime++ },
		"ticket: is":                      func(v *resumeVector) { flip(&v.Content.UserData, 3) },
		"key secret":                      func(v *resumeVector) { flip(&v.Keys.Secret, 3) },
		"the first RESUME: does not open": func(v *resumeVector) { flip(&v.First, -1) },
		"the first RESUME: is":            func(v *resumeVector) { v.Attempt = "6" },
		"RETRY: does not open":            func(v *resumeVector) { flip(&v.Retry, -1) },
		"RETRY: is":                       func(v *resumeVector) { flip(&v.Cookie, 3) },
		"REASON to RESUME: is":            func(v *resumeVector) { v.Refusal.Code++ },
	} {
		file := handshakeVectorFile(t)
		file.Handshakes, file.Resumes = file.Handshakes[:1], file.Resumes[:1]
		damage(&file.Resumes[0])
		mustFail(t, &file, says)
	}
}

// mustFail has vectors read that are damaged.
func mustFail(t *testing.T, file *handshakeFile, says string) {
	t.Helper()
	b, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "damaged.json")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := secondReading(t, name); err == nil || !strings.HasPrefix(said, says) {
		t.Errorf("handshake.py says %.200q (%v) of a vector that is damaged, want %q", said, err, says)
	}
}

package swarm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
)

// A reading is what the decoder says that was written from SPEC.md, without any code of the
// library, of a dump.
type reading struct {
	Worlds  int            `json:"worlds"`
	Packets map[string]int `json:"packets"`
	Frames  map[string]int `json:"frames"`
	Broken  map[string]int `json:"broken"`
}

// read has the decoder read a dump. What is broken comes with examples, for people.
func read(t *testing.T, dump []byte) (r reading, examples string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatalf("%v: this test needs Python 3 without further packages; make test installs it", err)
	}
	name := filepath.Join(t.TempDir(), "dump.jsonl")
	if err := os.WriteFile(name, dump, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-B", "../../testdata/decoder/played.py", name)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if json.Unmarshal([]byte(lines[len(lines)-1]), &r) != nil || failed.Len() > 0 {
		t.Fatalf("played.py: %v\n%s%s", err, out, failed.Bytes())
	}
	return r, strings.Join(lines[:len(lines)-1], "\n")
}

// signedOnly has packets signed only, which a decoder without packages reads fast.
func signedOnly(s Scenario) Scenario {
	s.Seal.Suite, s.Seal.TagBytes = netcode.SuiteSignedOnly, netcode.MinTagBytes
	return s
}

// TestSwarmSpec has all that goes over the wire in some scenarios read by the decoder: it explains
// every byte from SPEC.md, and checks what a trace of both directions shows of the rules there.
func TestSwarmSpec(t *testing.T) {
	var dump bytes.Buffer
	o := quiet()
	o.Dump = &dump
	for _, seed := range []uint64{1, 5, 7, 12, 15, 19} {
		s := Generate(seed)
		if seed != 12 {
			s = signedOnly(s)
		}
		if _, err := Run(s, NoFault, o); err != nil {
			t.Fatal(err)
		}
	}
	r, examples := read(t, dump.Bytes())
	if len(r.Broken) > 0 {
		t.Errorf("%v\n%s", r.Broken, examples)
	}
	for _, name := range []string{
		"PADDING", "PING", "SKIP", "WINDOW", "BLOCKED", "STORED", "REPAIR", "PATH_CHALLENGE", "PATH_RESPONSE", "PATH_STATUS",
		"HOLD", "CLOSE", "CLOSE_ACK", "DRAINING", "REBUILT", "ACK", "ACK clock", "ACK ecn", "ACK ranges", "FRAGMENT",
		"FRAGMENT first", "FRAGMENT stored", "RUN long", "RUN ids", "RUN no ids",
	} {
		if r.Frames[name] == 0 {
			t.Errorf("no %s in %d worlds", name, r.Worlds)
		}
	}
	for _, name := range []string{
		"request", "challenge", "OFFER", "ACCEPT", "REASON", "RESUME", "RETRY", "DATA", "GONE", "message ticket",
		"by udp", "by websocket", "by webrtc", "by webtransport",
	} {
		if r.Packets[name] == 0 {
			t.Errorf("no %s in %d worlds", name, r.Worlds)
		}
	}
	t.Logf("%v\n%v", r.Packets, r.Frames)
}

// TestSwarmSpecCanFail leaves lines out of a dump, and says of others that they went another way: what was
// good is broken then.
func TestSwarmSpecCanFail(t *testing.T) {
	var dump bytes.Buffer
	o := quiet()
	o.Dump = &dump
	link := simnet.LinkConfig{Delay: 20 * time.Millisecond}
	if _, err := Soak(SoakConfig{Clients: 1, For: 3 * time.Second, Link: link, Seed: 1, Options: o}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, breaks string }{
		{`{"k":"r","t":1`, "6.1: an ACK of what did not come"},
		{`{"k":"s","t":1`, "6.9: a sum of what did not go whole"},
		{`{"k":"channel","id":3`, "6.4: digest"},
	} {
		if r, _ := read(t, without(dump.Bytes(), c.line)); r.Broken[c.breaks] == 0 {
			t.Errorf("without a line %s… there is no %q: %v", c.line, c.breaks, r.Broken)
		}
	}
	for _, c := range []struct{ is, said, breaks string }{
		{`"way":"udp"`, `"way":"webrtc"`, "12: more than an association carries"},
		{`"stream":false`, `"stream":true`, "7.18: a size is tried on a reliable transport"},
		{`"stream":false`, `"stream":true`, "7.19: a mark on a reliable transport"},
	} {
		said := bytes.ReplaceAll(dump.Bytes(), []byte(c.is), []byte(c.said))
		if r, _ := read(t, said); r.Broken[c.breaks] == 0 {
			t.Errorf("with %s for %s there is no %q: %v", c.said, c.is, c.breaks, r.Broken)
		}
	}
	if r, examples := read(t, dump.Bytes()); len(r.Broken) > 0 {
		t.Errorf("%v\n%s", r.Broken, examples)
	}
}

// without leaves out the fifth line that begins so, or the last one if there are fewer.
func without(dump []byte, begin string) []byte {
	var lines [][]byte
	out := -1
	for s, n := bufio.NewScanner(bytes.NewReader(dump)), 0; s.Scan() && len(s.Bytes()) > 0; {
		if lines = append(lines, bytes.Clone(s.Bytes())); n < 5 && bytes.HasPrefix(s.Bytes(), []byte(begin)) {
			n, out = n+1, len(lines)-1
		}
	}
	if out >= 0 {
		lines = append(lines[:out], lines[out+1:]...)
	}
	return bytes.Join(lines, []byte("\n"))
}

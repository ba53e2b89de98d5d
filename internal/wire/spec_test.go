package wire

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// rows returns the table rows below a heading of SPEC.md as their cells.
func rows(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	page, err := os.ReadFile("../../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n"+heading)
	if !found {
		t.Fatalf("SPEC.md has no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	for line := range strings.SplitSeq(section, "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows
}

// TestSpecFrames compares every type byte with the table of frames.
func TestSpecFrames(t *testing.T) {
	names := map[byte]string{}
	types := regexp.MustCompile(`^([0-9A-F]{2})(?:–([0-9A-F]{2}))?$`)
	for _, row := range rows(t, "## 6. Frames") {
		m := types.FindStringSubmatch(row[0])
		if m == nil {
			continue
		}
		first, _ := strconv.ParseUint(m[1], 16, 8)
		last := first
		if m[2] != "" {
			last, _ = strconv.ParseUint(m[2], 16, 8)
		}
		name, _, _ := strings.Cut(row[1], ",")
		name, _, _ = strings.Cut(name, " with")
		for kind := first; kind <= last; kind++ {
			names[byte(kind)] = name
		}
	}
	for kind := range 256 {
		got := ""
		if k, ok := kindOf(byte(kind)); ok {
			got = k.name
		}
		want := names[byte(kind)]
		if strings.Contains(want, "*reserved*") {
			want = ""
		}
		if got != want {
			t.Errorf("type %02X is %q here and %q in SPEC.md", kind, got, names[byte(kind)])
		}
	}
}

// TestSpecCodes compares the table of codes.
func TestSpecCodes(t *testing.T) {
	names := [...]string{
		CodeNone: "NONE", CodeProtocol: "PROTOCOL", CodeFlow: "FLOW", CodeVersion: "VERSION", CodeMismatch: "MISMATCH", CodeFull: "FULL",
		CodeBanned: "BANNED", CodeExpired: "EXPIRED", CodeTooEarly: "TOO_EARLY", CodeWrongAddress: "WRONG_ADDRESS", CodeReplaced: "REPLACED",
		CodeGoingAway: "GOING_AWAY", CodePad: "PAD", CodeSuite: "SUITE", CodeTooFast: "TOO_FAST", CodeRefused: "REFUSED", CodeUsed: "USED",
		CodeInternal: "INTERNAL", CodeConnected: "CONNECTED", CodeTooLong: "TOO_LONG",
	}
	said := 0
	for _, row := range rows(t, "### 6.5") {
		code, err := strconv.ParseUint(row[0], 10, 32)
		if err != nil {
			continue
		}
		said++
		if code >= uint64(len(names)) || names[code] != row[1] {
			t.Errorf("code %d is %s in SPEC.md only", code, row[1])
		}
	}
	if said != len(names) {
		t.Errorf("SPEC.md has %d codes, want %d", said, len(names))
	}
	for code := Code(len(names)); code < CodeTimeout; code++ {
		if !strings.HasPrefix(code.String(), "code ") {
			t.Errorf("code %d has a name but no row in SPEC.md", code)
		}
	}
}

// TestSpecCosts: what SPEC.md, 6, says that things cost.
func TestSpecCosts(t *testing.T) {
	hello := Hello{MinVersion: 1, MaxVersion: 1, LargestDatagram: 1200, DefaultWindow: 64 << 10}
	full := Hello{MinVersion: 1, MaxVersion: 1, LargestDatagram: 1200, DefaultWindow: 1<<31 - 1, Capabilities: 1<<64 - 1}
	for i := range MaxHelloWindows {
		full.Windows = append(full.Windows, Window{uint16(MaxChannel - i), 1<<31 - 1})
	}
	one := []AckRange{{0, 0}}
	run := func(r Run, lengths ...int) (b []byte) {
		r.Count = len(lengths)
		b = AppendRun(nil, &r)
		payload := 0
		for _, n := range lengths {
			b = AppendBytes(b, make([]byte, n))
			payload += n
		}
		return b[payload:] // what is not payload
	}
	for _, c := range []struct {
		name string
		b    []byte
		want int
	}{
		{"HELLO with the usual windows", AppendHello(nil, &hello), 36},
		{"ACK", AppendAck(nil, &Ack{Ranges: one}), 5},
		{"ACK with the clock", AppendAck(nil, &Ack{HasClock: true, Ranges: one}), 8},
		{"first message with an id", run(Run{Channel: 127, HasIDs: true}, 127), 5},
		{"two with ids", run(Run{Channel: 127, HasIDs: true}, 127, 127), 6},
		{"first message without an id", run(Run{Channel: 127}, 127), 3},
		{"two without ids", run(Run{Channel: 127}, 127, 127), 4},
		{"first keyed message but for its key", run(Run{Channel: 127, HasIDs: true, Options: OptionKeyed}, 127), 7},
		{"first of a group", run(Run{Channel: 127, HasIDs: true, Options: OptionGroup}, 127), 8},
		{"first droppable", run(Run{Channel: 127, HasIDs: true, Options: OptionDroppable}, 127), 8},
		{"a longer one on a higher channel", run(Run{Channel: 128, HasIDs: true}, 128), 7},
		{"row", AppendChannelRow(nil, ChannelRow{}), ChannelRowSize},
	} {
		if len(c.b) != c.want {
			t.Errorf("%s costs %d bytes, want %d", c.name, len(c.b), c.want)
		}
	}
	if n := len(AppendHello(nil, &full)); n > MaxHelloBytes {
		t.Errorf("the largest HELLO has %d bytes, at most %d fit a handshake", n, MaxHelloBytes)
	}
}

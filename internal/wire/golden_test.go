package wire

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

const vectorDir = "../../testdata/vectors"

// A section is a named list of a vector file.
type section struct {
	name string
	rows []string
}

func sectionOf[T any](name string, list []T) section {
	s := section{name: name}
	for _, v := range list {
		s.rows = append(s.rows, jsonOf(v))
	}
	return s
}

// document is JSON with one vector a line, so that a change of one is a change
// of one line.
func document(sections ...section) []byte {
	var out bytes.Buffer
	for i, s := range sections {
		fmt.Fprintf(&out, "%s\n%s: [\n  %s\n]", []string{"{", ",\n"}[min(i, 1)], jsonOf(s.name), strings.Join(s.rows, ",\n  "))
	}
	out.WriteString("\n}\n")
	return out.Bytes()
}

func framesDocument(t testing.TB) []byte {
	return document(
		sectionOf("about", []string{
			"Golden vectors of the frames of SPEC.md, 6. Written by: go test ./internal/wire -update",
			"bytes and messages are hex. Integers that may exceed 2^53 are decimal strings, text is UTF-8.",
			"frames: bytes is a packet of this one frame. A reader gets fields from bytes, a writer bytes from fields.",
			"Where reader_only is set, other bytes with the same fields are what this library writes, or the fields leave something out.",
			"packets: the frames of a packet in their order.",
			"malformed: packets that close the connection with PROTOCOL, though authentic, each for one reason.",
			"ACK: largest is the low 16 bits (32 if wide); ranges are distances below it, [newest, oldest], in descending order of numbers.",
			"RUN: first is the low 16 bits (32 if wide) of the first id; without it, the messages have no ids.",
			"options: their bits; back is there with 2, index with 4. keys has one for each message of a RUN, key is that of a FRAGMENT.",
			"FRAGMENT: to_end means that the bytes go to the end of the packet; total is there at offset 0 only.",
			"REPAIR and REBUILT: newest is the low 16 bits of an id; bit i of mask stands for the id i below it.",
			"sums: the bytes of a REPAIR and the messages in it, the newest first; newest is the whole id.",
			"control: messages of channel 0; of each token the first 8 bytes are told, the rest is zero; an ip is in network order.",
			"malformed_control: messages of channel 0 that close the connection with PROTOCOL.",
		}),
		sectionOf("frames", frameVectors(t)),
		sectionOf("packets", packetVectors()),
		sectionOf("malformed", malformed()),
		sectionOf("sums", sumVectors()),
		sectionOf("control", controlVectors()),
		sectionOf("malformed_control", malformedControl()),
	)
}

func numbersDocument() []byte {
	return document(
		sectionOf("about", []string{
			"Golden vectors of the numbers of SPEC.md, 0, 5 and 6.4. Written by: go test ./internal/wire -update",
			"Integers that may exceed 2^53 are decimal strings; bytes are hex.",
			"uvarints: LEB128 in its shortest form. refused_uvarints: bytes that do not start with one.",
			"lengths: the number of the packet next as 2 to 4 bytes, when acked_end is the largest acknowledged number + 1, or 0 before the first ack.",
			"rebuilds: low is the low bits of number, which is the nearest to expected.",
			"digests: the channel rows of HELLO, their bytes and the FNV-1a digest of these.",
			"forms: the texts of typed messages in a version, the bytes and the digest of them all, and the form rows of a refusal.",
		}),
		sectionOf("uvarints", uvarintVectors()),
		sectionOf("refused_uvarints", refusedUvarints()),
		sectionOf("lengths", lengthVectors()),
		sectionOf("rebuilds", rebuildVectors()),
		sectionOf("digests", digestVectors()),
		sectionOf("forms", formsVectors()),
	)
}

func TestGolden(t *testing.T) {
	for name, want := range map[string][]byte{"frames.json": framesDocument(t), "numbers.json": numbersDocument()} {
		path := filepath.Join(vectorDir, name)
		if *update {
			if err := os.MkdirAll(vectorDir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v: write it with go test ./internal/wire -update", err)
			continue
		}
		if line, is, should := firstDifference(got, want); line > 0 {
			t.Errorf("%s is stale, line %d:\n%s\nshould be\n%s\nIf the wire is meant to change, run go test ./internal/wire -update",
				name, line, is, should)
		}
	}
}

// firstDifference names the first line that differs, 0 if none does.
func firstDifference(a, b []byte) (line int, is, should string) {
	x := strings.Split(strings.ReplaceAll(string(a), "\r\n", "\n"), "\n") // a checkout may have changed the line ends
	y := strings.Split(string(b), "\n")
	for i := range max(len(x), len(y)) {
		is, should = "(nothing)", "(nothing)"
		if i < len(x) {
			is = x[i]
		}
		if i < len(y) {
			should = y[i]
		}
		if is != should {
			return i + 1, is, should
		}
	}
	return 0, "", ""
}

// TestIndependentDecoder has the vectors read by a decoder in another language
// that was written from SPEC.md and shares nothing with this package.
func TestIndependentDecoder(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatalf("%v: this test needs Python 3 without further packages; make test installs it", err)
	}
	out, err := exec.Command(python, "-B", "../../testdata/decoder/vectors.py", vectorDir).CombinedOutput()
	if err != nil {
		t.Fatalf("vectors.py: %v\n%s", err, out)
	}
	want := fmt.Sprintf("agree: %d frames, %d packets, %d malformed, %d sums, %d control, %d numbers", len(frameVectors(t)), len(packetVectors()),
		len(malformed()), len(sumVectors()), len(controlVectors())+len(malformedControl()), len(uvarintVectors())+len(refusedUvarints())+len(lengthVectors())+len(rebuildVectors())+len(digestVectors())+len(formsVectors()))
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("vectors.py says %q, want %q", got, want)
	}
}

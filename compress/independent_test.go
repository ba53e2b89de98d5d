package compress_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestIndependentDecoder has the vectors read by a decoder in another language, which was written from
// SPEC.md, 11, and shares nothing with this package or its library.
func TestIndependentDecoder(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatalf("%v: this test needs Python 3 without further packages; make test installs it", err)
	}
	out, err := exec.Command(python, "-B", "../testdata/decoder/compressed.py", vectorFile).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "agree: 21 opened") {
		t.Errorf("compressed.py: %v\n%s", err, out)
	}
}

package codec_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestIndependentCodec has the vectors read by a decoder in another language, which was written
// from SPEC.md, 10, and shares nothing with this package.
func TestIndependentCodec(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatalf("%v: this test needs Python 3 without further packages; make test installs it", err)
	}
	out, err := exec.Command(python, "-B", "../testdata/decoder/typed.py", vectorFile).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "agree: 7") {
		t.Errorf("typed.py: %v\n%s", err, out)
	}
}

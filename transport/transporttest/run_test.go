package transporttest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// links are those that TestRunOf gives to Run, and what Run says of them.
var links = map[string]struct {
	open  func(t *testing.T) Link
	want  string
	stops bool // nothing else is tried
}{
	"nothing": {
		func(*testing.T) Link { return Link{} },
		"Link.A is nil: want an open socket", true,
	},
	"no way": {
		func(t *testing.T) Link {
			l := sound(t)
			l.A = &slip{Socket: l.A, write: func(*slip, []transport.Datagram) (int, error) { return 0, errors.New("no carrier") }}
			return l
		},
		"A.Write of 1 datagrams = 0, no carrier", true,
	},
	"one slip": {
		func(t *testing.T) Link {
			l := sound(t)
			l.A = &slip{Socket: l.A, most: 508}
			return l
		},
		"A.MaxDatagram(Link.ToB) = 508", false,
	},
}

// sound is a Link that is as it should be.
func sound(t *testing.T) Link {
	a, b, err := mem.Pair()
	if err != nil {
		t.Fatal(err)
	}
	return Link{A: a, B: b, ToB: a.Peer(), ToA: b.Peer()}
}

// linkVariable has TestRunOf do its work, in a process of its own.
const linkVariable = "TRANSPORTTEST_LINK"

// TestRunOf runs what must fail, when TestRun asks for it.
func TestRunOf(t *testing.T) {
	if link, ok := links[os.Getenv(linkVariable)]; ok {
		Run(t, link.open)
	}
}

// TestRun: a mistake is a failure of its check, and Run goes on; one that makes the rest useless ends
// it there.
func TestRun(t *testing.T) {
	for name, link := range links {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestRunOf$", "-test.v")
		cmd.Env = append(os.Environ(), linkVariable+"="+name)
		out, err := cmd.CombinedOutput()
		var failed *exec.ExitError
		if !errors.As(err, &failed) {
			t.Errorf("%s: %v", name, err)
		}
		text := string(out)
		stops := strings.Contains(text, "mend this first: the 20 checks after RoundTrip were not run")
		if !strings.Contains(text, link.want) || stops != link.stops || strings.Contains(text, "/NoAllocations") == stops {
			t.Errorf("%s: it said\n%s", name, text)
		}
	}
}

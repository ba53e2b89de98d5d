package trial

import (
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/bench/play"
	"github.com/tickwire/tickwire/internal/workload"
)

// shell is a system whose two programs are scripts.
func shell(server, client string) System {
	return System{
		Name:   "shell",
		Server: func(Site, int) []string { return []string{"sh", "-c", server} },
		Client: func(Site, play.Part) []string { return []string{"sh", "-c", client} },
	}
}

// TestFailuresAreTold: a program that ends, that gives up, or that passes by the relay.
func TestFailuresAreTold(t *testing.T) {
	const ready, begun = `echo '{"Ready":true}'; cat`, `echo '{"Begin":1}'; echo '{"Sent":0}'; cat`
	const silent = `echo '{"Ready":true}'; cat; echo '{"Heard":{}}'`
	for _, c := range []struct{ server, client, want string }{
		{"echo boom >&2; exit 1", "", "shell: server: it ended: boom"},
		{`echo '{"Error":"no socket"}'; cat`, "", "shell: server: no socket"},
		{"echo nonsense; cat", "", "shell: server: what it tells is no line"},
		{ready, "exit 3", "shell: client: it ended"},
		{ready, `echo '{"Error":"refused"}'; cat`, "shell: client: refused"},
		{ready, begun, "shell: server: it ended"},
		{silent, begun, "0 clients passed the relay"},
	} {
		cell := workload.Cell{Workload: workload.Bulk, For: 100 * time.Millisecond}
		cell.Up.BitsPerSecond, cell.Down.BitsPerSecond = 1_000_000, 1_000_000
		_, err := Trial{shell(c.server, c.client), cell}.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s | %s: %v, want %q", c.server, c.client, err, c.want)
		}
	}
}

// TestOrderIsChecked: a system that says it is reliable gives each message once, and in order.
func TestOrderIsChecked(t *testing.T) {
	for _, due := range [][]int64{{1, 3, 2}, {1, 1}} {
		h := &play.Heard{Due: due, At: due}
		s := &stage{}
		if err := s.fill(&workload.Record{}, h, 0); err == nil || !strings.Contains(err.Error(), "came twice, or too late") {
			t.Errorf("%v: %v", due, err)
		}
		s.System.Unreliable = true
		rec := &workload.Record{}
		if err := s.fill(rec, h, 0); err != nil || len(rec.Latency) != len(due) {
			t.Errorf("%v of an unreliable one: %v", due, err)
		}
	}
}

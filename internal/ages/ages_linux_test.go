package ages

import (
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/internal/netns"
	"github.com/tickwire/tickwire/simnet"
)

var (
	length   = flag.Duration("for", 4*time.Second, "how long each seed is played")
	seeds    = flag.Int("seeds", 1, "how many are played")
	into     = flag.String("into", "", "page whose table between <!-- ages --> and <!-- /ages --> is written anew")
	pictures = flag.String("pictures", "", "folder for the pictures")
)

// lossy is the wire on which ages are compared: a round trip of 100 ms, and 5 % of the packets lost each way, each by itself.
var lossy = simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: 0.05}

// settling is how long the wire has lost packets before ages count.
const settling = 3 * time.Second

// A rival is one way for states to come to the page; all play at the same time, over the same wire.
type rival struct {
	name       string // in the page
	title      string
	transports string // of a player; "": it is a WebSocket without tickwire
	kind       string
	unreliable bool
}

var rivals = []rival{
	{"wt", "WebTransport", `["webtransport"]`, "webtransport", true},
	{"rtc", "WebRTC", `["webrtc"]`, "webrtc", true},
	{"ws", "tickwire's WebSocket", `[]`, "websocket", false},
	{"plain", "plain WebSocket", "", "", false},
}

// A record is what came to the page by one rival: milliseconds of the server's clock.
type record struct{ sent, came []float64 }

// TestLongAges: at 5 % loss the newest state that a page has by WebTransport or WebRTC is hardly ever old, and a WebSocket's
// often is.
func TestLongAges(t *testing.T) {
	netns.Run(t, func(n *netns.Net) {
		all, where := make([]curve, len(rivals)), ""
		for seed := range *seeds {
			w := newWorld(t, n, seed, simnet.LinkConfig{Delay: lossy.Delay}, uint64(seed+1))
			w.gather()
			where = w.where()
			w.wire.Set(simnet.Links{Up: lossy, Down: lossy})
			time.Sleep(settling)
			from := w.now()
			time.Sleep(*length)
			till := w.now()
			for i, r := range rivals {
				all[i].add(w.recorded(r), from+w.ahead(), till+w.ahead())
				t.Logf("seed %d, %s: p50 %v, p99 %v ms", seed+1, r.title, all[i].quantile(0.5), all[i].bySeed[seed])
			}
			w.page.Close()
		}
		compare(t, all)
		report(t, all, where)
	})
}

// compare checks what may be promised on a busy machine, too.
func compare(t *testing.T, all []curve) {
	t.Helper()
	plain := all[len(all)-1].quantile(0.9)
	for i, r := range rivals {
		half, old := all[i].quantile(0.5), all[i].quantile(0.9)
		switch {
		case half < 50:
			t.Errorf("%s: half of the time states are younger than %v ms, and a packet takes 50", r.title, half)
		case r.unreliable && 2*(old-50) > plain-50:
			t.Errorf("%s: a tenth of the time the newest state is older than %v ms, by a plain WebSocket than %v ms", r.title, old, plain)
		}
	}
}

// gather has all rivals in the page.
func (w *world) gather() {
	w.t.Helper()
	for _, r := range rivals {
		if r.transports == "" {
			browser.Eval[bool](w.page, fmt.Sprintf(`(all[%q] = new Plain("ws://%s/plain"), all[%q].open.then(() => true))`, r.name, w.url, r.name))
			continue
		}
		w.join(r.name, r.transports)
		w.until(patience, r.name, fmt.Sprintf(`p.transport === %q && p.arrivals.came.length > 10`, r.kind))
	}
}

// ahead is by how much the server's clock is ahead of the page's.
func (w *world) ahead() float64 {
	best, ahead := math.Inf(1), 0.0
	for range 10 {
		before := w.clock()
		there := w.now()
		if after := w.clock(); after-before < best {
			best, ahead = after-before, (before+after)/2-there
		}
	}
	return ahead
}

// recorded is what came by a rival until now. Who plays by a transport must have done so all the time.
func (w *world) recorded(r rival) (c record) {
	w.t.Helper()
	ahead := w.ahead()
	c.sent = browser.Eval[[]float64](w.page, fmt.Sprintf("all[%q].arrivals.sent", r.name))
	c.came = browser.Eval[[]float64](w.page, fmt.Sprintf("all[%q].arrivals.came", r.name))
	for i := range c.came {
		c.came[i] += ahead
	}
	if r.transports != "" {
		w.t.Logf("%s: %s", r.title, w.tell(r.name))
	}
	return c
}

// A curve is how much of the time the newest state is how old.
type curve struct {
	counts [5001]int // by milliseconds, the last of all above
	total  int
	states int       // that came
	bySeed []float64 // the 99th of a hundred
	first  []point   // of the first seed: the age over time
}

type point struct{ at, age float64 }

// add looks at what was there each millisecond of a time.
func (c *curve) add(r record, from, till float64) {
	var one curve
	newest, next := math.Inf(-1), 0
	for at := from; at < till; at++ {
		for ; next < len(r.came) && r.came[next] <= at; next++ {
			newest = max(newest, r.sent[next])
			if r.came[next] >= from {
				one.states++
			}
		}
		age := at - newest
		one.counts[int(min(max(age, 0), float64(len(one.counts)-1)))]++
		one.total++
		one.first = append(one.first, point{at - from, age})
	}
	for ms, n := range one.counts {
		c.counts[ms] += n
	}
	c.total += one.total
	c.states += one.states
	c.bySeed = append(c.bySeed, one.quantile(0.99))
	if c.first == nil {
		c.first = one.first
	}
}

// quantile is the age that so much of the time is not exceeded.
func (c *curve) quantile(q float64) float64 {
	sum := 0
	for ms, n := range c.counts {
		if sum += n; float64(sum) >= q*float64(c.total) {
			return float64(ms)
		}
	}
	return 0
}

// longest is the greatest age.
func (c *curve) longest() float64 {
	for ms, n := range slices.Backward(c.counts[:]) {
		if n > 0 {
			return float64(ms)
		}
	}
	return 0
}

// where is what played, as far as it matters.
func (w *world) where() string {
	chromium := regexp.MustCompile(`Chrome/\d+`).FindString(browser.Eval[string](w.page, "navigator.userAgent"))
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		w.t.Fatal(err)
	}
	control, err := os.ReadFile("/proc/sys/net/ipv4/tcp_congestion_control")
	if err != nil {
		w.t.Fatal(err)
	}
	version := strings.SplitN(string(kernel), ".", 3)
	return fmt.Sprintf("%s, TCP of Linux %s.%s with %s", strings.Replace(chromium, "Chrome/", "Chromium ", 1), version[0], version[1], strings.TrimSpace(string(control)))
}

// played says how much.
func played() string { return fmt.Sprintf("%d × %v", *seeds, *length) }

// table is for the page.
func table(all []curve, where string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Age of the newest state, in milliseconds; %s, %s:\n\n", played(), where)
	b.WriteString("| states by | half of the time below | 95 % below | 99 % below | longest | 99 % in each run | states that came |\n|---|---|---|---|---|---|---|\n")
	for i, r := range rivals {
		c := &all[i]
		var each []string
		for _, p99 := range c.bySeed {
			each = append(each, fmt.Sprint(p99))
		}
		share := float64(c.states) / (float64(c.total) / 1000 * ticksPerSecond)
		fmt.Fprintf(&b, "| %s | %v | %v | **%v** | %v | %s | %.1f %% |\n", r.title,
			c.quantile(0.5), c.quantile(0.95), c.quantile(0.99), c.longest(), strings.Join(each, ", "), 100*share)
	}
	return b.String()
}

// report prints the table, and writes what it was asked for.
func report(t *testing.T, all []curve, where string) {
	t.Helper()
	text := table(all, where)
	t.Log("\n" + text)
	if *into != "" {
		if err := replaceTable(*into, text); err != nil {
			t.Error(err)
		}
	}
	if *pictures != "" {
		if err := draw(*pictures, all); err != nil {
			t.Error(err)
		}
	}
}

// replaceTable writes the table of a page anew.
func replaceTable(page, table string) error {
	const begin, end = "<!-- ages -->\n", "<!-- /ages -->"
	b, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no lines %s and %s", page, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(page, []byte(before+begin+table+end+after), 0o666)
}

package tickwire_test

import (
	"flag"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/node"
	"github.com/tickwire/tickwire/transport"
)

var pages = flag.Int("pages", 8, "seeds of each of TestLongPageClimbs")

// What a page and the test say to each other: each line of JSON is an ask, or the answer to it (ts/testdata/driven.ts).

type pageMessage struct {
	Channel int    `json:"channel"`
	Bytes   []byte `json:"bytes"`
}

// A pageSeen is what the game in the page sees in a frame.
type pageSeen struct {
	Messages  []pageMessage
	Events    []pageEvent
	Open      bool
	Away      bool
	Transport string
	Paths     []string
	Ticket    bool
}

type pageEvent struct {
	Kind string
	Kept *bool
	Text string
}

type pageDatagram struct {
	ID    int    `json:"id"`
	Bytes []byte `json:"bytes"`
}

type pageEnding struct {
	ID     int    `json:"id"`
	Reason string `json:"reason"`
}

type pageHold struct {
	ID    int `json:"id"`
	Bytes int `json:"bytes"`
}

type pageChannel struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Delivery int    `json:"delivery"`
}

type pageBegin struct {
	Seed     int           `json:"seed"`
	Unix     int64         `json:"unix"`
	Token    []byte        `json:"token"`
	Channels []pageChannel `json:"channels"`
}

type pageAsk struct {
	Now       int64          `json:"now"` // microseconds
	Begin     *pageBegin     `json:"begin,omitempty"`
	Opened    []int          `json:"opened,omitempty"`
	Ended     []pageEnding   `json:"ended,omitempty"`
	Datagrams []pageDatagram `json:"datagrams,omitempty"`
	Holds     []pageHold     `json:"holds,omitempty"`
	Sends     []pageMessage  `json:"sends,omitempty"`
	Take      bool           `json:"take,omitempty"`
}

// A pageAnswer is what the page wants then.
type pageAnswer struct {
	Opens    []wish
	Sends    []pageDatagram
	Closes   []int
	Deadline int64 // microseconds
	Seen     pageSeen
}

// empty reports whether there is nothing to tell the page.
func (a *pageAsk) empty() bool {
	return a.Begin == nil && len(a.Opened)+len(a.Ended)+len(a.Datagrams)+len(a.Holds)+len(a.Sends) == 0 && !a.Take
}

var kindOf = map[string]transport.Kind{
	"websocket": transport.KindWebSocket, "webrtc": transport.KindWebRTC, "webtransport": transport.KindWebTransport,
}

// A wish is a connection that the page wants, and when it hears what became of it.
type wish struct {
	ID   int
	Kind string
	at   time.Time
}

// climbPages returns how a seed is climbed by a page.
func climbPages(program *node.Program) func(*testing.T, int, terrain, map[string]int) climbed {
	return func(t *testing.T, seed int, terrain terrain, did map[string]int) climbed {
		m := newMountain(t, seed, terrain, did)
		m.asked = true
		m.climber = m.w.newFloor(m.configure)
		p := &page{
			m: m, program: program, rungs: make(map[int]*rung), queues: make(map[int][][]byte), holds: make(map[int]int),
			read: make([]transport.Datagram, 64),
		}
		m.guest = p
		token, err := m.srv.DevToken(1)
		must(t, err)
		p.open(seed, token)
		m.w.add(p)
		m.w.until("connected", func() bool { return p.seen.Open && p.seen.Ticket && len(players(m.srv)) == 1 })
		m.player = players(m.srv)[0]
		m.talk = m.w.talkOf(p, connParty{m.player})
		return m.play()
	}
}

// TestLongPageClimbs: what TestLongHundredClimbs and TestLongWildClimbs want holds for the client in TypeScript, whose wild climbs come
// back now and then. Here are a few seeds; -pages 100 plays a hundred.
func TestLongPageClimbs(t *testing.T) {
	program := node.Start(t, "ts", "testdata/driven.ts")
	t.Run("hundred", func(t *testing.T) { hundredClimbs(t, *pages, climbPages(program), tame) })
	t.Run("wild", func(t *testing.T) { hundredClimbs(t, *pages, climbPages(program), wild) })
	t.Run("stormy", func(t *testing.T) { hundredClimbs(t, *pages, climbPages(program), stormy) })
}

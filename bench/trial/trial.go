// Package trial plays one workload with one system for real: a server, a client, and between them
// a relay that does to their datagrams what a link would.
package trial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/tickwire/tickwire/bench/play"
	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// A Trial is one measurement.
type Trial struct {
	System System
	Cell   workload.Cell // Workload is Stream, Bulk or Mixed
}

// A System is how the two programs of a system are started.
type System struct {
	Name string
	// Unreliable: what did not arrive soon after the end does not arrive.
	Unreliable bool
	// Server and Client are command lines.
	Server func(site Site, expect int) []string
	Client func(site Site, part play.Part) []string
}

// A Site is where a trial takes place; see peer.Site.
type Site struct{ Listen, Public, Aside string }

// A Finding is what a trial gave.
type Finding struct {
	Record  workload.Record
	Result  workload.Result
	Up      simnet.LinkStats // of the whole trial
	Down    simnet.LinkStats
	Version string // as the program told it
}

// How long things may take beyond the time of the workload.
const (
	startTime = 30 * time.Second // until the client begins
	lateTime  = 30 * time.Second // until the last message has arrived
	lostTime  = 2 * time.Second  // the same, where nothing comes again
	endTime   = 5 * time.Second
)

// datagramLimit is what the links carry at most, as Ethernet does.
const datagramLimit = 1500

// headerBytes are those of IPv4 and UDP.
const headerBytes = 28

// Run plays the trial. It takes For and a second or two, and at most about two minutes more.
func (t Trial) Run(ctx context.Context) (*Finding, error) {
	s, err := t.stage(ctx)
	if err != nil {
		return nil, err
	}
	defer s.clear()
	f, err := s.play()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.System.Name, err)
	}
	f.Result, err = t.Cell.Judge(&f.Record)
	return f, err
}

// A stage is a trial with everything in its place.
type stage struct {
	Trial
	ctx    context.Context
	cancel context.CancelFunc
	part   play.Part
	relay  *simnet.Relay
	watch  *watcher
	server *program
	client *program
	site   Site
	done   chan struct{} // the relay has stopped
}

// stage starts the server and the relay.
func (t Trial) stage(ctx context.Context) (*stage, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &stage{Trial: t, part: play.Part{Workload: t.Cell.Workload, For: t.Cell.For}, watch: newWatcher(), done: make(chan struct{})}
	up, down := t.Cell.Up, t.Cell.Down
	up.MTU, down.MTU = datagramLimit, datagramLimit
	s.relay, err = simnet.NewRelay(simnet.RelayConfig{
		Target: listen, Up: up, Down: down, Seed: t.Cell.Seed, IdleTimeout: -1, Watch: s.watch.crossed,
	})
	if err != nil {
		return nil, err
	}
	s.site = Site{Listen: listen, Public: s.relay.Addr().String(), Aside: listen}
	s.ctx, s.cancel = context.WithTimeout(ctx, t.Cell.For+2*(startTime+lateTime+endTime))
	go func() {
		defer close(s.done)
		if err := s.relay.Run(s.ctx); err != nil {
			s.cancel()
		}
	}()
	if s.server, err = start(s.ctx, t.System.Server(s.site, s.part.Messages())); err != nil {
		s.clear()
		return nil, err
	}
	return s, nil
}

// freeAddress is one that nobody uses now.
func freeAddress() (string, error) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return c.LocalAddr().String(), c.Close()
}

// clear ends everything.
func (s *stage) clear() {
	s.cancel()
	for _, p := range []*program{s.client, s.server} {
		if p != nil {
			p.end()
		}
	}
	<-s.done
}

// play has the client send, and returns what the server heard.
func (s *stage) play() (*Finding, error) {
	ready, err := s.server.line(startTime, func(l *play.Line) bool { return l.Ready })
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if s.client, err = start(s.ctx, s.System.Client(s.site, s.part)); err != nil {
		return nil, err
	}
	began, err := s.client.line(startTime, func(l *play.Line) bool { return l.Begin != 0 })
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	before := s.relay.Stats()
	if err := s.finish(); err != nil {
		return nil, err
	}
	after := s.relay.Stats()
	heard, err := s.server.last()
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if after.Accepted != 1 {
		return nil, fmt.Errorf("%d clients passed the relay: the datagrams must come from one address, and pass it", after.Accepted)
	}
	f := &Finding{Up: after.Up, Down: after.Down, Version: ready.Version}
	f.Record = workload.Record{
		Messages: s.part.Messages(),
		Up:       traffic(before.Up, after.Up), Down: traffic(before.Down, after.Down),
	}
	s.watch.fill(&f.Record, began.Begin)
	return f, s.fill(&f.Record, heard, began.Begin)
}

// finish waits until the client has sent everything, and the server received what will arrive.
func (s *stage) finish() error {
	_, err := s.client.line(s.part.For+lateTime, func(l *play.Line) bool { return l.Sent != nil })
	if err != nil && !errors.Is(err, errLate) {
		return fmt.Errorf("client: %w", err)
	}
	wait := lateTime
	if s.System.Unreliable {
		wait = lostTime
	}
	if s.part.Messages() == 0 {
		return nil
	}
	_, err = s.server.line(wait, func(l *play.Line) bool { return l.All })
	if err != nil && !errors.Is(err, errLate) { // late ones are missing in the result
		return fmt.Errorf("server: %w", err)
	}
	return nil
}

func traffic(before, after simnet.LinkStats) workload.Traffic {
	n := int(after.Sent - before.Sent)
	return workload.Traffic{Datagrams: n, Bytes: int(after.SentBytes-before.SentBytes) + n*headerBytes}
}

// fill puts what was heard into a record whose time begins at begin.
func (s *stage) fill(rec *workload.Record, h *play.Heard, begin int64) error {
	if len(h.Due) != len(h.At) || len(h.Times) != len(h.Bytes) {
		return errors.New("the server tells of times without messages")
	}
	for i := 1; i < len(h.Due) && !s.System.Unreliable; i++ {
		if h.Due[i] <= h.Due[i-1] {
			return fmt.Errorf("message %d came twice, or too late: it is from %v before the one ahead of it", i, time.Duration(h.Due[i-1]-h.Due[i]))
		}
	}
	for i, due := range h.Due {
		rec.Latency = append(rec.Latency, time.Duration(h.At[i]-due))
	}
	for i, at := range h.Times {
		rec.Got = append(rec.Got, workload.Arrival{At: time.Duration(at - begin), Bytes: h.Bytes[i]})
	}
	return nil
}

// Late are the latencies of the stream's messages, in ascending order.
func (f *Finding) Late() []time.Duration { return slices.Sorted(slices.Values(f.Record.Latency)) }

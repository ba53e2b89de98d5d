package loopback

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
)

// An IdleConfig is what [Idle] measures.
type IdleConfig struct {
	Launch      Launcher // of the server's process
	Connections int      // 0: 1000
	CPU         int      // that both processes are pinned to; negative: none
}

// keepAlive is a quarter of the timeout of a token that says nothing else.
const keepAlive = netcode.DefaultTimeout / 4

// The two ends of idle connections, as rows of the report.
const (
	ServerEnd = "at the server"
	ClientEnd = "at the client"
)

// Idle is what connections cost that say nothing: live memory, and the time of keeping
// them. The server is a process of its own; all connections are of one Client in this one.
func Idle(ctx context.Context, cfg IdleConfig, t Trial) (*Report, error) {
	if cfg.Connections == 0 {
		cfg.Connections = 1000
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	server, err := launch(cfg.Launch, ServeConfig{
		Kind: IdleServer, CPU: cfg.CPU, Key: key[:], MaxClients: cfg.Connections, Offloads: t.Offloads,
	})
	if err != nil {
		return nil, err
	}
	defer server.close()
	ends, err := openIdle(t, cfg, server, netcode.KeyFrom(key))
	if err != nil {
		return nil, err
	}
	defer ends.client.Close()
	if err := ends.measure(ctx, t); err != nil {
		return nil, err
	}
	return ends.report(cfg, t), nil
}

// An idleEnd is what one end has used up.
type idleEnd struct {
	heap [2]uint64        // before and after the connections were made
	cpu  [2]time.Duration // while they were idle
	of   func(collect bool) (Cost, error)
}

type idleEnds struct {
	client *tickwire.Client
	server idleEnd
	own    idleEnd
	conns  []*tickwire.Conn
	mint   func(player uint64) ([]byte, error)
	want   int // so many connections
}

func openIdle(t Trial, cfg IdleConfig, server *child, key netcode.Key) (*idleEnds, error) {
	socket, err := openSocket(t)
	if err != nil {
		return nil, err
	}
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: config(), WireIDBytes: 2}, socket)
	if err != nil {
		return nil, err
	}
	e := &idleEnds{client: client}
	e.server.of = func(collect bool) (Cost, error) {
		if collect {
			return server.ask(collectLine)
		}
		return server.ask("")
	}
	e.own.of = func(collect bool) (c Cost, err error) {
		if c.CPU = cpuTime(); collect {
			c.Heap = liveHeap()
		}
		return c, nil
	}
	e.mint = func(player uint64) ([]byte, error) { return mint(server.began.Address, key, player, t.Suite) }
	e.want = cfg.Connections
	return e, nil
}

// measure connects all, and leaves them alone.
func (e *idleEnds) measure(ctx context.Context, t Trial) error {
	if err := e.note(true, func(end *idleEnd, c Cost) { end.heap[0] = c.Heap }); err != nil {
		return err
	}
	if err := e.connect(); err != nil {
		return err
	}
	e.serve(ctx, min(settleTime, 4*t.Time))
	if err := e.note(true, func(end *idleEnd, c Cost) { end.heap[1] = c.Heap }); err != nil {
		return err
	}
	if err := e.note(false, func(end *idleEnd, c Cost) { end.cpu[0] = c.CPU }); err != nil {
		return err
	}
	e.serve(ctx, t.Time)
	if err := e.note(false, func(end *idleEnd, c Cost) { end.cpu[1] = c.CPU }); err != nil {
		return err
	}
	runtime.KeepAlive(e.conns)
	return context.Cause(ctx)
}

// note asks both ends what they use; collecting garbage before takes time itself.
func (e *idleEnds) note(collect bool, put func(*idleEnd, Cost)) error {
	for _, end := range []*idleEnd{&e.server, &e.own} {
		c, err := end.of(collect)
		if err != nil {
			return err
		}
		put(end, c)
	}
	return nil
}

// connect makes the connections, a few at a time, as a server's limit of handshakes would have it.
func (e *idleEnds) connect() error {
	for i := range e.want {
		token, err := e.mint(uint64(i) + 1)
		if err != nil {
			return err
		}
		c, err := e.client.Connect(token)
		if err != nil {
			return err
		}
		e.conns = append(e.conns, c)
		if i%50 == 49 || i == e.want-1 {
			if err := e.finish(); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish waits until all that were begun are open.
func (e *idleEnds) finish() error {
	for end := time.Now().Add(patience); ; {
		e.client.Update(time.Now())
		for range e.client.Events() {
			continue
		}
		if c := e.conns[len(e.conns)-1]; c.Open() {
			return nil
		} else if time.Now().After(end) {
			return fmt.Errorf("connection %d is not open after %v: %v", len(e.conns), patience, c.Reason())
		}
		e.client.Flush(time.Now())
		if err := e.client.Wait(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
	}
}

// serve keeps the connections for a while.
func (e *idleEnds) serve(ctx context.Context, d time.Duration) {
	for end := time.Now().Add(d); ctx.Err() == nil && time.Now().Before(end); {
		if e.client.Wait(end) != nil {
			return
		}
		e.client.Update(time.Now())
	}
}

func (e *idleEnds) report(cfg IdleConfig, t Trial) *Report {
	n := float64(cfg.Connections)
	r := &Report{
		Bench: "idle", Rounds: 1, Seconds: t.Time.Seconds(), Suite: t.sealing(),
		What: fmt.Sprintf("%d connections over which nothing is said", cfg.Connections),
	}
	for _, end := range []struct {
		name string
		of   *idleEnd
	}{{ServerEnd, &e.server}, {ClientEnd, &e.own}} {
		heap := float64(int64(end.of.heap[1] - end.of.heap[0]))
		r.Rows = append(r.Rows, Row{Name: end.name, Figures: []Figure{
			{"live heap", "bytes a connection", heap / n},
			{"CPU", "µs a connection and second", float64(end.of.cpu[1]-end.of.cpu[0]) / 1e3 / n / t.Time.Seconds()},
		}})
	}
	if t.Time < 2*keepAlive {
		r.Notes = append(r.Notes, fmt.Sprintf("the time is that of less than two keep-alives, which come each %v: measure for longer", keepAlive))
	}
	for _, row := range []string{ServerEnd, ClientEnd} {
		r.Floors = append(r.Floors, Floor{
			Name: "live heap of an idle connection " + row + ", bytes", Value: r.Figure(row, "live heap"), Bound: 6 << 10,
		})
	}
	return r
}

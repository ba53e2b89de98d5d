package play

import (
	"context"
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/tickwire/tickwire/bench/peer"
	"github.com/tickwire/tickwire/internal/workload"
)

// A Part is what a client plays.
type Part struct {
	Workload workload.Kind // Stream, Bulk or Mixed
	For      time.Duration
}

// Messages is how many messages of the stream are due.
func (p Part) Messages() int {
	if p.Workload == workload.Bulk {
		return 0
	}
	return int((p.For*workload.StreamRate + time.Second - 1) / time.Second)
}

// dialTime is how long a connection may take.
const dialTime = 20 * time.Second

// Play connects, sends what the part says, and keeps the connection until in ends.
func Play(sys peer.System, site peer.Site, part Part, in io.Reader, out io.Writer) error {
	t := newTeller(out)
	fail := func(err error) error {
		t.tell(Line{Error: err.Error()})
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	conn, err := sys.Dial(ctx, site)
	if err != nil {
		return fail(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = io.Copy(io.Discard, in) // however it ends
	}()
	p := player{part: part, conn: conn, begin: Now(), over: over}
	t.tell(Line{Begin: p.begin})
	if err := p.play(); err != nil {
		return fail(err)
	}
	sent := part.Messages()
	t.tell(Line{Sent: &sent})
	<-over
	return conn.Close()
}

// A player sends.
type player struct {
	part  Part
	conn  peer.Conn
	begin int64
	over  <-chan struct{}
}

// play returns when all is sent, and there was no error.
func (p *player) play() error {
	var both sync.WaitGroup
	errs := make(chan error, 2)
	lane := func(plays bool, send func() error) {
		if plays {
			both.Go(func() { errs <- send() })
		}
	}
	lane(p.part.Workload != workload.Bulk, p.stream)
	lane(p.part.Workload != workload.Stream, p.bulk)
	both.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// stream sends each message when it is due, or as soon as the system lets it, and has it leave.
func (p *player) stream() error {
	msg := make([]byte, workload.StreamBytes)
	for i := range p.part.Messages() {
		due := p.begin + int64(i)*int64(time.Second)/workload.StreamRate
		sleepUntil(due, p.over)
		if p.isOver() {
			return nil
		}
		binary.LittleEndian.PutUint64(msg, uint64(due))
		if err := p.conn.Send(peer.Stream, msg); err != nil {
			return err
		}
		if err := p.conn.Flush(peer.Stream); err != nil {
			return err
		}
	}
	return nil
}

// bulk sends as much as the system takes. What it does not take in time may stay: the connection
// is closed behind it.
func (p *player) bulk() error {
	done := make(chan error, 1)
	go func() {
		msg := make([]byte, workload.BulkBytes)
		for Now() < p.begin+int64(p.part.For) && !p.isOver() {
			if err := p.conn.Send(peer.Bulk, msg); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	sleepUntil(p.begin+int64(p.part.For), p.over)
	select {
	case err := <-done:
		return err
	default: // it waits for room
		return nil
	}
}

func (p *player) isOver() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

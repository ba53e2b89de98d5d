package play

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire/bench/peer"
	"github.com/tickwire/tickwire/internal/workload"
)

// A tube is a system within this process: a message arrives when it is flushed.
type tube struct {
	mu      sync.Mutex
	took    func(peer.Lane, []byte)
	queued  [peer.Lanes][][]byte
	refuses error
}

func (*tube) Name() string        { return "tube" }
func (*tube) Module() string      { return "" }
func (*tube) Traits() peer.Traits { return peer.Traits{} }
func (*tube) Close() error        { return nil }

func (s *tube) Listen(_ peer.Site, took func(peer.Lane, []byte)) (io.Closer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = took
	return s, s.refuses
}

func (s *tube) Dial(context.Context, peer.Site) (peer.Conn, error) { return s, s.refuses }

func (s *tube) Send(lane peer.Lane, msg []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lane == peer.Bulk && len(s.queued[lane]) == 10 {
		for range s.queued[lane] {
			s.took(lane, msg)
		}
		s.queued[lane] = nil
	}
	s.queued[lane] = append(s.queued[lane], bytes.Clone(msg))
	return nil
}

func (s *tube) Flush(lane peer.Lane) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, msg := range s.queued[lane] {
		s.took(lane, msg)
	}
	s.queued[lane] = nil
	return nil
}

// An ending is an input that ends when it is told to.
type ending chan struct{}

func (e ending) Read([]byte) (int, error) {
	<-e
	return 0, io.EOF
}

// linesOf reads what a program told.
func linesOf(t *testing.T, r io.Reader) (lines []Line) {
	t.Helper()
	for dec := json.NewDecoder(r); ; {
		var l Line
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return lines
		} else if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
}

// TestBothEnds: what the client says that it has sent is what the server has heard, when it was due.
func TestBothEnds(t *testing.T) {
	s, part := new(tube), Part{workload.Mixed, 100 * time.Millisecond}
	if part.Messages() != 6 {
		t.Fatalf("%d messages in a tenth of a second", part.Messages())
	}
	clientOver, serverOver := make(ending), make(ending)
	read, heard := io.Pipe()
	var server sync.WaitGroup
	server.Go(func() {
		if err := Serve(s, peer.Site{}, part.Messages(), serverOver, heard); err != nil {
			t.Error(err)
		}
		heard.Close()
	})
	var lines []Line
	var reader sync.WaitGroup
	reader.Go(func() { lines = linesOf(t, read) })

	told, tell := io.Pipe()
	reader.Go(func() {
		dec := json.NewDecoder(told)
		var begin, sent Line
		if err := errors.Join(dec.Decode(&begin), dec.Decode(&sent)); err != nil {
			t.Error(err)
		}
		if begin.Begin == 0 || sent.Sent == nil || *sent.Sent != 6 {
			t.Errorf("the client told %+v and %+v", begin, sent)
		}
		close(clientOver)
		close(serverOver)
	})
	for s.listening() == nil {
		time.Sleep(time.Millisecond)
	}
	if err := Play(s, peer.Site{}, part, clientOver, tell); err != nil {
		t.Error(err)
	}
	server.Wait()
	reader.Wait()
	if len(lines) != 3 || !lines[0].Ready || !lines[1].All || lines[2].Heard == nil {
		t.Fatalf("the server told %+v", lines)
	}
	h, bulk := lines[2].Heard, -6*workload.StreamBytes
	for i := range h.Due {
		if h.At[i] < h.Due[i] || h.Due[i]-h.Due[0] != int64(i)*int64(time.Second)/workload.StreamRate {
			t.Errorf("message %d was due at %d and came at %d", i, h.Due[i]-h.Due[0], h.At[i]-h.Due[0])
		}
	}
	for _, n := range h.Bytes {
		bulk += n
	}
	if len(h.Due) != 6 || bulk <= 0 || bulk%workload.BulkBytes != 0 {
		t.Errorf("%d messages and %d bytes of bulk", len(h.Due), bulk)
	}
}

func (s *tube) listening() func(peer.Lane, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.took
}

// TestEndsTellWhyNot: who cannot begin says so on its output.
func TestEndsTellWhyNot(t *testing.T) {
	s := &tube{refuses: errors.New("no room")}
	var server, client strings.Builder
	errServer := Serve(s, peer.Site{}, 1, strings.NewReader(""), &server)
	errClient := Play(s, peer.Site{}, Part{For: time.Second}, strings.NewReader(""), &client)
	if !errors.Is(errServer, s.refuses) || !errors.Is(errClient, s.refuses) {
		t.Errorf("%v, %v", errServer, errClient)
	}
	for _, out := range []string{server.String(), client.String()} {
		if l := linesOf(t, strings.NewReader(out)); len(l) != 1 || l[0].Error != "no room" {
			t.Errorf("told %q", out)
		}
	}
}

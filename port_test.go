package tickwire

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/transport"
)

// A writer notes what a port writes.
type writer struct {
	transport.Socket
	wrote []string
}

func (w *writer) Write(ds []transport.Datagram) (int, error) {
	for _, d := range ds {
		w.wrote = append(w.wrote, string(d.Bytes))
	}
	return len(ds), nil
}

// TestPortOrder: datagrams leave in the order in which they were queued, those that were built in
// the port's own memory and copies of others, wherever in a batch they are.
func TestPortOrder(t *testing.T) {
	w := new(writer)
	p := &port{socket: w}
	nowhere := way{port: p}
	var want []string
	for before := range writeBatch {
		for range 3 { // the buffers are new in the first round only
			for range before {
				nowhere.send([]byte("copied"))
				want = append(want, "copied")
			}
			nowhere.commit(append(p.begin(), "built"...))
			want = append(want, "built")
			p.flush()
		}
	}
	if !slices.Equal(w.wrote, want) {
		t.Fatalf("%d datagrams, want %d: %q", len(w.wrote), len(want), w.wrote)
	}
}

// A failing socket takes one datagram in two, and then fails.
type failing struct {
	writer
	err error
}

func (f *failing) LocalAddr() (none netip.AddrPort) { return none }

func (f *failing) Properties(transport.Path) (none transport.Properties) { return none }

func (f *failing) Write(ds []transport.Datagram) (int, error) {
	if len(ds) < 2 {
		return -1, f.err
	}
	f.wrote = append(f.wrote, string(ds[0].Bytes))
	return 1, f.err
}

// TestPortFails: what a socket took before it failed was sent, the rest was refused, and the log is
// told of each reason once.
func TestPortFails(t *testing.T) {
	var told bytes.Buffer
	log := slog.New(slog.NewTextHandler(&told, nil))
	f := &failing{err: errors.New("no buffer space")}
	p := newPort(f)
	w := way{port: p}
	flush := func(n int) {
		for range n {
			w.send([]byte("four"))
		}
		p.flush()
		p.reportWrites(log)
	}
	flush(3)
	flush(2)
	flush(1)
	want := SocketStats{Sent: 2, SentBytes: 8, Refused: 4, Errors: 3}
	if p.stats != want || len(f.wrote) != 2 || p.n != 0 {
		t.Errorf("counted %+v, want %+v; %d were written, %d wait", p.stats, want, len(f.wrote), p.n)
	}
	if n := strings.Count(told.String(), "no buffer space"); n != 1 {
		t.Errorf("the log was told %d times: %s", n, &told)
	}
	f.err = errors.New("network is down")
	flush(2)
	if n := strings.Count(told.String(), "network is down"); n != 1 {
		t.Errorf("the log was not told of another reason: %s", &told)
	}
}

// A stubborn socket is as reliable as a stream, and takes what its test allows of it.
type stubborn struct {
	writer
	takes func(path uint64) bool
}

func (s *stubborn) Properties(transport.Path) transport.Properties {
	return transport.Properties{Reliable: true}
}

func (s *stubborn) Write(ds []transport.Datagram) (int, error) {
	for i, d := range ds {
		if !s.takes(d.Path.Association) {
			return i, nil
		}
		s.wrote = append(s.wrote, string(d.Bytes))
	}
	return len(ds), nil
}

// TestPortKeeps: what a reliable path does not take is kept in its order, however often it is
// offered, and holds nobody else up; more than a path keeps is refused, and counted.
func TestPortKeeps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := &stubborn{takes: func(uint64) bool { return random.IntN(30) > 0 }}
	p := &port{socket: s}
	var sent [4]int
	for n := range 5000 {
		association := uint64(random.IntN(4))
		path := transport.Path{Kind: transport.KindWebSocket, Association: association}
		text := []byte{byte(association), byte(sent[association]), byte(sent[association] >> 8)}
		if sent[association]++; n%7 == 0 {
			building := append(p.begin(), text...)
			p.commit(&way{port: p, path: path}, building, transport.NotECT)
		} else {
			(&way{port: p, path: path}).send(text)
		}
		if random.IntN(5) == 0 {
			p.retry()
			p.flush()
		}
	}
	for p.flush(); len(p.all) > 0; {
		p.retry()
	}
	var came [4]int
	for _, text := range s.wrote {
		path, n := text[0], int(text[1])|int(text[2])<<8
		if n != came[path] {
			t.Fatalf("datagram %d of path %d came where %d was due", n, path, came[path])
		}
		came[path]++
	}
	if came != sent || p.n != 0 || p.stats.Refused != 0 || p.stats.Kept == 0 || p.stats.Sent != 5000 {
		t.Errorf("%v of %v came; %+v", came, sent, p.stats)
	}

	s.wrote, s.takes = nil, func(path uint64) bool { return path == 1 }
	p.stats = SocketStats{}
	for range 3 * mostBacklog {
		(&way{port: p, path: transport.Path{Association: 0}}).send([]byte("kept"))
		(&way{port: p, path: transport.Path{Association: 1}}).send([]byte("sent"))
	}
	p.flush()
	if b := p.backlogOf(transport.Path{}); len(b.waiting) != mostBacklog || len(s.wrote) != 3*mostBacklog ||
		p.stats.Refused != 2*mostBacklog || p.stats.Kept != mostBacklog {
		t.Errorf("%d kept, %d sent; %+v", len(b.waiting), len(s.wrote), p.stats)
	}
}

// TestPortManyJams: two hundred reliable paths of one socket take nothing for a while, and nothing of
// any is lost; a further one is not held up, and what was needed is given back.
func TestPortManyJams(t *testing.T) {
	const ways, each, free = 200, mostBacklog, 200
	jammed := true
	s := &stubborn{takes: func(path uint64) bool { return path == free || !jammed }}
	p := &port{socket: s}
	for n := range each {
		for association := range uint64(ways + 1) {
			(&way{port: p, path: transport.Path{Association: association}}).send([]byte{byte(association), byte(n)})
		}
	}
	p.flush()
	p.retry()
	if len(s.wrote) != each || len(p.all) != ways || p.stats.Kept != ways*each {
		t.Errorf("%d went by the path that is free, %d others wait; %+v", len(s.wrote), len(p.all), p.stats)
	}
	jammed = false
	p.retry()
	var came [ways + 1]int
	for _, text := range s.wrote {
		if n := int(text[1]); n != came[text[0]] {
			t.Fatalf("datagram %d of path %d came where %d was due", n, text[0], came[text[0]])
		}
		came[text[0]]++
	}
	for path, n := range came {
		if n != each {
			t.Errorf("%d of path %d came", n, path)
		}
	}
	if p.stats.Refused != 0 || len(p.all) != 0 || len(p.byPath) != 0 || len(p.spare) > writeBatch {
		t.Errorf("%d backlogs are left, %d buffers; %+v", len(p.byPath), len(p.spare), p.stats)
	}
}

// A mixed socket has reliable paths, those of even numbers, and others, and is full.
type mixed struct{ stubborn }

func (s *mixed) Properties(p transport.Path) transport.Properties {
	return transport.Properties{Reliable: p.Association%2 == 0}
}

// TestPortMixed: what of an unreliable path finds no room takes nothing reliable along.
func TestPortMixed(t *testing.T) {
	s := &mixed{stubborn{takes: func(uint64) bool { return false }}}
	p := &port{socket: s}
	for association := range uint64(10) {
		for range 3 {
			(&way{port: p, path: transport.Path{Association: association}}).send([]byte{byte(association)})
		}
	}
	p.flush()
	if p.stats.Refused != 15 || p.stats.Kept != 15 || len(p.all) != 5 {
		t.Errorf("%d paths wait; %+v", len(p.all), p.stats)
	}
}

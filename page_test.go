package tickwire_test

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/node"
	"github.com/tickwire/tickwire/transport"
)

// A page is a client in TypeScript, the whole of it: what looks for transports and what uses them too, in
// a browser that ts/testdata/driven.ts makes up. Here is the other end of that browser's connections: a
// rung for each, which the mountain grants or refuses.
type page struct {
	m        *mountain
	program  *node.Program
	rungs    map[int]*rung
	queues   map[int][][]byte // of streams: what they have not taken yet
	holds    map[int]int      // as the page knows it
	wishes   []wish
	said     []pageMessage
	deadline time.Time // by its clock
	read     []transport.Datagram
	behind   time.Duration // that clock

	seen   pageSeen
	chats  [][]byte
	states int
	end    string
}

// open opens the page with a token.
func (p *page) open(seed int, token []byte) {
	begin := &pageBegin{Seed: seed, Unix: p.m.w.nw.Now().Unix(), Token: token}
	for _, ch := range config().Channels {
		cfg := ch.Config()
		begin.Channels = append(begin.Channels, pageChannel{int(cfg.ID), cfg.Name, int(cfg.Delivery)})
	}
	p.ask(&pageAsk{Begin: begin})
}

func (p *page) ask(a *pageAsk) {
	now := p.m.w.nw.Now()
	a.Now = now.Add(-p.behind).UnixMicro()
	answer := pageAnswer{Seen: p.seen}
	p.program.Ask(a, &answer)
	p.seen = answer.Seen
	for _, id := range answer.Closes {
		p.leave(id)
	}
	for _, w := range answer.Opens {
		w.at = now.Add(p.m.between(10, 150))
		p.wishes = append(p.wishes, w)
	}
	for _, d := range answer.Sends {
		p.queues[d.ID] = append(p.queues[d.ID], d.Bytes)
		p.holds[d.ID] += len(d.Bytes)
	}
	p.deadline = time.UnixMicro(answer.Deadline)
	p.write()
}

// leave ends what the page has closed, which hears no more of it.
func (p *page) leave(id int) {
	p.wishes = slices.DeleteFunc(p.wishes, func(w wish) bool { return w.ID == id })
	if r := p.rungs[id]; r != nil {
		r.kill("the page has closed it", 0, p.m.between(0, 300))
		r.tell[0] = time.Time{}
		p.forget(id)
	}
}

func (p *page) forget(id int) {
	delete(p.rungs, id)
	delete(p.queues, id)
	delete(p.holds, id)
}

// write gives the rungs what they take.
func (p *page) write() {
	for _, id := range slices.Sorted(maps.Keys(p.queues)) {
		r, queue := p.rungs[id], p.queues[id]
		for r != nil && len(queue) > 0 {
			if n, err := p.m.ladder.Write([]transport.Datagram{{Path: r.path, Bytes: queue[0]}}); n == 0 || err != nil {
				break
			}
			queue = queue[1:]
		}
		p.queues[id] = queue
	}
}

// due is what has become of the page's connections by now.
func (p *page) due() *pageAsk {
	now, a := p.m.w.nw.Now(), new(pageAsk)
	p.grant(now, a)
	for n := 1; n > 0; {
		n, _ = p.m.ladder.Read(p.read)
		for _, d := range p.read[:n] {
			a.Datagrams = append(a.Datagrams, pageDatagram{p.idOf(d.Path), slices.Clone(d.Bytes)})
		}
	}
	for _, e := range p.m.ladder.Ended(nil) {
		if id := p.idOf(e.Path); id > 0 {
			a.Ended = append(a.Ended, pageEnding{id, e.Reason.Error()})
			p.forget(id)
		}
	}
	p.write()
	for _, id := range slices.Sorted(maps.Keys(p.rungs)) {
		r, held := p.rungs[id], 0
		for _, b := range p.queues[id] {
			held += len(b)
		}
		if held != p.holds[id] && r.slow {
			a.Holds = append(a.Holds, pageHold{id, held})
			p.holds[id] = held
		}
	}
	return a
}

func (p *page) idOf(path transport.Path) int {
	for id, r := range p.rungs {
		if r.path == path {
			return id
		}
	}
	return 0
}

// grant has the mountain's rungs come, if they are to be had. Of some that are not the page never hears.
func (p *page) grant(now time.Time, a *pageAsk) {
	p.wishes = slices.DeleteFunc(p.wishes, func(w wish) bool {
		if w.at.After(now) {
			return false
		}
		kind := kindOf[w.Kind]
		if at, gone := p.m.comes[kind]; gone && now.Before(at) {
			if kind == transport.KindWebSocket || p.m.random.IntN(2) == 0 {
				a.Ended = append(a.Ended, pageEnding{w.ID, "it is not to be had now"})
			}
			return true
		}
		p.rungs[w.ID] = p.m.raiseRough(kind)
		a.Opened = append(a.Opened, w.ID)
		return true
	})
}

// Update implements driver: the game looks.
func (p *page) Update(time.Time) {
	p.seen = pageSeen{}
	p.ask(&pageAsk{Take: true})
	for _, m := range p.seen.Messages {
		if m.Channel == int(chat.Config().ID) {
			p.chats = append(p.chats, m.Bytes)
		} else {
			p.states++
		}
	}
	for _, e := range p.seen.Events {
		switch {
		case e.Kind == "Disconnected":
			p.end = e.Text
		case e.Kept != nil && *e.Kept:
			p.m.did["comebacks"]++
		case e.Kept != nil:
			p.m.did["comebacks without messages"]++
		}
	}
}

// Flush implements driver: what the game has said leaves.
func (p *page) Flush(now time.Time) time.Time {
	if len(p.said) > 0 {
		p.ask(&pageAsk{Sends: p.said})
		p.said = nil
	}
	return p.next()
}

// Service implements driver.
func (p *page) Service(now time.Time) time.Time {
	if a := p.due(); !a.empty() || !p.deadline.After(now) {
		p.ask(a)
	}
	return p.next()
}

// next is when the page has something to do, by its clock.
func (p *page) next() time.Time {
	next := p.deadline.Add(p.behind)
	for id, r := range p.rungs {
		if r.slow && p.holds[id] > 0 { // the page waits for room
			next = earlier(next, p.m.w.nw.Now().Add(time.Millisecond))
		}
	}
	for _, w := range p.wishes {
		next = earlier(next, w.at)
	}
	for _, r := range p.rungs {
		if !r.tell[0].IsZero() {
			next = earlier(next, r.tell[0])
		}
	}
	return next.Add(-p.behind)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (p *page) Events() iter.Seq[tickwire.Event] { return func(func(tickwire.Event) bool) {} }

func (p *page) here() bool { return p.seen.Open && !p.seen.Away }

func (p *page) answers(kind transport.Kind) bool {
	return slices.ContainsFunc(p.seen.Paths, func(name string) bool { return kindOf[name] == kind })
}

func (p *page) carrier() transport.Kind { return kindOf[p.seen.Transport] }

func (p *page) reason() string { return p.end }

func (p *page) say(text []byte) error { return p.send(int(chat.Config().ID), text) }

func (p *page) move() error {
	b, _ := input{X: 1}.AppendBinary(nil)
	return p.send(int(inputs.Config().ID), b)
}

func (p *page) send(channel int, b []byte) error {
	if !p.seen.Open {
		return errors.New("the page has no connection: " + p.end)
	}
	p.said = append(p.said, pageMessage{channel, b})
	return nil
}

func (p *page) heard() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(p.chats) > 0 {
			b := p.chats[0]
			if p.chats = p.chats[1:]; !yield(b) {
				return
			}
		}
	}
}

func (p *page) moves() int {
	n := p.states
	p.states = 0
	return n
}

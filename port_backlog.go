package tickwire

import "github.com/tickwire/tickwire/transport"

// A backlog is what a reliable path of a socket did not take yet, in order: it must not get lost, since
// on such a path nothing is missed. Each path has its own, so that many of them that are
// slow take nothing from each other. Once there is one its Conn packs nothing more for the path (jam), so
// that it stays as short as what was packed before that, and the last words.
type backlog struct {
	path    transport.Path
	waiting []transport.Datagram
}

// mostBacklog bounds the datagrams of one path: a batch, and some last words.
const mostBacklog = writeBatch + 8

// The backlogs of a port; those of paths that are not busy are gone.
type backlogs struct {
	byPath map[transport.Path]*backlog
	all    []*backlog // in the order in which they began
	spare  [][]byte   // buffers to be used again, a batch at most
}

// backlogOf is what a path has not taken yet; nil: nothing.
func (s *backlogs) backlogOf(path transport.Path) *backlog {
	if len(s.all) == 0 {
		return nil
	}
	return s.byPath[path]
}

// newBacklog begins one for a path that has none.
func (s *backlogs) newBacklog(path transport.Path) *backlog {
	if s.byPath == nil {
		s.byPath = make(map[transport.Path]*backlog)
	}
	b := &backlog{path: path}
	s.byPath[path] = b
	s.all = append(s.all, b)
	return b
}

// keep moves datagram i of those that are queued to a backlog, with its buffer, if there is room.
func (p *port) keep(b *backlog, i int) {
	if len(b.waiting) == mostBacklog {
		p.stats.Refused++
		return
	}
	p.stats.Kept++
	b.waiting = append(b.waiting, p.out[i])
	p.bufs[i] = nil
	if last := len(p.spare) - 1; last >= 0 {
		p.bufs[i], p.spare = p.spare[last], p.spare[:last]
	}
}

// retry offers once more what the paths of the socket did not take.
func (p *port) retry() {
	still := p.all[:0]
	for _, b := range p.all {
		if p.offer(b); len(b.waiting) > 0 {
			still = append(still, b)
		} else {
			delete(p.byPath, b.path)
		}
	}
	clear(p.all[len(still):])
	p.all = still
}

// offer writes what a path will take now of its backlog.
func (p *port) offer(b *backlog) {
	wrote, err := p.write(b.waiting)
	if err != nil {
		p.stats.Refused += uint64(len(b.waiting) - wrote)
		wrote = len(b.waiting)
	}
	for i := range b.waiting[:wrote] {
		if len(p.spare) < writeBatch {
			p.spare = append(p.spare, b.waiting[i].Bytes[:0])
		}
	}
	left := copy(b.waiting, b.waiting[wrote:])
	clear(b.waiting[left:])
	b.waiting = b.waiting[:left]
}

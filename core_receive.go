package tickwire

import "github.com/tickwire/tickwire/transport"

// howMuch of what has arrived is read.
type howMuch uint8

const (
	readAll   howMuch = iota // until there is nothing more
	leaveRest                // until it seems so: a Wait follows, which tells if something was left
)

// receive reads what has arrived, a bounded number of datagrams.
func (k *core) receive(much howMuch) {
	for _, p := range k.ports {
		for left := k.cfg.MaxReadsPerCall; left > 0 && !p.broken; {
			want := min(left, len(k.incoming))
			n, err := p.socket.Read(k.incoming[:want])
			if err != nil {
				p.report(k.cfg.Logger, toRead, err)
				p.broken = k.role.doesWithout(p)
				break
			}
			left -= n
			for i := range k.incoming[:n] {
				k.handleDatagram(p, &k.incoming[i])
			}
			if n == 0 || much == leaveRest && n < want/2 {
				break
			}
		}
		if p.mortal != nil && !p.broken {
			k.lookAtPaths(p)
		}
	}
}

// handleDatagram counts a datagram, finds out when it came, and hands it on.
func (k *core) handleDatagram(p *port, d *transport.Datagram) {
	p.stats.Received++
	p.stats.ReceivedBytes += uint64(len(d.Bytes))
	came := k.cameAt(d.Received)
	k.role.handle(reading{k.readAt(came), came, p, d})
}

// timeouts does what is due by time.
func (k *core) timeouts() {
	k.role.timeout(k.now)
	for k.due.earliest() <= k.now {
		c := k.due.heap[0].conn
		k.due.remove(c) // until pump says when it is due again
		if c.end != nil {
			c.end.HandleTimeout(k.now)
			k.showLater(c)
			c.peer.timePassed()
		}
		k.markDirty(c)
	}
}

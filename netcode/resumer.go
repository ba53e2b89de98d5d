package netcode

import "container/heap"

// A resumer is what is remembered of a player who has shown a resume ticket, from the
// first one until the last one that he showed is over. However many tickets a player has
// there is one of it, so that nobody fills the table by coming and going.
//
// The newest ticket counts, and of RESUMEs with it the newest attempt:
//
//	shown    the keys of the newest ticket are known
//	begun    an attempt had a cookie; a seat may wait for its first DATA, see returning
//	used     a seat was confirmed: this ticket and all that were issued before it admit
//	         nothing, and its keys are erased
type resumer struct {
	clientID        uint64
	mac             [macBytes]byte // of the ticket shown
	ticket          *privateTicket
	keys            *handshakeKeys
	issued, attempt uint64 // of what has begun
	used            uint64 // the newest ticket that was used, 0: none
	expires         uint64
	seat            *Seat // that waits
	begun           int64 // when an attempt came that was newer than all before
	judged          int64 // when one was judged again
	paid            int64 // when his debt is paid back; see gate
	at              int   // place in Admission.resumersByEnd, when forgotten -1
}

// A returning is a resumption that waits on its seat for the first DATA. Until that comes
// nothing is moved, counted or used.
type returning struct {
	who       *resumer
	begun     int64  // of the attempt
	issued    uint64 // of the ticket
	ends      uint64 // when one would be over that was given to him now and lives as long
	answer    applicant
	pad       Pad
	accept    []byte
	old       *Seat // of the connection that the ticket was given to, if it was there
	oldID     [connectionIDBytes]byte
	given     [connectionIDBytes]byte // of the connection that the ticket was given to
	continues bool                    // the endpoint of old goes on
}

// shownTicket returns who has shown the ticket with the MAC last, nil if nobody has.
func (a *Admission) shownTicket(mac *[macBytes]byte) *resumer { return a.byTicket[*mac] }

// spent reports whether the ticket that was shown last is used.
func (r *resumer) spent() bool { return r.ticket.issued <= r.used }

// issue returns a number for a ticket: higher than that of any that was issued or seen
// before, and than those of an earlier run unless the clock went back.
func (a *Admission) issue(unix int64) uint64 {
	a.issued = max(a.issued+1, seconds(unix)<<20)
	return a.issued
}

// resumer returns what is remembered of a player, nil if he is new and the table full, but for the
// places that are left to those for whom a seat is kept.
func (a *Admission) resumer(clientID, expires uint64) *resumer {
	return a.resumerOf(clientID, expires, a.maxTokens-a.withheld(clientID))
}

// revoked is resumer for a player whom the server sends away. In a full table that takes the place of
// one who has shown a ticket and not used it; or it becomes twice as large, since what was
// used must not be forgotten, and no player can cause that by himself.
func (a *Admission) revoked(clientID, expires uint64) *resumer {
	if r := a.resumerOf(clientID, expires, a.maxTokens); r != nil {
		return r
	}
	for _, r := range a.resumersByEnd {
		if r.used == 0 && r.seat == nil {
			heap.Remove(&a.resumersByEnd, r.at)
			delete(a.byTicket, r.mac)
			delete(a.resumers, r.clientID)
			break
		}
	}
	return a.resumerOf(clientID, expires, 2*a.maxTokens)
}

func (a *Admission) resumerOf(clientID, expires uint64, most int) *resumer {
	r := a.resumers[clientID]
	if r == nil {
		if len(a.resumers) >= most {
			return nil
		}
		r = &resumer{clientID: clientID, expires: expires, ticket: new(privateTicket), begun: -sendInterval, judged: -sendInterval}
		a.resumers[clientID] = r
		heap.Push(&a.resumersByEnd, r)
	} else if expires > r.expires {
		r.expires = expires
		heap.Fix(&a.resumersByEnd, r.at)
	}
	return r
}

// show makes a ticket the one that is known.
func (a *Admission) show(r *resumer, mac *[macBytes]byte, t *privateTicket, keys *handshakeKeys) {
	delete(a.byTicket, r.mac)
	shown := *t
	r.mac, r.ticket, r.keys = *mac, &shown, keys
	r.ticket.addresses = nil
	a.byTicket[*mac] = r
	a.issued = max(a.issued, t.issued)
}

// expireResumers forgets whose tickets are over. A seat that waits is not concerned.
func (a *Admission) expireResumers(unix int64) {
	for len(a.resumersByEnd) > 0 && a.resumersByEnd[0].expires <= seconds(unix) {
		r := heap.Pop(&a.resumersByEnd).(*resumer)
		delete(a.byTicket, r.mac)
		delete(a.resumers, r.clientID)
	}
}

// use makes a ticket, and all that were issued before it, worthless for good.
func (r *resumer) use(issued uint64) {
	r.used = max(r.used, issued)
	if r.spent() {
		r.ticket, r.keys = &privateTicket{issued: r.ticket.issued}, nil
	}
}

func (r *resumer) endsBefore(other *resumer) bool { return r.expires < other.expires }

func (r *resumer) place() *int { return &r.at }

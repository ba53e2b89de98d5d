package netcode

import (
	"container/heap"
	"slices"
)

// A wallet is what one client id has in the table of tokens. A backend may give a player any
// number of tokens, so neither those that he only shows nor those that he has used leave
// others without room: of the first a further one takes the place of the oldest, and who
// has any at all leaves a part of the table to those who have none.
type wallet struct {
	tokens  int           // remembered, in whatever state
	pending []*tokenEntry // the oldest first
}

const (
	maxPending = 4 // tokens of one client id; one is what a login gives
	othersPart = 4 // one in so many places is for client ids that have none
)

// room reports whether the table has a place for another token of a client id.
func (a *Admission) room(clientID uint64) bool {
	taken := len(a.byMAC) + a.withheld(clientID)
	w := a.wallets[clientID]
	switch {
	case w == nil:
	case a.crowded(clientID):
		return true // that of the oldest
	case a.reserved[clientID] == nil:
		taken += a.maxTokens / othersPart
	}
	return taken < a.maxTokens
}

// pocket puts an entry into the wallet of its client id.
func (a *Admission) pocket(e *tokenEntry) {
	w := a.wallets[e.clientID]
	if w == nil {
		w = &wallet{}
		a.wallets[e.clientID] = w
	}
	w.tokens++
	w.pending = append(w.pending, e)
}

// crowded reports whether a client id has as many pending tokens as it may.
func (a *Admission) crowded(clientID uint64) bool {
	w := a.wallets[clientID]
	return w != nil && len(w.pending) >= maxPending
}

// makeRoom forgets the oldest pending token of a client id that has as many as it may. It may
// be shown again, as if it never was: no seat came of it, and what was asked in a challenge of it
// is then unknown.
func (a *Admission) makeRoom(clientID uint64) {
	if a.crowded(clientID) {
		e := a.wallets[clientID].pending[0]
		heap.Remove(&a.tokensByEnd, e.at)
		a.drop(e)
	}
}

// settle notes that a token is not pending any more.
func (a *Admission) settle(e *tokenEntry) {
	if w := a.wallets[e.clientID]; w != nil {
		if i := slices.Index(w.pending, e); i >= 0 {
			w.pending = slices.Delete(w.pending, i, i+1)
		}
	}
}

// unpocket takes an entry that is forgotten out of its wallet.
func (a *Admission) unpocket(e *tokenEntry) {
	a.settle(e)
	w := a.wallets[e.clientID]
	if w.tokens--; w.tokens == 0 {
		delete(a.wallets, e.clientID)
	}
}

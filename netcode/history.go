package netcode

import "container/heap"

// tokenState is where a token is in its life.
type tokenState uint8

const (
	tokenPending tokenState = iota
	tokenAccepted
	tokenConsumed
)

// A tokenEntry is what is remembered of a token from its first request to its
// expiry, or until its player shows too many others. Once it is consumed only its MAC
// and whose it was count, and the keys are erased.
type tokenEntry struct {
	mac            [macBytes]byte
	index          uint32
	state          tokenState
	expires        uint64
	clientID       uint64
	firstChallenge uint64 // the counters of its challenges are
	challenged     uint64 // as many, from the first on
	paid           int64  // when its debt is paid back; see gate
	at             int    // place in Admission.tokensByEnd, when forgotten -1
	*usableToken          // nil: it is consumed
}

// A usableToken is what is erased when a token is consumed.
type usableToken struct {
	timeoutSeconds int32
	keys           hidden[*tokenKeys]
	pad            Pad
	userData       keptData       // the seat has it too
	seat           *Seat          // of an accepted token
	handshake      *handshakeKeys // derived on the first use
	receive        *packetKey     // of plain responses, likewise
	send           *packetKey     // of challenges and Denied
	judged         int64          // when the application was asked about it
}

// find returns the entry of a token, nil if it was not shown before.
// This is asked before anything is decrypted: a known token costs no decryption, and a request that
// was sniffed cannot keep its owner out.
func (a *Admission) find(mac *[macBytes]byte) *tokenEntry {
	if i, ok := a.byMAC[*mac]; ok {
		return a.tokens[i]
	}
	return nil
}

// entry returns the entry that a challenge sequence names, nil if it is not one of
// its challenges.
func (a *Admission) entry(sequence uint64) *tokenEntry {
	i := sequence & (maxEntries - 1)
	if i >= uint64(len(a.tokens)) {
		return nil
	}
	e := a.find(&a.tokens[i].mac)
	if e == nil || sequence>>entryBits-e.firstChallenge >= e.challenged {
		return nil
	}
	return e
}

// remember adds a token, nil if the table is full.
func (a *Admission) remember(mac *[macBytes]byte, expires uint64, p *privateToken) *tokenEntry {
	if !a.room(p.clientID) {
		return nil
	}
	a.makeRoom(p.clientID)
	var e *tokenEntry
	if n := len(a.free); n > 0 {
		e = a.tokens[a.free[n-1]]
		a.free = a.free[:n-1]
	} else {
		e = &tokenEntry{index: uint32(len(a.tokens))}
		a.tokens = append(a.tokens, e)
	}
	keys := p.keys
	*e = tokenEntry{
		mac: *mac, index: e.index, expires: expires, clientID: p.clientID,
		usableToken: &usableToken{
			timeoutSeconds: p.timeoutSeconds, keys: hide(&keys), pad: p.pad, userData: keepData(&p.userData),
			judged: -sendInterval,
		},
	}
	a.byMAC[*mac] = e.index
	a.pocket(e)
	heap.Push(&a.tokensByEnd, e)
	return e
}

// consume makes a token worthless for good.
func (a *Admission) consume(e *tokenEntry) {
	a.settle(e)
	*e = tokenEntry{
		mac: e.mac, index: e.index, expires: e.expires, at: e.at, state: tokenConsumed, clientID: e.clientID,
		firstChallenge: e.firstChallenge, challenged: e.challenged,
	}
}

// expired takes one token that has expired out of the table, nil if there is
// none. The caller unties what refers to it.
func (a *Admission) expired(unix int64) *tokenEntry {
	if len(a.tokensByEnd) == 0 || a.tokensByEnd[0].expires > seconds(unix) {
		return nil
	}
	e := heap.Pop(&a.tokensByEnd).(*tokenEntry)
	a.drop(e)
	return e
}

// drop takes an entry that is in no order any more out of the table.
func (a *Admission) drop(e *tokenEntry) {
	delete(a.byMAC, e.mac)
	a.unpocket(e)
	a.free = append(a.free, e.index)
}

// mayAsk reports whether the application is asked about a token again: ten times a second at most,
// whatever its player sends.
func (e *tokenEntry) mayAsk(now int64) bool {
	if now-e.judged < sendInterval {
		return false
	}
	e.judged = now
	return true
}

func (e *tokenEntry) endsBefore(other *tokenEntry) bool { return e.expires < other.expires }

func (e *tokenEntry) place() *int { return &e.at }

// receiveKey returns what plain responses of the token are opened with.
func (e *tokenEntry) receiveKey(protocolID uint64) *packetKey {
	if e.receive == nil {
		e.receive = newPacketKey(&e.keys().clientToServer, protocolID)
	}
	return e.receive
}

// keysOf returns what OFFER, ACCEPT and REASON of the token are sealed with.
func (e *tokenEntry) keysOf(protocolID uint64) *handshakeKeys {
	if e.handshake == nil {
		e.handshake = newHandshakeKeys(e.keys(), protocolID)
	}
	return e.handshake
}

// sendKey returns what standard packets of the token are sealed with.
func (e *tokenEntry) sendKey(protocolID uint64) *packetKey {
	if e.send == nil {
		e.send = newPacketKey(&e.keys().serverToClient, protocolID)
	}
	return e.send
}

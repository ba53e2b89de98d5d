package netcode

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"time"
)

// An Admission is what has to be known about everybody at once: which tokens
// were shown, which client ids are connected and how many, and the numbers
// that must never repeat. A Server makes its own unless it is given one;
// several servers that one owner calls in turn may share one. Packets of
// connections never touch it.
//
// Each token goes from unseen to pending (shown, its keys known, no address),
// accepted (a seat is taken, not confirmed) and consumed, and is forgotten
// when it expires, never earlier: a full table refuses new tokens instead.
type Admission struct {
	random       io.Reader
	maxClients   int
	maxTokens    int
	notBefore    uint64 // tokens that expire earlier may have been seen by an earlier run
	tokens       []*tokenEntry
	free         []uint32 // entries that expired
	expiry       []uint32 // heap of entries, the first to expire on top
	byMAC        map[[macBytes]byte]uint32
	clients      map[uint64]*Seat
	sources      map[Source]*tokenEntry // from where plain responses may come
	connected    int
	global       uint64 // next sequence of denied and challenge packets
	challenges   uint64 // next challenge of the key below
	challengeKey cipher.AEAD
}

// An AdmissionConfig bounds an [Admission].
type AdmissionConfig struct {
	// MaxClients is how many players may be connected; 0 means 256.
	MaxClients int
	// MaxTokens is how many unexpired tokens are remembered; 0 means eight for
	// each client, at least 1024. Further ones are refused until some expire.
	MaxTokens int
	// MaxTokenLifetime is the longest life of a token that any backend makes; 0
	// means [DefaultLifetime]. Tokens that expire before the start plus this
	// are refused, since an earlier run may have seen them. Negative turns the
	// rule off, which is for tests: it lets recorded tokens in after a restart.
	MaxTokenLifetime time.Duration
	// Random is where keys and nonces come from; nil means crypto/rand.
	Random io.Reader
}

// maxClients is bounded by the bits of a connection id: two slots a client
// and at least three bits of generation.
const maxClientsLimit = 1 << 16

// globalSequenceStart keeps the packets that are sent before a seat is taken
// out of the way of those of a seat, which count from zero under the same key.
const globalSequenceStart = 1 << 63

// NewAdmission starts an Admission at the time unix, in seconds since 1970.
func NewAdmission(unix int64, cfg AdmissionConfig) (*Admission, error) {
	if cfg.MaxClients == 0 {
		cfg.MaxClients = 256
	}
	if cfg.MaxClients < 0 || cfg.MaxClients > maxClientsLimit {
		return nil, &ConfigError{"AdmissionConfig.MaxClients", fmt.Sprintf("%d; give 1 to %d, or more servers", cfg.MaxClients, maxClientsLimit)}
	}
	if cfg.MaxTokens == 0 {
		cfg.MaxTokens = max(8*cfg.MaxClients, 1024)
	}
	if cfg.MaxTokens < 0 || cfg.MaxTokens > maxEntries {
		return nil, &ConfigError{"AdmissionConfig.MaxTokens", fmt.Sprintf("%d; give 1 to %d", cfg.MaxTokens, maxEntries)}
	}
	a := &Admission{
		random:     cfg.Random,
		maxClients: cfg.MaxClients,
		maxTokens:  cfg.MaxTokens,
		byMAC:      make(map[[macBytes]byte]uint32),
		clients:    make(map[uint64]*Seat),
		sources:    make(map[Source]*tokenEntry),
		global:     globalSequenceStart,
	}
	if a.random == nil {
		a.random = rand.Reader
	}
	switch {
	case cfg.MaxTokenLifetime == 0:
		cfg.MaxTokenLifetime = DefaultLifetime
		fallthrough
	case cfg.MaxTokenLifetime > 0:
		a.notBefore = seconds(unix) + uint64((cfg.MaxTokenLifetime+time.Second-1)/time.Second)
	}
	if !a.newChallengeKey() {
		return nil, &ConfigError{"AdmissionConfig.Random", "failed; the server needs unpredictable keys or none at all"}
	}
	return a, nil
}

// Clients is how many players are connected.
func (a *Admission) Clients() int { return a.connected }

// MaxClients is how many players may be.
func (a *Admission) MaxClients() int { return a.maxClients }

// Tokens is how many unexpired tokens are remembered.
func (a *Admission) Tokens() int { return len(a.byMAC) }

func (a *Admission) full() bool { return a.connected >= a.maxClients }

func (a *Admission) newChallengeKey() bool {
	var k Key
	if !fill(a.random, k[:]) {
		return false
	}
	a.challengeKey, a.challenges = chacha(&k), 0
	return true
}

// nextGlobal returns a sequence for a packet outside any seat, never twice in
// this run; runs are told apart by their tokens.
func (a *Admission) nextGlobal() uint64 {
	a.global++
	return a.global - 1
}

// nextChallenge returns a challenge sequence that names the entry. The
// challenge key changes before its counter could repeat.
func (a *Admission) nextChallenge(e *tokenEntry) (sequence uint64, ok bool) {
	if a.challenges == maxChallenges && !a.newChallengeKey() {
		return 0, false
	}
	a.challenges++
	return (a.challenges-1)<<entryBits | uint64(e.index), true
}

func seconds(unix int64) uint64 { return uint64(max(unix, 0)) }

// tokenState is where a token is in its life.
type tokenState uint8

const (
	tokenPending tokenState = iota
	tokenAccepted
	tokenConsumed
)

// A tokenEntry is what is remembered of a token from its first request to its
// expiry. Once it is consumed only its MAC counts and the keys are erased.
type tokenEntry struct {
	mac            [macBytes]byte
	index          uint32
	state          tokenState
	expires        uint64
	clientID       uint64
	timeoutSeconds int32
	keys           tokenKeys
	pad            Pad
	userData       [UserDataBytes]byte
	seat           *Seat          // of an accepted token
	handshake      *handshakeKeys // derived on the first use
	receive        *packetKey     // of plain responses, likewise
	sources        [maxPlainSources]Source
	numSources     uint8
}

// maxPlainSources is how many addresses a token may be shown from by plain
// clients, whose responses name no token.
const maxPlainSources = 4

// find returns the entry of a token, nil if it was not shown before.
func (a *Admission) find(mac *[macBytes]byte) *tokenEntry {
	if i, ok := a.byMAC[*mac]; ok {
		return a.tokens[i]
	}
	return nil
}

// entry returns the entry that a challenge sequence names, nil if there is
// none.
func (a *Admission) entry(sequence uint64) *tokenEntry {
	i := sequence & (maxEntries - 1)
	if i >= uint64(len(a.tokens)) {
		return nil
	}
	return a.find(&a.tokens[i].mac)
}

// remember adds a token, nil if the table is full.
func (a *Admission) remember(mac *[macBytes]byte, expires uint64, p *privateToken) *tokenEntry {
	if len(a.byMAC) >= a.maxTokens {
		return nil
	}
	var e *tokenEntry
	if n := len(a.free); n > 0 {
		e = a.tokens[a.free[n-1]]
		a.free = a.free[:n-1]
	} else {
		e = &tokenEntry{index: uint32(len(a.tokens))}
		a.tokens = append(a.tokens, e)
	}
	*e = tokenEntry{
		mac: *mac, index: e.index, expires: expires, clientID: p.clientID,
		timeoutSeconds: p.timeoutSeconds, keys: p.keys, pad: p.pad, userData: p.userData,
	}
	a.byMAC[*mac] = e.index
	a.pushExpiry(e.index)
	return e
}

// consume makes a token worthless for good.
func (a *Admission) consume(e *tokenEntry) {
	a.forgetSources(e)
	*e = tokenEntry{mac: e.mac, index: e.index, expires: e.expires, state: tokenConsumed}
}

// expired takes one token that has expired out of the table, nil if there is
// none. The caller unties what refers to it.
func (a *Admission) expired(unix int64) *tokenEntry {
	if len(a.expiry) == 0 || a.tokens[a.expiry[0]].expires > seconds(unix) {
		return nil
	}
	e := a.tokens[a.popExpiry()]
	a.forgetSources(e)
	delete(a.byMAC, e.mac)
	a.free = append(a.free, e.index)
	return e
}

func (a *Admission) sooner(i, j int) bool {
	return a.tokens[a.expiry[i]].expires < a.tokens[a.expiry[j]].expires
}

func (a *Admission) pushExpiry(index uint32) {
	a.expiry = append(a.expiry, index)
	for i := len(a.expiry) - 1; i > 0; {
		parent := (i - 1) / 2
		if !a.sooner(i, parent) {
			return
		}
		a.expiry[i], a.expiry[parent] = a.expiry[parent], a.expiry[i]
		i = parent
	}
}

func (a *Admission) popExpiry() uint32 {
	top, last := a.expiry[0], len(a.expiry)-1
	a.expiry[0] = a.expiry[last]
	a.expiry = a.expiry[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if a.sooner(child, least) {
				least = child
			}
		}
		if least == i {
			return top
		}
		a.expiry[i], a.expiry[least] = a.expiry[least], a.expiry[i]
		i = least
	}
}

// showFrom notes that a plain client showed the token from source. Of more
// than four sources of one token, the oldest is replaced.
func (a *Admission) showFrom(e *tokenEntry, source Source) {
	old := a.sources[source]
	if old == e {
		return
	}
	if old != nil {
		old.dropSource(source)
	}
	if e.numSources == maxPlainSources {
		delete(a.sources, e.sources[0])
		e.dropSource(e.sources[0])
	}
	e.sources[e.numSources] = source
	e.numSources++
	a.sources[source] = e
}

func (e *tokenEntry) dropSource(source Source) {
	if i := slices.Index(e.sources[:e.numSources], source); i >= 0 {
		copy(e.sources[i:], e.sources[i+1:e.numSources])
		e.numSources--
	}
}

func (a *Admission) forgetSources(e *tokenEntry) {
	for _, source := range e.sources[:e.numSources] {
		delete(a.sources, source)
	}
	e.numSources = 0
}

// receiveKey returns what plain responses of the token are opened with.
func (e *tokenEntry) receiveKey(protocolID uint64) *packetKey {
	if e.receive == nil {
		e.receive = newPacketKey(&e.keys.clientToServer, protocolID)
	}
	return e.receive
}

// keysOf returns what OFFER, ACCEPT and REASON of the token are sealed with.
func (e *tokenEntry) keysOf(protocolID uint64) *handshakeKeys {
	if e.handshake == nil {
		e.handshake = newHandshakeKeys(&e.keys, protocolID)
	}
	return e.handshake
}

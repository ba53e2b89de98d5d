package netcode

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// An Admission is what has to be known about everybody at once: which tokens
// were shown, which client ids are connected and how many, for whom a seat is
// kept, and the numbers that must never repeat. A Server makes its own unless it is given one;
// several servers that one owner calls in turn may share one. Packets of
// connections never touch it.
//
// Each token goes from unseen to pending (shown, its keys known, no address),
// accepted (a seat is taken, not confirmed) and consumed. From accepted on it is
// forgotten when it expires, never earlier: a full table refuses new tokens instead. Of
// pending ones a client id has four; a further one takes the place of the oldest.
type Admission struct {
	random        io.Reader
	maxClients    int
	maxTokens     int
	lifetime      uint64 // the longest of a token; 0: any
	unix          int64  // the latest that any clock said
	notBefore     uint64 // tokens that expire earlier may have been seen by an earlier run
	tokens        []*tokenEntry
	free          []uint32 // entries that expired
	tokensByEnd   byEnd[*tokenEntry]
	byMAC         map[[macBytes]byte]uint32
	wallets       map[uint64]*wallet
	clients       map[uint64]*Seat
	shown         shown // from where plain responses may come
	reserved      map[uint64]*reservation
	waiting       byEnd[*reservation] // those whose client is not connected
	resumers      map[uint64]*resumer
	byTicket      map[[macBytes]byte]*resumer
	resumersByEnd byEnd[*resumer]
	issued        uint64 // number of the newest ticket
	ticketsEnd    uint64 // when all tickets of this run are over
	returning     int    // seats that wait for players who resume
	connected     int
	global        uint64 // next sequence of denied and challenge packets
	challenges    uint64 // next challenge of the key below
	challengeKey  challengeKey
	gate          gate
	cookies       cookieJar
}

// An AdmissionConfig bounds an [Admission].
type AdmissionConfig struct {
	// MaxClients is how many players may be connected; 0 means 256.
	MaxClients int
	// MaxTokens is how many unexpired tokens are remembered; 0 means eight for
	// each client, at least 1024. Further ones are refused until some expire; the last
	// quarter of the room is for client ids that have none there. So many
	// players who have come back with a resume ticket are remembered, too.
	MaxTokens int
	// MaxTokenLifetime is the longest life of a token that any backend makes; 0
	// means [DefaultLifetime]. Tokens that expire not later than the start plus
	// this are refused, since an earlier run may have seen them. Tokens count in
	// whole seconds: one with the longest life is good if it was made in a later
	// second than that of the start, however soon after its end a server is
	// started again. A token that lives longer, since the backend's clock is ahead, has to wait until it
	// does not, see [DropAhead]; if that is more than five seconds it is refused with [CodeTooLong]. Negative turns the first rule off, which is for tests and for who has
	// had no earlier run: it lets recorded tokens in after a restart. Then the longest life is
	// [MaxLifetime], since a token is remembered as long as it lives.
	MaxTokenLifetime time.Duration
	// FailuresPerSecond is how many datagrams that ask for cryptography and do not
	// authenticate, and how many answers beyond those that a handshake needs,
	// each address may cause (/64 of IPv6): those of a second at once. Each of
	// its ports has a 64th of that, its network (/24, or /48 of IPv6) four
	// times as much. Players who get in are charged nothing. 0 means 4096; negative
	// turns the limits off.
	FailuresPerSecond int
	// HandshakesPerSecond is how many handshake datagrams of everybody may cost
	// cryptography, about a microsecond each, and an eighth of it at once; forward
	// secrecy counts 32. When more ask, lots decide about three eighths of it; two are for
	// networks that had less than a fair share, one for clients whose token is
	// known, and lots again decide about the last two, also among those who failed too
	// often. What is refused comes again 100 ms later. 0 means 65536; negative turns
	// the limit off, and those who failed too often are not heard at all.
	HandshakesPerSecond int
	// Random is where keys and nonces come from; nil means crypto/rand.
	Random io.Reader
}

const (
	// DefaultMaxClients is how many players may be connected to a server that does not say.
	DefaultMaxClients = 256
	// MaxClients is how many a server can have: a connection id has the bits for three slots a
	// client and at least three of a generation.
	MaxClients = 1 << 16
)

// globalSequenceStart keeps the packets that are sent before a seat is taken
// out of the way of those of a seat, which count from zero under the same key. Each run begins
// at a place of its own above it: two processes that are shown one token, by a mistake of whoever
// runs them, then do not seal with the same numbers.
const globalSequenceStart = 1 << 63

// Validate reports everything that is wrong with the configuration, as a join of ConfigErrors.
func (cfg AdmissionConfig) Validate() error {
	var v config.Check
	v.That(cfg.MaxClients >= 0 && cfg.MaxClients <= MaxClients, "MaxClients", cfg.MaxClients,
		fmt.Sprintf("1 to %d, or 0 for %d; more servers take more", MaxClients, DefaultMaxClients))
	v.That(cfg.MaxTokens >= 0 && cfg.MaxTokens <= maxEntries, "MaxTokens", cfg.MaxTokens,
		fmt.Sprintf("1 to %d, or 0 for eight for each client", maxEntries))
	v.That(cfg.MaxTokenLifetime <= MaxLifetime, "MaxTokenLifetime", cfg.MaxTokenLifetime,
		fmt.Sprintf("up to %v, 0 for %v, or negative for no restart rule", MaxLifetime, DefaultLifetime))
	v.That(cfg.FailuresPerSecond <= mostPerSecond, "FailuresPerSecond", cfg.FailuresPerSecond,
		fmt.Sprintf("1 to %d, 0 for %d, or negative for no limit", mostPerSecond, defaultFailures))
	v.That(cfg.HandshakesPerSecond <= mostPerSecond, "HandshakesPerSecond", cfg.HandshakesPerSecond,
		fmt.Sprintf("1 to %d, 0 for %d, or negative for no limit", mostPerSecond, defaultWork))
	return v.Err()
}

func (cfg AdmissionConfig) withDefaults() AdmissionConfig {
	cfg.MaxClients = cmp.Or(cfg.MaxClients, DefaultMaxClients)
	cfg.MaxTokens = cmp.Or(cfg.MaxTokens, max(8*cfg.MaxClients, 1024))
	cfg.MaxTokenLifetime = cmp.Or(cfg.MaxTokenLifetime, DefaultLifetime)
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	return cfg
}

// NewAdmission starts an Admission at the time unix, in seconds since 1970. The error is that of
// [AdmissionConfig.Validate], or a *[ConfigError] if there is no randomness.
func NewAdmission(unix int64, cfg AdmissionConfig) (*Admission, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	a := &Admission{
		random:     cfg.Random,
		maxClients: cfg.MaxClients,
		maxTokens:  cfg.MaxTokens,
		byMAC:      make(map[[macBytes]byte]uint32),
		wallets:    make(map[uint64]*wallet),
		clients:    make(map[uint64]*Seat),
		reserved:   make(map[uint64]*reservation),
		resumers:   make(map[uint64]*resumer),
		byTicket:   make(map[[macBytes]byte]*resumer),
		unix:       unix,
	}
	if cfg.MaxTokenLifetime > 0 {
		a.lifetime = uint64((cfg.MaxTokenLifetime-1)/time.Second) + 1 // rounded up
		a.notBefore = seconds(unix) + a.lifetime + 1                  // and the start's own second
	}
	if !a.newChallengeKey() {
		return nil, noRandom("the server needs unpredictable keys or none at all")
	}
	var ok bool
	if a.gate, ok = newGate(a.random, cfg.FailuresPerSecond, cfg.HandshakesPerSecond); !ok {
		return nil, noRandom("where sources are counted must not be known")
	}
	if a.cookies, ok = newCookieJar(unix, a.random); !ok {
		return nil, noRandom("cookies must not be guessed")
	}
	var start [8]byte
	if !fill(a.random, start[:]) {
		return nil, noRandom("no two runs may begin to count at one number")
	}
	a.global = globalSequenceStart | binary.LittleEndian.Uint64(start[:])>>2 // 62 bits: it never comes to its end
	return a, nil
}

// newest returns the time that counts. It never goes back: what has expired once was forgotten,
// and would be new, its numbers with it, if a clock that was set ahead came back.
func (a *Admission) newest(unix int64) int64 {
	a.unix = max(a.unix, unix)
	return a.unix
}

// backendAhead is how many seconds the clock of a backend may be ahead of ours.
const backendAhead = 5

// tooLong finds out whether a token outlives what ours may: the restart rule of the next run believes
// that none does. The token of a backend whose clock is ahead has to wait for as long as it is.
func (a *Admission) tooLong(unix int64, expires uint64) Drop {
	longest := cmp.Or(a.lifetime, uint64(MaxLifetime/time.Second))
	switch most := seconds(unix) + longest; {
	case expires > most+backendAhead:
		return DropTooLong
	case expires > most && a.lifetime > 0:
		return DropAhead
	}
	return DropNone
}

// Clients is how many players are connected.
func (a *Admission) Clients() int { return a.connected }

// MaxClients is how many players may be.
func (a *Admission) MaxClients() int { return a.maxClients }

// Tokens is how many unexpired tokens are remembered.
func (a *Admission) Tokens() int { return len(a.byMAC) }

func (a *Admission) newChallengeKey() bool {
	var k rawKey
	if !fill(a.random, k[:]) {
		return false
	}
	a.challengeKey.aead, a.challenges = chacha(&k), 0
	return true
}

// nextGlobal returns a sequence for a packet outside any seat, never twice in
// this run; runs are told apart by their tokens.
func (a *Admission) nextGlobal() uint64 {
	a.global++
	return a.global - 1
}

// nextChallenge returns a challenge sequence that names the entry, which remembers
// from where to where its own are. The challenge key changes before its counter could
// repeat.
func (a *Admission) nextChallenge(e *tokenEntry) (sequence uint64, ok bool) {
	if a.challenges == maxChallenges && !a.newChallengeKey() {
		return 0, false
	}
	if e.challenged == 0 {
		e.firstChallenge = a.challenges
	}
	a.challenges++
	e.challenged = a.challenges - e.firstChallenge
	return (a.challenges-1)<<entryBits | uint64(e.index), true
}

func seconds(unix int64) uint64 { return uint64(max(unix, 0)) }

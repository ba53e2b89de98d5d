package netcode

import (
	"crypto/cipher"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
)

// A PlainPolicy says what to do about peers that speak plain netcode 1.02.
type PlainPolicy uint8

const (
	// PlainRefuse does not talk to plain peers.
	PlainRefuse PlainPolicy = iota
	// PlainAllow talks to both; our dialect is preferred.
	PlainAllow
	// PlainOnly speaks the standard and nothing else, as other libraries do.
	PlainOnly
)

// A ServerConfig says who may connect. The zero value lacks at least
// PrivateKey and Addresses.
type ServerConfig struct {
	// ProtocolID tells games, and versions of a game, apart.
	ProtocolID uint64
	// PrivateKey is the secret that backend and servers share.
	PrivateKey Key
	// TicketKey is what resume tickets are sealed under; all zero means a key that is
	// derived from PrivateKey. Whoever has it can come back as any player. A ticket lives
	// as long as the key does.
	TicketKey Key
	// Addresses are the public addresses of this server: a token must name one
	// of them.
	Addresses []netip.AddrPort
	// MaxClients, MaxTokens, MaxTokenLifetime: see [AdmissionConfig]. Not used
	// when Admission is set.
	MaxClients, MaxTokens int
	MaxTokenLifetime      time.Duration
	// FailuresPerSecond, HandshakesPerSecond: see [AdmissionConfig]; likewise.
	FailuresPerSecond, HandshakesPerSecond int
	// Admission is shared with other servers of the same owner; nil: its own.
	Admission *Admission
	// Shard is the first byte of this server's connection ids.
	Shard uint8
	// Plain says what to do about plain netcode clients.
	Plain PlainPolicy
	// KeepOldest refuses a client id that has a confirmed connection already, with
	// CodeConnected. Otherwise the newest connection wins and the old one is
	// reported as replaced; one that is not confirmed is replaced in any case.
	// Plain clients never replace anyone. A client that resumes replaces the connection
	// that it resumes in any case.
	// An unconfirmed one is replaced all the same: it may be the same player, started anew.
	KeepOldest bool
	// Judge decides about a client whose token and address are proven, before a
	// seat is taken; nil lets everybody in. It may be asked several times about
	// one client, ten times a second for each token.
	Judge func(Offer) Verdict
	// LeastProtection refuses tokens whose issuer asks for less. Servers that
	// share an Admission have the same: a token is looked at once.
	LeastProtection Protection
	// EpochPackets is after how many packets to a client the keys change; 0
	// means [MaxEpochPackets], which is the most. Fewer are for tests.
	EpochPackets int
	// Random is where keys and nonces come from; nil means crypto/rand.
	Random io.Reader
}

// An Offer is what a client that wants a seat has proven. Its slices are valid
// until Judge returns.
type Offer struct {
	ClientID uint64
	UserData UserData
	Source   Source
	// Hello is the client's HELLO body; none if the client is plain.
	Hello []byte
	// Plain is true for a client that has not offered our dialect (yet).
	Plain bool
	// Replaces is the seat of the same client id that will be replaced.
	Replaces *Seat
	// Renews is the unconfirmed seat that the client, started anew, takes again.
	Renews *Seat
	// Resumed is true for a client that comes back with a resume ticket. Nothing is
	// moved, and nobody replaced, before he has confirmed it ([EventResumed]).
	Resumed bool
	// Resumes is the seat of the connection that the ticket was given to, nil if there is no
	// such connection any more; then Replaces is nil, the same seat, or that of a
	// connection which the player has begun since.
	Resumes *Seat
	// Continues is the instance of the endpoint of Resumes with which the client's wants to
	// go on. Judge allows it by answering with the HELLO of that endpoint, which names
	// the instance; any other HELLO begins anew. It is zero if the client does not want to, or
	// cannot.
	Continues uint64
	// Reserved is true if a seat is kept for the client; see [Admission.Reserve].
	Reserved bool
}

// A Verdict is what Judge says of an Offer.
type Verdict struct {
	// Admit lets the client in, if there is a seat for it.
	Admit bool
	// Refusal is what a client is told who is not admitted, unless it is plain.
	Refusal Refusal
	// Hello is our HELLO body, for a client who is admitted and not plain. It has to stay as it
	// is until the next call.
	Hello []byte
	// Note comes back in the Event of the datagram that was judged, so that the owner
	// knows then what it thought of here.
	Note uint64
}

// A Server is the server's side of who may talk: it admits clients by their
// tokens, and seals and opens what they say. It owns no socket and no clock:
// datagrams go in with HandleDatagram, time with HandleTimeout, and what they
// answer comes out of Event.Reply and NextDatagram.
//
// netcode watches the lives of plain clients and of seats that are not
// confirmed; everybody else's life is the endpoint's matter.
type Server struct {
	cfg       ServerConfig
	random    io.Reader
	tokenKey  cipher.AEAD
	addresses []netip.AddrPort
	adm       *Admission
	seats     seatTable
	plain     map[Source]*Seat // connected plain clients
	watched   byEnd[*Seat]     // seats whose time netcode looks after, by lookAt

	timeVisits uint64 // of seats, by HandleTimeout
	now        int64
	due        fifo[*Seat] // owed a keep-alive
	parcels    fifo[parcel]
	private    hidden[*privateToken] // scratch
	offer      offer                 // likewise
	tickets    hidden[*ticketSealer]
	ticket     hidden[*privateTicket]
	body       [challengeBody]byte // of a challenge, likewise
	response   [maxResponseBytes]byte
	counters   Counters
}

// A parcel is a small datagram that waits to be taken.
type parcel struct {
	to Source
	n  uint8
	b  [minStandardBytes + 7]byte // Denied and Disconnect with eight bytes of sequence
}

const (
	sendInterval = int64(time.Second / 10) // of everything that is repeated
	maxParcels   = 4096
)

// Validate reports everything that is wrong with the configuration, as a join of ConfigErrors.
func (cfg ServerConfig) Validate() error {
	var v config.Check
	v.That(!cfg.PrivateKey.IsZero(), "PrivateKey", "zero", "the 32 secret bytes that the backend has")
	v.That(len(cfg.Addresses) > 0, "Addresses", "empty", "the public addresses that tokens name")
	checkPeers(&v, cfg.Plain, cfg.LeastProtection, cfg.EpochPackets)
	if cfg.Admission == nil {
		v.Take("", cfg.admission().Validate())
	}
	return v.Err()
}

// admission is the configuration of the server's own Admission.
func (cfg *ServerConfig) admission() AdmissionConfig {
	return AdmissionConfig{
		MaxClients: cfg.MaxClients, MaxTokens: cfg.MaxTokens, MaxTokenLifetime: cfg.MaxTokenLifetime,
		FailuresPerSecond: cfg.FailuresPerSecond, HandshakesPerSecond: cfg.HandshakesPerSecond, Random: cfg.Random,
	}
}

// NewServer starts a server at the time unix, in seconds since 1970. The error is that of
// [ServerConfig.Validate] or of [NewAdmission].
func NewServer(now, unix int64, cfg ServerConfig) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	adm := cfg.Admission
	if adm == nil {
		var err error
		if adm, err = NewAdmission(unix, cfg.admission()); err != nil {
			return nil, err
		}
	}
	ticketSecret := cfg.TicketKey
	if ticketSecret.IsZero() {
		ticketSecret = cfg.PrivateKey
	}
	s := &Server{
		cfg: cfg, adm: adm, now: now,
		random:   adm.random,
		tokenKey: xchacha(cfg.PrivateKey.raw()),
		seats:    newSeatTable(cfg.Shard, adm.maxClients),
		private:  hide(new(privateToken)),
		ticket:   hide(new(privateTicket)),
		plain:    make(map[Source]*Seat),
		tickets:  hide(newTicketSealer(ticketSecret.raw(), cfg.ProtocolID)),
	}
	if cfg.Random != nil {
		s.random = cfg.Random
	}
	for _, a := range cfg.Addresses {
		s.addresses = append(s.addresses, netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port()))
	}
	return s, nil
}

// named reports whether an address is one of the server's.
func (s *Server) named(a netip.AddrPort) bool { return slices.Contains(s.addresses, a) }

// Admission returns what the server knows about tokens and clients.
func (s *Server) Admission() *Admission { return s.adm }

// Counters returns what was counted so far.
func (s *Server) Counters() Counters { return s.counters }

// HandleDatagram takes the datagram b, which came from the given source, and
// opens it in place. What is to be answered at once is appended to reply[:0].
func (s *Server) HandleDatagram(now, unix int64, from Source, b, reply []byte) Event {
	s.now = now
	unix = s.adm.newest(unix)
	s.forgetExpired(unix)
	opened := s.counters.Decryptions
	ev := s.dispatch(unix, from, b, reply[:0])
	if s.counters.Decryptions != opened {
		s.forgetOpened()
	}
	if ev.Drop != DropNone {
		s.counters.Drops[ev.Drop]++
	}
	return ev
}

// forgetOpened erases what was read of the token or ticket that came last. Nobody may come for
// long.
func (s *Server) forgetOpened() {
	p, t := s.private(), s.ticket()
	*p = privateToken{addresses: p.addresses[:0]}
	*t = privateTicket{addresses: t.addresses[:0]}
	clear(s.tickets().body[:])
}

func (s *Server) dispatch(unix int64, from Source, b, reply []byte) Event {
	if len(b) == 0 {
		return dropped(DropEmpty)
	}
	switch prefix := b[0]; {
	case prefix == wire.PrefixRequest:
		return s.handleRequest(unix, &from, b, reply)
	case prefix >= minPlainPrefix:
		return s.handlePlain(from, b, reply)
	case s.cfg.Plain == PlainOnly:
		return dropped(DropUnknownType)
	case prefix&wire.PrefixDataMask != 0:
		return s.handleData(from, b, reply)
	case prefix == wire.PrefixHandshake:
		return s.handleLong(unix, from, b, reply)
	case prefix == wire.PrefixGone:
		return dropped(DropWrongRole)
	case prefix >= prefixUnsealed:
		return dropped(DropReserved)
	}
	return dropped(DropSequenceBytes)
}

const (
	minPlainPrefix = 0x10 // one byte of sequence
	prefixUnsealed = 0x04
)

func dropped(d Drop) Event { return Event{Drop: d} }

// forgetExpired removes the tokens, the resume tickets and the reservations whose time is over.
func (s *Server) forgetExpired(unix int64) {
	s.adm.expireReservations(s.now)
	s.adm.expireResumers(unix)
	for e := s.adm.expired(unix); e != nil; e = s.adm.expired(unix) {
		if e.usableToken != nil && e.seat != nil {
			e.seat.token = nil
		}
	}
}

// handleLong reads a handshake packet of ours.
func (s *Server) handleLong(unix int64, from Source, b, reply []byte) Event {
	if len(b) < 2 {
		return dropped(DropTooShort)
	}
	switch b[1] {
	case longOffer:
		return s.handleOffer(from, b, reply)
	case longResume:
		return s.handleResume(unix, from, b, reply)
	case longAccept, longReason, longRetry:
		return dropped(DropWrongRole)
	}
	return dropped(DropReserved)
}

package netcode

import (
	"crypto/ecdh"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A ClientConfig says how to connect. The zero value works.
type ClientConfig struct {
	// Hello is the body of HELLO that goes along in OFFER, at most 256 bytes.
	Hello []byte
	// WireID is the id that the server's packets shall carry, 0 to 4 bytes, the
	// low 3 bits of the first zero. It lets many connections share a socket.
	WireID []byte
	// Plain says what to do when the token is not of a tickwire backend and the
	// server may speak plain netcode.
	Plain PlainPolicy
	// PlainWait is how long a server that has answered as a plain one may still
	// turn out to be one of ours; 0 means a second, negative not at all.
	PlainWait time.Duration
	// Patience is how long one address may be silent before the next is tried;
	// 0 means two seconds while there is a next one and the token's timeout for
	// the last. Whoever has further tokens sets two seconds.
	Patience time.Duration
	// Within bounds the attempt, at all addresses together; 0 means the life of the token or ticket.
	Within time.Duration
	// Via is where datagrams go in place of the token's addresses: the
	// association of a transport that has no addresses.
	Via Source
	// Reliable is for transports that lose nothing: what a server passes over is repeated each second,
	// and not ten times.
	Reliable bool
	// Continue is the instance of the server's endpoint with which ours wants to go on,
	// and zero if it begins anew; for [NewResumeClient].
	Continue uint64
	// LeastProtection refuses tokens whose issuer asks for less.
	LeastProtection Protection
	// EpochPackets is after how many packets to the server the keys change; 0
	// means [MaxEpochPackets], which is the most. Fewer are for tests.
	EpochPackets int
	// Random is where shares and nonces come from; nil means crypto/rand.
	Random io.Reader
}

// A Client is the client's side of who may talk: it walks from a connect token
// to a connection. It owns no socket and no clock: datagrams go in with
// HandleDatagram, time with HandleTimeout, and what is to be sent comes out of
// NextDatagram.
//
// A token with our pad makes our dialect mandatory. With any other, OFFER goes
// beside the standard response, and the server's answer decides.
//
// A process may have many of them, all over one socket. So what only the way to the connection
// needs is apart, and forgotten once it is there.
type Client struct {
	*approach        // nil: it is connected, and in our dialect
	token     *Token // once connected without what is sealed in it
	sources          // the server, as each path reaches it
	state     State
	plainOnly bool
	resumes   bool // it began with a ticket; the token is made up of it
	plain     bool
	dueMask   dueMask
	farewell  uint8 // redundant disconnects still to send
	address   int
	sent      int64
	heard     int64
	now       int64
	plainAt   int64 // when a keep-alive came before any ACCEPT, or never
	drops     []dropCount

	wireID            wireID
	index, maxClients uint32
	id                [connectionIDBytes]byte
	sealer            Sealer
	opener            opener
	private           hidden[*ecdh.PrivateKey] // of the share, until it has served
	resumption        hidden[*rawKey]          // what the secrets of tickets are derived from
}

// An approach is what a client needs until it is connected, and a plain one until the end.
type approach struct {
	cfg       ClientConfig
	random    io.Reader
	started   int64
	attempt   int64 // when this address, and then its challenge, was reached
	refusal   Refusal
	refusedAt int64 // when a REASON or Denied came, or never
	unheard   bool  // nothing has come that the keys of the token or ticket open

	handshake *handshakeKeys
	in, out   *packetKey
	sequence  uint64 // of standard packets, never reset: it counts under one key
	replay    seq.Window

	challenge   uint64
	challengeBy [challengeTokenBytes]byte
	challenges  seq.Window // those of this address that were taken
	unanswered  uint64     // so many since the last answer
	share       [shareBytes]byte

	ticket *ResumeTicket // of a client that resumes
	cookie []byte        // that proves where it is
}

// A dueMask says which packets NextDatagram owes.
type dueMask uint8

const (
	dueRequest dueMask = 1 << iota
	dueOffer
	dueResponse
	dueKeepAlive
	dueResume
)

const (
	defaultPatience  = int64(2 * time.Second)
	reliableInterval = int64(time.Second) // between repetitions of what can only have been passed over
	defaultPlainWait = time.Second
	challengeWindow  = 1024 // what a busy server counts while datagrams overtake each other
)

// NewClient begins to connect with a token. Unix is not needed now but keeps
// the clocks of all calls alike.
func NewClient(now, unix int64, token *Token, cfg ClientConfig) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if token.Pad.Present && cfg.Plain == PlainOnly {
		return nil, config.Wrong("Plain", "PlainOnly", "another one, or a token that is minted with Plain: this one asks for more")
	}
	if lacking := token.Pad.unfit(cfg.LeastProtection); lacking != "" {
		return nil, &TokenError{"pad", "asks for " + lacking}
	}
	if len(token.Addresses) < 1 || len(token.Addresses) > maxAddresses || token.Created > token.Expires {
		return nil, &TokenError{"addresses or expiry", token.String()}
	}
	c := newClient(now, token, cfg)
	keys := token.keys()
	c.handshake = newHandshakeKeys(keys, token.ProtocolID)
	c.in = newPacketKey(&keys.serverToClient, token.ProtocolID)
	c.out = newPacketKey(&keys.clientToServer, token.ProtocolID)
	if !c.begin(0) {
		return nil, errNoShare
	}
	return c, nil
}

var errNoShare = noRandom("a client needs unpredictable shares or none at all")

func newClient(now int64, token *Token, cfg ClientConfig) *Client {
	c := &Client{
		approach: &approach{cfg: cfg, random: cfg.Random, started: now, unheard: true},
		token:    token, plainOnly: cfg.Plain == PlainOnly, now: now,
	}
	if c.random == nil {
		c.random = rand.Reader
	}
	c.wireID.n = uint8(copy(c.wireID.b[:], cfg.WireID))
	c.replay = seq.NewWindow(plainWindow)
	c.challenges = seq.NewWindow(challengeWindow)
	return c
}

// Validate reports everything that is wrong with the configuration, as a join of ConfigErrors.
func (cfg ClientConfig) Validate() error {
	var v config.Check
	v.That(len(cfg.Hello) <= wire.MaxHelloBytes, "Hello", fmt.Sprintf("%d bytes", len(cfg.Hello)),
		fmt.Sprintf("at most %d", wire.MaxHelloBytes))
	v.That(len(cfg.WireID) <= len(wireID{}.b) && (len(cfg.WireID) == 0 || cfg.WireID[0]&pathMask == 0),
		"WireID", fmt.Sprintf("%x", cfg.WireID), "at most 4 bytes, the low 3 bits of the first zero")
	checkPeers(&v, cfg.Plain, cfg.LeastProtection, cfg.EpochPackets)
	return v.Err()
}

// begin starts with one address of the token. The share is new, so that two
// servers of a foreign token never see the same.
func (c *Client) begin(address int) bool {
	share, private, ok := newShare(c.random, &c.token.Pad)
	if !ok {
		return false
	}
	c.share, c.private = share, nil
	if private != nil {
		c.private = hide(private)
	}
	c.address, c.state = address, StateRequesting
	c.source = SourceFrom(c.token.Addresses[address])
	if c.cfg.Via != (Source{}) {
		c.source = c.cfg.Via
	}
	c.attempt, c.heard = c.now, c.now
	c.refusedAt, c.plainAt = never, never
	c.replay.Reset()
	c.challenges.Reset()
	c.unanswered = 0
	c.owe(dueRequest)
	if c.resumes {
		c.beginResume()
	}
	return true
}

func (c *Client) owe(m dueMask) { c.dueMask, c.sent = m, c.now }

// State returns where the client is.
func (c *Client) State() State { return c.state }

// Server is the address that the client talks to on path 0.
func (c *Client) Server() Source { return c.source }

// Settled notes the address that the server has for a path below [MaxPaths] which
// the owner opens: what comes from elsewhere is not read.
func (c *Client) Settled(path uint8, server Source) {
	if c.state == StateConnected && !c.plain {
		c.settle(path, server)
	}
}

// Token returns the token it connects with, nil if it resumes. Once it is connected to a server that
// speaks our dialect, the token lacks what was secret in it, and can not be shown again.
func (c *Client) Token() *Token {
	if c.resumes {
		return nil
	}
	return c.token
}

// Plain reports whether the server turned out to speak plain netcode.
func (c *Client) Plain() bool { return c.plain }

// Index and MaxClients are what the server said at Connected.
func (c *Client) Index() (index, maxClients uint32) { return c.index, c.maxClients }

// ID is the connection id that the server gave, path bits zero.
func (c *Client) ID() [connectionIDBytes]byte { return c.id }

// Timeout is how long silence may last; zero: for ever.
func (c *Client) Timeout() time.Duration { return time.Duration(timeoutOf(c.token.TimeoutSeconds)) }

// Counters returns what was counted so far.
func (c *Client) Counters() (all Counters) {
	for i := range c.drops {
		all.Drops[c.drops[i].why] = c.drops[i].n
	}
	return all
}

// A dropCount is how much was dropped for a reason. Most clients meet with few.
type dropCount struct {
	why Drop
	n   uint64
}

// drop counts a datagram that was not taken, or not made.
func (c *Client) drop(why Drop) {
	for i := range c.drops {
		if c.drops[i].why == why {
			c.drops[i].n++
			return
		}
	}
	c.drops = append(c.drops, dropCount{why, 1})
}

// Sealer seals packets to the server, once connected, unless it is plain.
func (c *Client) Sealer() *Sealer { return &c.sealer }

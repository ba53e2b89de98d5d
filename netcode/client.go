package netcode

import (
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A State is where a client is, numbered as in the netcode standard: negative
// is failure, zero the end, positive progress.
type State int8

const (
	StateTokenExpired     State = -6
	StateInvalidToken     State = -5 // never entered: ParseToken and NewClient return the error
	StateTimedOut         State = -4
	StateResponseTimedOut State = -3
	StateRequestTimedOut  State = -2
	StateDenied           State = -1
	StateDisconnected     State = 0
	StateRequesting       State = 1
	StateResponding       State = 2 // OFFER, the standard response, or both
	StateConnected        State = 3
)

func (s State) String() string {
	if s < StateTokenExpired || s > StateConnected {
		return fmt.Sprintf("state %d", int8(s))
	}
	return [...]string{
		"connect token expired", "invalid connect token", "connection timed out", "connection response timed out",
		"connection request timed out", "connection denied", "disconnected", "sending connection request",
		"sending connection response", "connected",
	}[s-StateTokenExpired]
}

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
	// the last. Whoever has further Tickets sets two seconds.
	Patience time.Duration
	// Via is where datagrams go in place of the token's addresses: the
	// association of a transport that has no addresses.
	Via Source
	// Reliable is for transports that lose nothing: nothing is repeated.
	Reliable bool
	// Random is where shares and nonces come from; nil means crypto/rand.
	Random io.Reader
}

// A ClientEventKind says what a datagram, or time, brought about.
type ClientEventKind uint8

const (
	// ClientNone: nothing that concerns the owner.
	ClientNone ClientEventKind = iota
	// ClientState: progress to another State, or the next address.
	ClientState
	// ClientConnected: State is StateConnected; Hello has the server's HELLO
	// body and Seen the client's address as the server sees it, unless the
	// server is plain.
	ClientConnected
	// ClientPacket: a DATA packet of ours opened.
	ClientPacket
	// ClientPayload: a payload of a plain server.
	ClientPayload
	// ClientGone: the server hints, unauthenticated, that it does not know the
	// connection.
	ClientGone
	// ClientEnded: the attempt or the plain connection is over; State says how,
	// and Refusal why if the server said so.
	ClientEnded
)

// A ClientEvent is what a datagram, or time, brought about. Its slices point
// into the datagram and are valid until the next call.
type ClientEvent struct {
	Kind    ClientEventKind
	State   State
	Refusal Refusal
	Hello   []byte
	Seen    Source
	// Path, Number and Frames: see [Event].
	Path   uint8
	Number uint64
	Frames []byte
	// Drop says why the datagram was not taken.
	Drop Drop
}

// A Client is the client's side of who may talk: it walks from a connect token
// to a connection. It owns no socket and no clock: datagrams go in with
// HandleDatagram, time with HandleTimeout, and what is to be sent comes out of
// NextDatagram.
//
// A token with our pad makes our dialect mandatory. With any other, OFFER goes
// beside the standard response, and the server's answer decides.
type Client struct {
	cfg      ClientConfig
	random   io.Reader
	token    *Token
	state    State
	address  int
	to       Source
	started  int64
	attempt  int64 // when this address, and then its challenge, was reached
	sent     int64
	heard    int64
	dueMask  dueMask
	farewell int // redundant disconnects still to send
	now      int64
	counters Counters

	handshake *handshakeKeys
	in, out   *packetKey
	sequence  uint64 // of standard packets, never reset: it counts under one key
	replay    seq.Window

	challenge   uint64
	challengeBy [challengeTokenBytes]byte
	wireID      wireID
	share       [shareBytes]byte
	refusal     Refusal
	refusedAt   int64 // when a REASON or Denied came, 0: none
	plainAt     int64 // when a keep-alive came before any ACCEPT, 0: none
	plain       bool

	index, maxClients uint32
	id                [connectionIDBytes]byte
	sealer            Sealer
	opener            opener
}

// A dueMask says which packets NextDatagram owes.
type dueMask uint8

const (
	dueRequest dueMask = 1 << iota
	dueOffer
	dueResponse
	dueKeepAlive
)

const (
	defaultPatience  = int64(2 * time.Second)
	defaultPlainWait = time.Second
)

// NewClient begins to connect with a token. Unix is not needed now but keeps
// the clocks of all calls alike.
func NewClient(now, unix int64, token *Token, cfg ClientConfig) (*Client, error) {
	if len(cfg.Hello) > wire.MaxHelloBytes {
		return nil, &ConfigError{"ClientConfig.Hello", fmt.Sprintf("%d bytes, at most %d fit", len(cfg.Hello), wire.MaxHelloBytes)}
	}
	if len(cfg.WireID) > len(wireID{}.b) || len(cfg.WireID) > 0 && cfg.WireID[0]&pathMask != 0 {
		return nil, &ConfigError{"ClientConfig.WireID", fmt.Sprintf("%x; give at most 4 bytes, the low 3 bits of the first zero", cfg.WireID)}
	}
	if token.Pad.Present && cfg.Plain == PlainOnly {
		return nil, &ConfigError{"ClientConfig.Plain", "PlainOnly, but the token asks for more; mint it with Plain"}
	}
	if len(token.Addresses) < 1 || len(token.Addresses) > maxAddresses || token.Created > token.Expires {
		return nil, &TokenError{"addresses or expiry", token.String()}
	}
	c := &Client{cfg: cfg, random: cfg.Random, token: token, started: now, now: now}
	if c.random == nil {
		c.random = rand.Reader
	}
	c.wireID.n = uint8(copy(c.wireID.b[:], cfg.WireID))
	c.handshake = newHandshakeKeys(&token.keys, token.ProtocolID)
	c.in = newPacketKey(&token.keys.serverToClient, token.ProtocolID)
	c.out = newPacketKey(&token.keys.clientToServer, token.ProtocolID)
	c.replay = seq.NewWindow(plainWindow)
	if !c.begin(0) {
		return nil, &ConfigError{"ClientConfig.Random", "failed; a client needs unpredictable shares or none at all"}
	}
	return c, nil
}

// begin starts with one address of the token. The share is new, so that two
// servers of a foreign token never see the same.
func (c *Client) begin(address int) bool {
	if !fill(c.random, c.share[:]) {
		return false
	}
	c.address, c.state = address, StateRequesting
	c.to = SourceFrom(c.token.Addresses[address])
	if c.cfg.Via != (Source{}) {
		c.to = c.cfg.Via
	}
	c.attempt, c.heard = c.now, c.now
	c.refusedAt, c.plainAt = 0, 0
	c.replay.Reset()
	c.owe(dueRequest)
	return true
}

func (c *Client) owe(m dueMask) { c.dueMask, c.sent = m, c.now }

// State returns where the client is.
func (c *Client) State() State { return c.state }

// Server is the address that the client talks to.
func (c *Client) Server() Source { return c.to }

// Token returns the token it connects with.
func (c *Client) Token() *Token { return c.token }

// Plain reports whether the server turned out to speak plain netcode.
func (c *Client) Plain() bool { return c.plain }

// Index and MaxClients are what the server said at Connected.
func (c *Client) Index() (index, maxClients uint32) { return c.index, c.maxClients }

// ID is the connection id that the server gave, path bits zero.
func (c *Client) ID() [connectionIDBytes]byte { return c.id }

// Timeout is how long silence may last; zero: for ever.
func (c *Client) Timeout() time.Duration { return time.Duration(timeoutOf(c.token.TimeoutSeconds)) }

// Counters returns what was counted so far.
func (c *Client) Counters() *Counters { return &c.counters }

// Sealer seals packets to the server, once connected, unless it is plain.
func (c *Client) Sealer() *Sealer { return &c.sealer }

// life is how long the token lasts, by the monotonic clock.
func (c *Client) life() int64 {
	return int64(min(c.token.Expires-c.token.Created, uint64(math.MaxInt64/int64(time.Second)/2))) * int64(time.Second)
}

// patience is how long the address may be silent.
func (c *Client) patience() int64 {
	timeout := timeoutOf(c.token.TimeoutSeconds)
	switch {
	case c.cfg.Patience > 0:
		return int64(c.cfg.Patience)
	case c.cfg.Plain != PlainOnly && c.address+1 < len(c.token.Addresses):
		return defaultPatience
	case timeout > 0:
		return timeout
	}
	return never / 2
}

func (c *Client) plainWait() int64 {
	switch {
	case c.cfg.Plain == PlainOnly || c.cfg.PlainWait < 0:
		return 0
	case c.cfg.PlainWait == 0:
		return int64(defaultPlainWait)
	}
	return int64(c.cfg.PlainWait)
}

// HandleTimeout lets time pass. Call it until there is no event, then drain
// NextDatagram. Calls too early or too often are harmless.
func (c *Client) HandleTimeout(now, unix int64) ClientEvent {
	c.now = now
	switch {
	case c.state == StateRequesting || c.state == StateResponding:
		return c.attemptTimeout()
	case c.state == StateConnected && c.plain:
		return c.plainTimeout()
	}
	return ClientEvent{}
}

func (c *Client) attemptTimeout() ClientEvent {
	silent := StateRequestTimedOut
	if c.state == StateResponding {
		silent = StateResponseTimedOut
	}
	switch {
	case c.now-c.started >= c.life():
		return c.end(StateTokenExpired)
	case c.refusedAt != 0 && c.now-c.refusedAt >= sendInterval:
		return c.fail(StateDenied)
	case c.plainAt != 0 && c.now-c.plainAt >= c.plainWait():
		if c.cfg.Plain == PlainRefuse {
			c.refusal = Refusal{Code: CodePlainServer}
			return c.fail(StateDenied)
		}
		return c.connectPlain()
	case c.now-c.attempt >= c.patience():
		return c.fail(silent)
	case c.now-c.sent >= sendInterval && !c.cfg.Reliable:
		c.owe(c.dueNow())
	}
	return ClientEvent{}
}

// dueNow is what an attempt repeats.
func (c *Client) dueNow() dueMask {
	switch {
	case c.state == StateRequesting:
		return dueRequest
	case c.cfg.Plain == PlainOnly:
		return dueResponse
	case c.token.Pad.Present || c.plainAt != 0: // the response was taken
		return dueOffer
	}
	return dueOffer | dueResponse
}

func (c *Client) plainTimeout() ClientEvent {
	if timeout := timeoutOf(c.token.TimeoutSeconds); timeout > 0 && c.now-c.heard >= timeout {
		return c.end(StateTimedOut)
	}
	if c.now-c.sent >= sendInterval {
		c.owe(dueKeepAlive)
	}
	return ClientEvent{}
}

// fail goes on to the next address of the token, or ends in state s.
func (c *Client) fail(s State) ClientEvent {
	if c.address+1 < len(c.token.Addresses) && c.cfg.Via == (Source{}) && c.begin(c.address+1) {
		return ClientEvent{Kind: ClientState, State: c.state}
	}
	return c.end(s)
}

func (c *Client) end(s State) ClientEvent {
	c.state, c.dueMask = s, 0
	return ClientEvent{Kind: ClientEnded, State: s, Refusal: c.refusal}
}

func (c *Client) connectPlain() ClientEvent {
	c.state, c.plain = StateConnected, true
	c.heard = c.now
	c.owe(dueKeepAlive)
	return ClientEvent{Kind: ClientConnected, State: c.state}
}

// Deadline is when HandleTimeout wants to be called next; the largest int64 if
// nothing waits for time.
func (c *Client) Deadline() int64 {
	if c.dueMask != 0 || c.farewell > 0 {
		return c.now
	}
	switch {
	case c.state == StateRequesting || c.state == StateResponding:
		t := min(c.started+c.life(), c.attempt+c.patience())
		if !c.cfg.Reliable {
			t = min(t, c.sent+sendInterval)
		}
		if c.refusedAt != 0 {
			t = min(t, c.refusedAt+sendInterval)
		}
		if c.plainAt != 0 {
			t = min(t, c.plainAt+c.plainWait())
		}
		return t
	case c.state == StateConnected && c.plain:
		t := c.sent + sendInterval
		if timeout := timeoutOf(c.token.TimeoutSeconds); timeout > 0 {
			t = min(t, c.heard+timeout)
		}
		return t
	}
	return never
}

package tickwire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A Config is what servers and clients have in common. The zero value of each
// field is its default.
type Config struct {
	// ProtocolID tells games, and versions of a game, apart: a server accepts only tokens
	// with its own. A client uses the one in its token; if this is not 0 it refuses tokens
	// that have another.
	ProtocolID uint64
	// Channels are the lanes for messages, made with NewChannel or
	// NewRawChannel; both ends must have the same.
	Channels []AnyChannel
	// MinSchemaVersion is the oldest version of the typed messages that this end speaks (Conn.SchemaVersion).
	// A peer that has only older ones is refused, and both ends are told both versions. A peer that does not
	// describe its messages is let in. 0: the eight newest versions.
	MinSchemaVersion int
	// AckHold is how long an acknowledgement may wait for a packet to ride on, at
	// most 250 ms. 0: 20 ms, or 1 ms in a Session; negative: not at all. Under a Hub or a Session
	// that of a reliable message leaves, at the latest, when the loop over Events is through with the message.
	AckHold time.Duration
	// MaxHold is the longest silence that a peer may announce with Conn.Hold, 1 to
	// 65535 s, cut to whole seconds. 0: 60 s; negative: none.
	MaxHold time.Duration
	// MaxDatagramBytes is the largest datagram that is sent and read once a connection is open, 576
	// to 65507 bytes of UDP payload. 0: 1472, which an Ethernet frame holds. Each path begins with
	// 1200 bytes and finds out with probes how much more it carries, so with 1200 there are no
	// probes. If a socket takes less, its limit holds; but it must take the 1078 bytes
	// of a handshake.
	MaxDatagramBytes int
	// DisableECN sends no datagram with the mark which says that both ends understand congestion
	// marks (RFC 3168). Otherwise datagrams have it if the socket can set it, as long as the marks
	// arrive; a router that marks congestion then slows down the congestion controller before anything
	// is lost. Marks on what the peer sends are reported to the peer in any case.
	DisableECN bool
	// MaxPaths is how many paths a Conn may have, 8 at most; the lower limit of the two ends holds.
	// 0: 4; 1: one, which follows a peer whose address changes; negative: one that
	// stays where it is.
	MaxPaths int
	// MaxReceipts bounds the receipts of a Conn that are open or not yet read;
	// beyond it a message that asks for one is refused with ErrFull. At most 16777216. 0: 16384;
	// negative: no receipts, and who asks for one gets ErrOption.
	MaxReceipts int
	// MaxEvents bounds the events that wait for the game. 0: 65536. Beyond it
	// Delivered, Lost, PathChanged and RateChanged are dropped and counted; Connected and Disconnected
	// never are, and Writable waits once for each channel at most.
	MaxEvents int
	// MaxPosted bounds the functions that Post has queued; beyond it Post returns
	// ErrFull. 0: 65536.
	MaxPosted int
	// MaxReadsPerCall bounds the datagrams that one Update or Service reads
	// from each socket. 0: 4096.
	MaxReadsPerCall int
	// BufferBytes bounds the free memory that is kept for messages. 0: 16 MiB;
	// negative: none is kept.
	BufferBytes int
	// WindowPoolBytes is by how much the receive windows of all Conns together may grow. A server keeps
	// half of it in equal shares for its MaxClients. 0: 64 MiB; negative: windows never grow, and no
	// reliable message can be larger than its channel's WindowBytes.
	WindowPoolBytes int
	// Resume says what happens to messages that wait, or are on their way, when a player comes back
	// under new keys (ServerConfig.KeepSeats). KeepMessages, the default: they arrive, if both ends say
	// so and both still have the connection. The rules:
	// https://github.com/tickwire/tickwire/blob/main/docs/resume.md
	Resume ResumePolicy
	// UnsentDraft says what happens to bytes that were written into a Conn's Draft
	// and not sent, when another message begins a group there (SendOptions.Group).
	// DraftRefuse, the default: that message is refused.
	UnsentDraft DraftPolicy
	// Inbound limits what this end takes from each peer in a second: packets, bytes and messages.
	// A tickwire peer is told the limits and keeps to them: what exceeds them waits there, and
	// its Budget takes account of that. If a peer exceeds them all the same, its unreliable and droppable messages
	// are dropped and counted, and after a second at twice a limit the connection ends with CodeTooFast.
	// ChannelConfig.Inbound limits one channel likewise. A plain peer cannot be told, and any of its
	// payloads may be dropped. 0 or negative: no limit.
	Inbound Limits
	// OpenedBytesPerSecond limits how many bytes the compressed messages of a peer (ChannelConfig.Compression)
	// may be decompressed to in a second, so that a few bytes on the wire cannot cost much time and memory.
	// Beyond it messages wait compressed, as those do that the game has not taken; ChannelStats.OpeningPaused
	// counts how often. 0: 16 MiB; negative: no limit.
	OpenedBytesPerSecond int
	// LeastProtection refuses connect tokens that ask for less protection: netcode.Encrypted refuses
	// those that leave messages readable to everybody on the way, netcode.ForwardSecret also those
	// without forward secrecy. 0: refuses none.
	LeastProtection netcode.Protection
	// EpochPackets is after how many packets each direction of a connection
	// changes its keys, at most 4194304. 0: 4194304; fewer are for tests.
	EpochPackets int
	// Congestion says how a connection finds out how fast it may send, and sets a lower and an upper
	// bound. The zero value judges by how long packets wait on the path.
	Congestion CongestionConfig
	// Controller makes a congestion controller of your own for each path. nil: the one that
	// Congestion names.
	Controller func() endpoint.Controller
	// Logger gets what an operator should know. nil: slog.Default. Its handler must not use the Server,
	// Client, Hub or Session, but for Post: that panics.
	Logger *slog.Logger
	// Now is for simulations: the time at which the simulated network begins. The times given to
	// Update, Flush and Service count from it, and the tokens of DevToken are dated by it. It is
	// read once, when the Server or Client is made. The zero time: time.Now.
	Now time.Time
	// Random is where keys and random choices come from. nil: crypto/rand, which
	// only a simulation should change.
	Random io.Reader
}

// Limits are what an end takes from a peer in a second at most (Config.Inbound); 0 is no limit:
//
//	PacketsPerSecond  int // not counting pure acknowledgements; at least 16
//	BytesPerSecond    int // of their frames, plus 48 for each packet; at least 4096
//	MessagesPerSecond int // a message that is sent again counts again
//
// They are told to the peer, and a peer that speaks tickwire keeps to them; [endpoint.Limits] says
// what happens to one that does not.
type Limits = endpoint.Limits

// A CongestionConfig says how fast a connection may send (Config.Congestion), in bytes a second with all
// headers:
//
//	Kind              endpoint.CongestionKind // CongestionDelay and the others. 0: CongestionDelay
//	MinBytesPerSecond int // never less, whatever is lost. 0: 16 KiB, 64 KiB of CongestionAIMD; negative: a few packets
//	MaxBytesPerSecond int // never more. 0: 1 GiB
//	BytesPerSecond    int // of CongestionFixed
type CongestionConfig = endpoint.CongestionConfig

// How a connection finds out how fast it may send.
const (
	CongestionDelay = endpoint.CongestionDelay
	CongestionAIMD  = endpoint.CongestionAIMD
	CongestionFixed = endpoint.CongestionFixed
	CongestionOff   = endpoint.CongestionOff
)

// A ServerConfig configures a Server.
type ServerConfig struct {
	Config
	// PrivateKey is the secret that the login backend and its servers share.
	// It must not be zero, except in Development.
	PrivateKey netcode.Key
	// PublicAddresses are the addresses by which clients reach this server, as
	// the backend writes them into tokens. Empty: the addresses that the sockets
	// are bound to. If one is bound to all addresses of its host, as :7777 is, that is an error,
	// except in Development, where tokens then name 127.0.0.1. If no socket has an address (transports may do
	// without) it is 127.0.0.1:1; clients of such transports go where their own socket leads
	// (transport.Joined), but their tokens must name one of the addresses here.
	PublicAddresses []netip.AddrPort
	// TicketKey seals resume tickets, for servers whose login backend, which has PrivateKey, must not be able
	// to make any. Zero: a key derived from PrivateKey. If it changes with a restart all tickets are
	// worthless, and players with no other way in keep trying theirs until they expire.
	TicketKey netcode.Key
	// MaxClients is how many players may be connected, at most 65536. 0: 256.
	MaxClients int
	// MaxTokenLifetime is the longest life of a token that any of your backends makes. A server cannot
	// know which tokens an earlier run of it has accepted already, so it refuses those made before it
	// started (and within the first second) with CodeTooEarly, until the last of them has expired; their
	// players need another token. Tokens that live longer than this are refused with CodeTooLong; if it is
	// by five seconds at most, as when the clock of a backend is ahead, their players wait instead.
	// 0: 45 s; negative: tokens of an earlier run are let in, for tests and servers that
	// had none, and a token may live for netcode.MaxLifetime.
	MaxTokenLifetime time.Duration
	// FailuresPerSecond is how many handshake datagrams that do not authenticate each address
	// (/64 of IPv6) may send; of more, only a random few are read. Each of its ports
	// may send a 64th of that, its network (/24, /48) four times as much. Players who get in
	// are not counted. 0: 4096; negative: no limit. See netcode.AdmissionConfig.
	FailuresPerSecond int
	// HandshakesPerSecond bounds what all handshakes together may cost, in datagrams of
	// about a microsecond each; an eighth of it may come at once. Clients beyond it try again
	// 100 ms later, with the same chance as everybody else. 0: 65536; negative: no limit.
	HandshakesPerSecond int
	// Plain says what to do about clients that speak plain netcode 1.02.
	// 0: refuse them if there are channels, else give them the raw channel.
	Plain PlainPolicy
	// KeepOldest refuses a player who is already connected, with CodeConnected and, as advice when to
	// try again, the older connection's timeout. By default the newest connection wins and the
	// old one ends with CodeReplaced. One that was never Connected is replaced in any case.
	KeepOldest bool
	// KeepSeats is how much longer than his timeout (see "Timeouts" above) a silent player keeps his seat,
	// at most 24 h. His Conn is Away then, and Back when he returns, also from another address or with
	// another process. For that players are given resume tickets, which also let them in without the
	// backend after a restart of the server. 0 or negative: the timeout ends the connection, and there
	// are no tickets.
	KeepSeats time.Duration
	// HandOver is called by Shutdown for each player, for connect tokens for another server; see
	// Conn.HandOver. If it returns none, or is nil, the player is disconnected when everything has arrived. It
	// must not use the Server or Hub, and of the Conn only Value and what never changes: all else panics.
	HandOver func(*Conn) []byte
	// Admit may refuse a client whose token and address are proven; nil lets
	// everybody in. It may be asked several times about one client. It must not
	// use the Server or Hub, except Post and DevToken: that panics (see "Functions of the game" in the
	// package's doc). A *Refusal tells the client why; any other error is logged, at a falling rate,
	// and the client reads CodeRefused without the text. A refused player can cause ten calls
	// a second for each token he has, and everybody waits until it returns: look only at what is in
	// memory, and leave what takes longer to the backend.
	Admit func(Applicant) error
	// Development makes a key if PrivateKey is zero, and lets DevToken mint
	// tokens. It is insecure, says so in the log, and refuses to listen on
	// anything but loopback and private addresses.
	Development bool
	// DevelopmentPublic lets Development listen on public addresses.
	DevelopmentPublic bool
	// DevelopmentTimeout is how long silence may last on the connections that begin with a token of
	// DevToken, cut to whole seconds; a backend says that with netcode.MintConfig.Timeout. 0: 10 s;
	// negative: for ever.
	DevelopmentTimeout time.Duration
	// DevelopmentToken may change each token that DevToken is about to mint, to
	// try another protection or user data. It is called by whoever
	// calls DevToken. nil leaves the token as it is.
	DevelopmentToken func(*netcode.MintConfig)
}

// A ClientConfig configures a Client.
type ClientConfig struct {
	Config
	// WireIDBytes lets a client hold several connections to one server over one
	// socket, at the cost of that many bytes in each packet from the server: 2 (for 8191
	// connections) to 4. 0: one connection to each server.
	WireIDBytes int
	// Redial opens another socket when a Conn has lost its way: no path of it answers,
	// its socket has failed, or the host has another address (transport.Roamer). The
	// Conn goes on over it, and closes its old paths when the server has answered on the new one. It is
	// called at once and, as long as that does not help, again after 1, 2, 4, 8 s and then every 16 s; for a
	// Conn that is Away, with each of its tries except the first. There is one call at a time. A Session calls
	// it in a goroutine of its own, where it may block until the context of the Redial ends, and may use the
	// Session. A Client calls it within Update or Service, where it must not block, and panics if it uses the
	// Client. nil: the Conn keeps its socket, follows the host to another address if the socket does, and
	// otherwise ends with its timeout.
	Redial func(Redial) (transport.Socket, error)
	// ResumeFor is how long a Conn whose server is silent beyond the timeout, or has
	// forgotten it, tries to come back with the resume ticket that the server gave it. 0: as long as
	// the ticket is valid; negative: not at all, the Conn ends. A server without KeepSeats gives no
	// tickets. Redial, if set, is asked for another socket meanwhile.
	ResumeFor time.Duration
	// StayPut ignores connect tokens by which a server hands this client over to another one; the
	// connection ends then. Without it the server, which has proven who it is, can make the client
	// send requests to almost any address: not to multicast or broadcast addresses, and to those of
	// the player's own network only if the server is there itself. The time for that is limited to a
	// minute, and grows back by one second in ten.
	StayPut bool
	// MaxSockets bounds the sockets of a Client, those of NewClient, OpenPath and
	// Redial together. 0: 64.
	MaxSockets int
	// Plain says whether to connect to servers that speak plain netcode 1.02. 0: not
	// if there are channels.
	Plain PlainPolicy
}

// A Redial says for which Conn ClientConfig.Redial should open another socket, and until when that is useful.
type Redial struct {
	Conn    *Conn           // which has lost its way, or is handed over and has a socket that leads to one server only
	Context context.Context // ends when the Conn is over, and with Close
}

// maxSockets resolves the default.
func (c *ClientConfig) maxSockets() int { return cmp.Or(c.MaxSockets, 64) }

// A PlainPolicy says what to do about peers that speak plain netcode 1.02.
type PlainPolicy uint8

const (
	// PlainDefault refuses plain peers if channels are configured.
	PlainDefault PlainPolicy = iota
	// PlainRefuse refuses them.
	PlainRefuse
	// PlainRaw gives them one channel, PlainChannel: Unreliable, 1 to 1200 bytes
	// a message.
	PlainRaw
)

// PlainChannel is the channel of a connection to a plain netcode peer.
const PlainChannel ChannelID = 0

// An Applicant is a client that asks to be let in. Its slice is valid until Admit
// returns.
type Applicant struct {
	ClientID uint64
	UserData netcode.UserData // of the connect token, 256 bytes; its method Text has what stands before the zeros
	Address  netip.AddrPort   // not valid on transports without addresses
	Plain    bool
	Reserved bool // a seat is kept for this client; see Server.Reserve
	Resumes  bool // the client comes back with a resume ticket; see ServerConfig.KeepSeats
}

// A Refusal is an error that tells a client why it was not let in.
type Refusal struct {
	Code       Code          // below 64, such as CodeBanned; others, and 0, are told as CodeRefused
	Text       string        // at most 200 bytes
	RetryAfter time.Duration // cut to whole seconds, at most 65535; 0: no advice
}

// Error returns the text.
func (r *Refusal) Error() string { return fmt.Sprintf("tickwire: %v: %s", r.Code, r.Text) }

// A ConfigError names a field of a configuration, or a parameter, whose value is impossible. It is a struct of
//
//	Field string // its path in what the caller gave, such as Channels[2].Delivery
//	Value any    // its value, or a description of it
//	Want  string // what would be valid
//
// and Error puts the three into a line. It is one type in all packages of this module, so that
// errors.As with a *ConfigError of any of them finds those of all.
type ConfigError = config.Error

// defaultDatagram is what an Ethernet frame of 1500 bytes holds behind the headers of
// IPv4 and UDP.
const defaultDatagram = 1472

func (c Config) withDefaults() Config {
	c.MaxEvents = cmp.Or(c.MaxEvents, 65536)
	c.MaxPosted = cmp.Or(c.MaxPosted, 65536)
	c.MaxReadsPerCall = cmp.Or(c.MaxReadsPerCall, 4096)
	c.MaxDatagramBytes = cmp.Or(c.MaxDatagramBytes, defaultDatagram)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	return c
}

// endpoint is the configuration of the endpoint of one connection.
func (c *Config) endpoint() endpoint.Config {
	cfg := endpoint.Config{
		Handshake: true, Trusted: true,
		MinSchemaVersion: c.MinSchemaVersion,
		AckHold:          c.AckHold,
		MaxHold:          c.MaxHold,
		MaxDatagramBytes: c.MaxDatagramBytes,
		DisableECN:       c.DisableECN,
		MaxPaths:         c.MaxPaths,
		MaxReceipts:      c.MaxReceipts,
		UnsentDraft:      c.UnsentDraft,
		Inbound:          c.Inbound,
		Congestion:       c.Congestion,
		Controller:       c.Controller,

		OpenedBytesPerSecond: c.OpenedBytesPerSecond,
	}
	for _, ch := range c.Channels {
		cfg.Channels = append(cfg.Channels, ch.Config())
		if typed, ok := ch.(formed); ok {
			if texts, _ := typed.known(); len(texts) > 0 {
				cfg.Schemas = append(cfg.Schemas, endpoint.Schema{Channel: ch.Config().ID, Versions: texts})
			}
		}
	}
	return cfg
}

// severalPaths reports whether a Conn may have more than one path.
func (c *Config) severalPaths() bool { return c.MaxPaths == 0 || c.MaxPaths > 1 }

// plain resolves the default.
func (c *Config) plain(p PlainPolicy) netcode.PlainPolicy {
	if p == PlainRaw || p == PlainDefault && len(c.Channels) == 0 {
		return netcode.PlainAllow
	}
	return netcode.PlainRefuse
}

// Validate reports what is wrong with the configuration, as a join of
// *ConfigErrors that name the fields, all that are wrong. Listen and NewClient call
// it.
func (c Config) Validate() error {
	var v config.Check
	v.That(c.MaxEvents >= 0, "MaxEvents", c.MaxEvents, "0 (65536) or more")
	v.That(c.MaxReceipts <= mostReceipts, "MaxReceipts", c.MaxReceipts, "0 (16384), or at most 16777216: each takes memory")
	v.That(c.MaxPosted >= 0, "MaxPosted", c.MaxPosted, "0 (65536) or more")
	v.That(c.MaxReadsPerCall >= 0, "MaxReadsPerCall", c.MaxReadsPerCall, "0 (4096) or more")
	v.That(c.Resume <= LoseMessages, "Resume", c.Resume, "KeepMessages or LoseMessages")
	v.Take("", netcode.ClientConfig{LeastProtection: c.LeastProtection, EpochPackets: c.EpochPackets}.Validate())
	c.Channels = checkChannels(&v, c.Channels)
	n := c.MaxDatagramBytes
	v.That(n == 0 || n >= endpoint.LeastDatagramBytes && n <= endpoint.MostDatagramBytes, "MaxDatagramBytes", n,
		fmt.Sprintf("%d to %d, or 0 for %d", endpoint.LeastDatagramBytes, endpoint.MostDatagramBytes, defaultDatagram))
	c.MaxDatagramBytes = 0 // an endpoint by itself has another default
	v.Take("", c.endpoint().Validate())
	return v.Err()
}

// checkChannels names those that are nil, and returns the list with others in their places, so that
// the rest can be looked at, each by its number.
func checkChannels(v *config.Check, all []AnyChannel) []AnyChannel {
	all = slices.Clone(all)
	taken := func(id ChannelID) bool {
		return slices.ContainsFunc(all, func(ch AnyChannel) bool { return !noChannel(ch) && ch.Config().ID == id })
	}
	for i, ch := range all {
		if !noChannel(ch) {
			checkForm(v, i, ch)
			continue
		}
		v.That(false, fmt.Sprintf("Channels[%d]", i), nil, "what NewChannel or NewRawChannel made")
		id := ChannelID(1)
		for taken(id) {
			id++
		}
		all[i] = NewRawChannel(ChannelConfig{ID: id})
	}
	return all
}

// A formed channel is one whose messages have a type.
type formed interface {
	known() (schema []string, err error)
}

// checkForm names a channel of a type that cannot be written and read.
func checkForm(v *config.Check, i int, ch AnyChannel) {
	typed, ok := ch.(formed)
	if !ok {
		return
	}
	_, err := typed.known()
	if bad, ok := errors.AsType[*CodecError](err); ok {
		v.That(false, fmt.Sprintf("Channels[%d]", i), "a channel of "+bad.Type+", of which "+bad.Why, bad.Want)
	}
}

// noChannel reports whether there is no channel, be it that a nil of some type was made one.
func noChannel(ch AnyChannel) bool {
	v := reflect.ValueOf(ch)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// mostReceipts bounds Config.MaxReceipts.
const mostReceipts = 1 << 24

// mostKept bounds how long a seat is kept, and so the life of tickets.
const mostKept = 24 * time.Hour

// Validate reports what is wrong with the configuration; see Config.Validate.
func (c ServerConfig) Validate() error {
	var v config.Check
	v.That(c.Development || !c.PrivateKey.IsZero(), "PrivateKey", "zero",
		"the 32 secret bytes that the login backend has too, or Development: true to try things out")
	v.Take("", netcode.AdmissionConfig{
		MaxClients: c.MaxClients, FailuresPerSecond: c.FailuresPerSecond, HandshakesPerSecond: c.HandshakesPerSecond,
	}.Validate())
	v.That(c.Plain <= PlainRaw, "Plain", c.Plain, "PlainDefault, PlainRefuse or PlainRaw")
	v.That(c.DevelopmentTimeout <= 0 || c.DevelopmentTimeout >= time.Second, "DevelopmentTimeout", c.DevelopmentTimeout,
		"1s or more, or 0 (10s): tokens say it in whole seconds")
	v.That(c.KeepSeats <= mostKept, "KeepSeats", c.KeepSeats, "at most 24h, or 0 to keep none")
	for i, a := range c.PublicAddresses {
		v.That(a.IsValid() && !a.Addr().IsUnspecified() && a.Port() != 0,
			fmt.Sprintf("PublicAddresses[%d]", i), a, "an address that clients can reach, with a port")
	}
	v.Take("", c.Config.Validate())
	return v.Err()
}

// Validate reports what is wrong with the configuration; see Config.Validate.
func (c ClientConfig) Validate() error {
	var v config.Check
	v.That(c.WireIDBytes == 0 || c.WireIDBytes >= 2 && c.WireIDBytes <= 4,
		"WireIDBytes", c.WireIDBytes, "0 or 2 to 4")
	v.That(c.Redial == nil || c.severalPaths(), "MaxPaths", c.MaxPaths, "2 or more, or 0 (4), since Redial opens another path")
	v.That(c.MaxSockets >= 0, "MaxSockets", c.MaxSockets, "0 (64) or more")
	v.That(c.Plain <= PlainRaw, "Plain", c.Plain, "PlainDefault, PlainRefuse or PlainRaw")
	v.Take("", c.Config.Validate())
	return v.Err()
}

package udp

import (
	"fmt"
	"strconv"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// Config sets up a socket. The zero value is a good one.
type Config struct {
	// ReceiveBuffer and SendBuffer are the bytes of buffer to ask the system for.
	// 0: 4 MiB, some 100 ms of a thousand players; negative: what the system gives
	// unasked, which is often 200 KiB. [Socket.Buffers] tells what was granted.
	ReceiveBuffer, SendBuffer int
	// MaxDatagram is the largest payload in bytes that MaxDatagram reports, [transport.MinDatagram]
	// to 65507. 0: what
	// an Ethernet frame holds, 1472 over IPv4 and 1452 over IPv6, where the system can
	// keep datagrams whole, so that what a path carries of that can be found out;
	// elsewhere 1200, which fits through any IPv6 path (RFC 8200, section 5, asks for
	// 1280 with headers). Datagrams of up to 2048 bytes are received in any case.
	MaxDatagram int
	// Batch is how many datagrams one system call may move. 0: 32. Each costs
	// the larger of MaxDatagram and 2048 bytes of memory.
	Batch int
	// AllowFragments lets routers and this host cut datagrams that are too large
	// for the path. Otherwise such a datagram is lost, which is what the search
	// for the largest size (RFC 8899) relies on. Linux, macOS, FreeBSD and Windows
	// can keep datagrams whole; elsewhere the system decides.
	AllowFragments bool
	// DSCP is the class of traffic that each datagram asks routers for (RFC 2474), 1
	// to 63. 46, Expedited Forwarding, is what voice uses; Wi-Fi sends it before other
	// traffic, and most of the Internet ignores it or clears it. 0: none. Where the
	// system does not let a program choose, as Windows, opening fails with
	// [errors.ErrUnsupported].
	DSCP int
	// ReusePort lets several sockets with this set listen on one address, a shard
	// each: the system spreads the peers over them. The first may take port 0, the
	// others then need its port. Linux only: elsewhere Listen fails.
	ReusePort bool
	// DisableSegmentation makes the system take each datagram by itself, even
	// where it could cut a run of them out of one piece. Only Linux can.
	DisableSegmentation bool
}

// The defaults of [Config].
const (
	DefaultBuffer      = 4 << 20
	DefaultMaxDatagram = 1200 // where datagrams may be cut
	DefaultBatch       = 32
)

const (
	// largestPayload is what fits into an IPv4 packet: 65535 less the headers.
	largestPayload = 65507
	// receiveRoom is the least room for a datagram that arrives. Other protocols
	// on the port fill an Ethernet frame.
	receiveRoom = 2048
	// mostBatch is the kernel's limit of messages in a call (UIO_MAXIOV).
	mostBatch = 1024
	// mostDSCP is what six bits hold.
	mostDSCP = 63
)

// A ConfigError names what cannot be: a field of a configuration, or a parameter. It is a struct of
//
//	Field string // the way to it from what the caller gave, as in Channels[2].Delivery
//	Value any    // what it is, or words for that
//	Want  string // what would do
//
// and Error tells the three in a line. It is one type in all packages of this module, so that
// errors.As with a *ConfigError of any of them finds those of all.
type ConfigError = config.Error

// resolve picks the one Config, if there is one, and fills its defaults in.
func resolve(cfg []Config) (Config, error) {
	var c Config
	switch len(cfg) {
	case 0:
	case 1:
		c = cfg[0]
	default:
		return c, config.Wrong("cfg", fmt.Sprintf("%d Configs", len(cfg)), "one at most")
	}
	if err := c.validate(); err != nil {
		return c, err
	}
	orDefault(&c.ReceiveBuffer, DefaultBuffer)
	orDefault(&c.SendBuffer, DefaultBuffer)
	orDefault(&c.Batch, DefaultBatch)
	return c, nil
}

// validate finds all that is wrong.
func (c *Config) validate() error {
	var v config.Check
	for _, f := range []struct {
		name                  string
		value, least, largest int
		zero                  string
	}{
		{"MaxDatagram", c.MaxDatagram, transport.MinDatagram, largestPayload, "the system's"},
		{"Batch", c.Batch, 1, mostBatch, strconv.Itoa(DefaultBatch)},
		{"DSCP", c.DSCP, 1, mostDSCP, "none"},
	} {
		v.That(f.value == 0 || f.value >= f.least && f.value <= f.largest, f.name, f.value,
			fmt.Sprintf("%d to %d, or 0 for %s", f.least, f.largest, f.zero))
	}
	return v.Err()
}

func orDefault(field *int, value int) {
	if *field == 0 {
		*field = value
	}
}

// room is how many bytes a datagram that arrives may have.
func (c Config) room() int { return max(c.MaxDatagram, receiveRoom) }

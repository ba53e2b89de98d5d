package endpoint

import (
	"fmt"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A Plan is a configuration that was validated, with all that its endpoints have in common: an
// owner of many makes one, and asks it what a HELLO is worth before it makes anything.
type Plan struct {
	cfg      Config          // with its defaults
	channels []ChannelConfig // as they were given
	rows     []byte          // what both ends must agree on
	digest   uint64          // of rows
	ids      []uint16        // of all channels, in ascending order, the library's own first
	forms    forms           // of messages that say what theirs is
}

// A Life is what one endpoint of a Plan has of its own. The fields are those of Config.
type Life struct {
	Seed, Instance uint64
	Path           PathConfig
	Timeout        time.Duration
}

// Prepare validates a configuration. The error is a join of ConfigErrors. Seed, Instance, Path and
// Timeout are of no importance: each endpoint has its own.
func Prepare(cfg Config) (*Plan, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	p := &Plan{cfg: cfg.withDefaults(), channels: cfg.Channels}
	rows := make([]wire.ChannelRow, 0, len(p.cfg.Channels))
	for _, ch := range p.cfg.Channels {
		p.ids = append(p.ids, uint16(ch.ID))
		if ch.ID != 0 {
			rows = append(rows, wire.ChannelRow{
				Channel: uint16(ch.ID), Delivery: uint8(ch.Delivery),
				MaxMessage: uint32(ch.MaxMessageBytes), Name: uint32(wire.Hash([]byte(ch.Name))),
			})
			if ch.Compression != nil {
				rows = append(rows, wire.ChannelRow{
					Channel: uint16(ch.ID), Delivery: wire.CompressionRow, MaxMessage: ch.Compression.ID(),
				})
			}
		}
	}
	p.rows = wire.AppendChannelRows([]byte{}, rows)
	p.digest = wire.Hash(p.rows)
	p.forms.prepare(&p.cfg, wire.MaxHelloBytes-p.cfg.longestHello())
	return p, nil
}

// Match reports whether an endpoint of the plan could talk to a peer with this HELLO. The error is
// a *MismatchError. It allocates nothing if it could.
func (p *Plan) Match(hello []byte) error {
	_, err := p.match(hello)
	return err
}

// AppendHello appends the HELLO of the endpoint that New would make of a life now, for a handshake
// that answers before it is known whether there will be one.
func (p *Plan) AppendHello(now int64, life Life, dst []byte) []byte {
	return p.appendHello(now, life.instance(&chance{seed: life.Seed}), dst)
}

func (p *Plan) appendHello(now int64, instance uint64, dst []byte) []byte {
	h := p.cfg.hello()
	h.Digest = p.digest
	h.Instance = instance
	h.Clock = uint64(wireClock(now))
	h.Schemas = p.forms.versions
	return wire.AppendHello(dst, &h)
}

// instance is the number that tells the life apart, the first that is drawn if none is given.
func (l *Life) instance(random *chance) uint64 {
	drawn := random.Uint64()
	if l.Instance != 0 {
		return l.Instance
	}
	return drawn
}

// match reads a HELLO and compares it.
func (p *Plan) match(body []byte) (h wire.Hello, err error) {
	h, ok := wire.ConsumeHello(body)
	switch {
	case !ok:
		return h, &MismatchError{Code: CodeProtocol, Text: "malformed HELLO"}
	case h.MinVersion > wire.Version || h.MaxVersion < wire.Version:
		text := fmt.Sprintf("we speak wire version %d, the peer %d to %d", wire.Version, h.MinVersion, h.MaxVersion)
		return h, &MismatchError{Code: CodeVersion, Text: text}
	case h.Capabilities&wire.CapabilityOptions == 0:
		text := "the peer does not read the options of messages, which are part of wire version 1"
		return h, &MismatchError{Code: CodeVersion, Text: text}
	case h.Digest != p.digest:
		return h, &MismatchError{Code: CodeMismatch, Text: "the channels of the two ends differ: the rows with this say where", Rows: p.rows}
	}
	if _, ok := p.forms.common(&h.Schemas); !ok {
		return h, p.forms.mismatch(&h.Schemas)
	}
	return h, nil
}

// index finds a channel among those of all senders and receivers; negative: there is none. Channels
// that are numbered from 1 on without gaps are where their number says.
func (p *Plan) index(id uint16) int {
	if int(id) < len(p.ids) && p.ids[id] == id {
		return int(id)
	}
	if i, ok := slices.BinarySearch(p.ids, id); ok {
		return i
	}
	return -1
}

// Package compress makes the messages of a channel smaller, each for itself: by S2, whose blocks
// may lean on a dictionary that was trained on messages like these, and the large ones by Zstandard.
// What would not shrink goes as it is.
//
//	small, err := compress.New(compress.Config{Dictionary: dictionary})
//	var chat = tickwire.NewChannel[Chat](tickwire.ChannelConfig{ID: 3, Compression: small, …})
//
// A message of a few hundred bytes holds little that it could repeat, so without a dictionary only
// large ones shrink. `tickwire dict train` makes one from recorded messages. Fields in exactly the
// bits that they need (package codec) leave nothing to find: [When compression pays] has a table.
//
// The bytes are those of [SPEC.md], section 11.
//
// [When compression pays]: https://github.com/tickwire/tickwire/blob/main/docs/compression.md
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package compress

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// The first byte of a message says what follows it.
const (
	kindPlain = 0 // the message as it is
	kindS2    = 1 // a block of S2
	kindZstd  = 2 // a frame of Zstandard
)

// Effort is how hard the sender tries. The receiver does not care.
type Effort uint8

const (
	// Fast, the zero value: half a microsecond for a message of 100 bytes.
	Fast Effort = iota
	// Small finds a tenth to a quarter more, in four microseconds or more.
	Small
)

// Config says how to compress. The zero value works, for messages of some hundred bytes and up.
type Config struct {
	// Dictionary is what both ends know of the messages beforehand. It must be the same at both:
	// they compare its ID before anything is sent. nil: none.
	Dictionary *Dictionary
	// Effort of S2 and of Zstandard. 0: Fast.
	Effort Effort
	// MinBytes is the length from which on it is tried at all. 0: 24; negative: always.
	MinBytes int
	// ZstdBytes is the length from which on it is Zstandard, which finds more in large messages and
	// takes three to ten times the time. 0: 1024; negative: never; at most 65536.
	ZstdBytes int
}

const (
	defaultMinBytes  = 24
	defaultZstdBytes = 1024
	maxZstdBytes     = 1 << 16 // behind that a block of S2 reaches no dictionary
	neverZstd        = int(^uint(0) >> 1)
)

// A ConfigError names the field of a Config that cannot be.
type ConfigError struct {
	Field string
	Value any
	Want  string
}

// Error says what is wrong, and what would not be.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("compress: Config.%s is %v: want %s", e.Field, e.Value, e.Want)
}

// A Compressor compresses and opens messages. It remembers nothing of them, so that it may serve
// many channels and Conns, also from several goroutines at once, which take turns at Zstandard. It
// implements tickwire.Compression.
type Compressor struct {
	id        uint32
	dict      *s2.Dict // nil: none
	effort    Effort
	minBytes  int
	zstdBytes int
	encoder   *zstd.Encoder
	decoder   *zstd.Decoder
}

// New returns a Compressor. The error is a *ConfigError.
func New(cfg Config) (*Compressor, error) {
	switch {
	case cfg.Effort > Small:
		return nil, &ConfigError{"Effort", cfg.Effort, "Fast or Small"}
	case cfg.ZstdBytes > maxZstdBytes:
		return nil, &ConfigError{"ZstdBytes", cfg.ZstdBytes, "up to 65536, 0 for 1024, or a negative one for never"}
	}
	c := &Compressor{id: withoutDictionary, effort: cfg.Effort, minBytes: cfg.MinBytes, zstdBytes: cfg.ZstdBytes}
	c.minBytes = cmp.Or(c.minBytes, defaultMinBytes)
	if c.zstdBytes = cmp.Or(c.zstdBytes, defaultZstdBytes); c.zstdBytes < 0 {
		c.zstdBytes = neverZstd
	}
	return c, c.prepare(cfg.Dictionary)
}

// prepare makes what is needed to encode and to decode.
func (c *Compressor) prepare(d *Dictionary) (err error) {
	level := zstd.SpeedFastest
	if c.effort == Small {
		level = zstd.SpeedDefault
	}
	// One coder each, that looks back a megabyte: they hold 1 to 4 MB, which nobody wants for each processor.
	out := []zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1 << 20), zstd.WithEncoderLevel(level), zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true)}
	in := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true)}
	if d != nil {
		c.id, c.dict = d.ID(), d.s2
		out = append(out, zstd.WithEncoderDictRaw(0, d.content))
		in = append(in, zstd.WithDecoderDictRaw(0, d.content))
	}
	if c.encoder, err = zstd.NewWriter(nil, out...); err != nil {
		return err
	}
	c.decoder, err = zstd.NewReader(nil, in...)
	return err
}

// withoutDictionary is the ID of a Compressor that has none.
const withoutDictionary = 1

// ID is what both ends have to agree on: that of the dictionary, or 1 without one. That
// of nil is 0, which no channel takes.
func (c *Compressor) ID() uint32 {
	if c == nil {
		return 0
	}
	return c.id
}

// AppendCompressed appends a message, compressed: at most one byte more than it has, and then it
// goes as it is. In steady state it allocates nothing if dst has room for the length and a sixth more, and 64.
func (c *Compressor) AppendCompressed(dst, message []byte) []byte {
	at := len(dst)
	if len(message) >= c.minBytes {
		if dst = c.try(dst, message); len(dst)-at <= len(message) {
			return dst
		}
	}
	return append(append(dst[:at], kindPlain), message...)
}

func (c *Compressor) try(dst, message []byte) []byte {
	at := len(dst) + 1
	if len(message) >= c.zstdBytes {
		dst = slices.Grow(dst, 1+c.encoder.MaxEncodedSize(len(message)))
		return c.encoder.EncodeAll(message, append(dst, kindZstd))
	}
	dst = slices.Grow(dst, 1+s2.MaxEncodedLen(len(message)))
	dst = append(dst, kindS2)
	block := c.block(dst[at:cap(dst)], message)
	return dst[:at+len(block)]
}

// block makes a block of S2 in dst, which has room.
func (c *Compressor) block(dst, message []byte) []byte {
	switch {
	case c.dict == nil && c.effort == Fast:
		return s2.Encode(dst, message)
	case c.dict == nil:
		return s2.EncodeBetter(dst, message)
	case c.effort == Fast:
		return c.dict.Encode(dst, message)
	}
	return c.dict.EncodeBetter(dst, message)
}

// OpenedLen is the length that a compressed message says that it has when it is opened; negative if
// it says nothing. It is to be held against a limit before memory is found for Open.
func (c *Compressor) OpenedLen(b []byte) int {
	if len(b) == 0 {
		return -1
	}
	switch body := b[1:]; b[0] {
	case kindPlain:
		return len(body)
	case kindS2:
		if n, err := s2.DecodedLen(body); err == nil && shortest(body) {
			return n
		}
	case kindZstd:
		var h zstd.Header
		if err := h.Decode(body); err == nil && h.SingleSegment && h.HasFCS && !h.Skippable && h.FrameContentSize <= maxOpened && alone(body, &h) {
			return int(h.FrameContentSize)
		}
	}
	return -1
}

// shortest reports whether the length that a block begins with has no more bytes than it needs.
func shortest(block []byte) bool {
	n := slices.IndexFunc(block, func(b byte) bool { return b < 0x80 })
	return n == 0 || block[n] != 0
}

// alone reports whether the frame that b begins with is all of b: the decoder would go on with what is
// behind it, were that one more frame (RFC 8878, 3).
func alone(b []byte, h *zstd.Header) bool {
	at := h.HeaderSize
	for last := false; !last; {
		if len(b) < at+3 {
			return false
		}
		head := int(b[at]) | int(b[at+1])<<8 | int(b[at+2])<<16
		last = head&1 == 1
		n := head >> 3
		if head>>1&3 == 1 { // a byte that is repeated n times
			n = 1
		}
		at += 3 + n
	}
	if h.HasCheckSum {
		at += 4
	}
	return at == len(b)
}

// maxOpened is the largest message that a channel can have.
const maxOpened = 256 << 20

// Open fills dst with a message whose OpenedLen is that of dst, and reports whether it did: no byte
// was missing, and none too much. It writes nowhere else, and allocates nothing in steady state.
func (c *Compressor) Open(dst, b []byte) bool {
	n := len(dst)
	if c.OpenedLen(b) != n {
		return false
	}
	switch body := b[1:]; b[0] {
	case kindS2:
		if n == 0 {
			return len(body) == 1
		}
		opened, err := c.openBlock(dst, body)
		return err == nil && len(opened) == n
	case kindZstd:
		opened, err := c.decoder.DecodeAll(body, dst[:0:n])
		if err != nil || len(opened) != n {
			return false
		}
		copy(dst, opened) // it is there already, unless the library wanted more room
	default:
		copy(dst, body)
	}
	return true
}

func (c *Compressor) openBlock(dst, block []byte) ([]byte, error) {
	if c.dict == nil {
		return s2.Decode(dst, block)
	}
	return c.dict.Decode(dst, block)
}

package tickwire

import (
	"encoding/binary"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
)

// A wireID is the id in the packets of one connection as a number; 0: none.
type wireID uint32

// nextWireID returns an id for one more connection.
func (c *Client) nextWireID() (wireID, error) {
	if c.cfg.WireIDBytes == 0 {
		return 0, nil
	}
	most := wireID(1)<<(8*c.cfg.WireIDBytes-pathBits) - 1
	if len(c.byWireID) >= int(most) {
		return 0, config.Wrong("WireIDBytes", c.cfg.WireIDBytes, "more of them for so many connections")
	}
	for {
		c.lastWireID = c.lastWireID%most + 1
		if c.byWireID[c.lastWireID] == nil {
			return c.lastWireID, nil
		}
	}
}

// pathBits is how many low bits of the first byte of an id are for the path.
const pathBits = 3

// bytes is the id as it is on the wire.
func (w wireID) bytes(n int) []byte {
	return binary.LittleEndian.AppendUint32(nil, uint32(w)<<pathBits)[:n]
}

// wireIDOf reads the id of a packet; b starts with it.
func wireIDOf(b []byte, n int) (w wireID) {
	for i, x := range b[:n] {
		w |= wireID(x) << (8 * i)
	}
	return w >> pathBits
}

// Where packets have the id of their connection. A REASON towards a request has
// none.
const (
	wireIDInData      = 1
	wireIDInHandshake = 2
)

// wireIDAt returns where in a packet the id of the connection is; 0: nowhere.
func (c *Client) wireIDAt(b []byte) int {
	at := 0
	switch n := c.cfg.WireIDBytes; {
	case n == 0 || len(b) == 0:
	case b[0]&wire.PrefixDataMask == wire.PrefixData:
		at = wireIDInData
	case b[0] == wire.PrefixHandshake:
		at = wireIDInHandshake
	}
	if at == 0 || len(b) < at+c.cfg.WireIDBytes {
		return 0
	}
	return at
}

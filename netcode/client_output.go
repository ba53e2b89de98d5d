package netcode

import (
	"encoding/binary"

	"github.com/tickwire/tickwire/internal/wire"
)

// NextDatagram returns a datagram that is due, appended to dst[:0], and where
// it goes; false when there is none.
func (c *Client) NextDatagram(dst []byte) (b []byte, to Source, ok bool) {
	if c.farewell > 0 {
		c.farewell--
		return c.appendStandard(dst[:0], kindDisconnect, nil), c.Server(), true
	}
	for c.dueMask != 0 {
		due := c.dueMask & -c.dueMask
		c.dueMask &^= due
		switch due {
		case dueRequest:
			return c.appendRequest(dst[:0]), c.Server(), true
		case dueOffer:
			c.unanswered = 0
			if b, ok := c.appendOffer(dst[:0]); ok {
				return b, c.Server(), true
			}
			c.drop(DropNoRandom)
		case dueResume:
			c.unanswered = 0
			if b, ok := c.appendResume(dst[:0]); ok {
				return b, c.Server(), true
			}
			c.drop(DropNoRandom)
		case dueResponse:
			return c.appendResponse(dst[:0]), c.Server(), true
		case dueKeepAlive:
			var body [keepAliveBody]byte
			binary.LittleEndian.PutUint32(body[:], c.index)
			binary.LittleEndian.PutUint32(body[4:], c.maxClients)
			return c.appendStandard(dst[:0], kindKeepAlive, body[:]), c.Server(), true
		}
	}
	return nil, Source{}, false
}

func (c *Client) appendRequest(dst []byte) []byte {
	dst = append(dst, wire.PrefixRequest)
	dst = append(dst, versionInfo...)
	dst = binary.LittleEndian.AppendUint64(dst, c.token.ProtocolID)
	dst = binary.LittleEndian.AppendUint64(dst, c.token.Expires)
	dst = append(dst, c.token.nonce[:]...)
	return append(dst, c.token.sealed()...)
}

func (c *Client) appendOffer(dst []byte) ([]byte, bool) {
	o := offer{
		sequence: c.challenge, version: wire.Version, share: c.share, wireID: c.wireID,
		padItems: c.token.Pad.raw(), challenge: c.challengeBy[:], hello: c.cfg.Hello,
	}
	return o.append(c.random, c.handshake, dst)
}

func (c *Client) appendResponse(dst []byte) []byte {
	var body [challengeBody]byte
	binary.LittleEndian.PutUint64(body[:], c.challenge)
	copy(body[8:], c.challengeBy[:])
	return c.appendStandard(dst, kindResponse, body[:])
}

func (c *Client) appendStandard(dst []byte, kind packetKind, body []byte) []byte {
	dst = c.out.append(dst, kind, c.sequence, body)
	c.sequence++
	return dst
}

// AppendPayload appends a standard payload packet of 1 to 1200 bytes to a
// plain server.
func (c *Client) AppendPayload(now int64, dst, payload []byte) ([]byte, error) {
	if err := checkPayload(payload); err != nil {
		return dst, err
	}
	if c.state != StateConnected || !c.plain {
		return dst, &StateError{"AppendPayload", "not connected to a plain server"}
	}
	c.now, c.sent = now, now
	return c.appendStandard(dst, kindPayload, payload), nil
}

// Disconnect ends the attempt or the connection. A plain server is told ten
// times; with one of ours, saying goodbye is the endpoint's matter.
func (c *Client) Disconnect(now int64) {
	c.now = now
	if c.plain && c.state == StateConnected || c.plainAt != never && c.state == StateResponding {
		c.farewell = redundantDisconnects
	}
	c.state, c.dueMask, c.private = StateDisconnected, 0, nil
}

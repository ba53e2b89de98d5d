package systems

import (
	"context"
	"encoding/json"
	"net"
	"strings"

	"github.com/pion/webrtc/v4"

	"github.com/tickwire/tickwire/bench/peer"
)

// The ends of WebRTC exchange descriptions of themselves before the first datagram, here over TCP
// and past the relay. The client keeps its own addresses to itself and has the relay's in place of
// the server's, so that all datagrams pass the relay.

// answer takes an offer in and answers it.
func answer(api *webrtc.API, t net.Conn, took func(peer.Lane, []byte)) error {
	defer t.Close()
	c, err := newPion(api, took)
	if err != nil {
		return err
	}
	var offer webrtc.SessionDescription
	if err := json.NewDecoder(t).Decode(&offer); err != nil {
		return err
	}
	if err := c.pc.SetRemoteDescription(offer); err != nil {
		return err
	}
	own, err := c.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if own, err = c.describe(own); err != nil {
		return err
	}
	return json.NewEncoder(t).Encode(own)
}

// offer sends an offer, and takes the answer in.
func (c *pionConn) offer(ctx context.Context, site peer.Site) error {
	var dialer net.Dialer
	t, err := dialer.DialContext(ctx, "tcp4", site.Aside)
	if err != nil {
		return err
	}
	defer t.Close()
	own, err := c.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	if own, err = c.describe(own); err != nil {
		return err
	}
	own.SDP = eachLine(own.SDP, func(line string) string {
		if strings.HasPrefix(line, "a=candidate:") || strings.HasPrefix(line, "a=end-of-candidates") {
			return ""
		}
		return line
	})
	if err := json.NewEncoder(t).Encode(own); err != nil {
		return err
	}
	var server webrtc.SessionDescription
	if err := json.NewDecoder(t).Decode(&server); err != nil {
		return err
	}
	if server.SDP, err = aimedAt(server.SDP, site.Public); err != nil {
		return err
	}
	return c.pc.SetRemoteDescription(server)
}

// describe sets a description of this end, and returns it with all addresses.
func (c *pionConn) describe(d webrtc.SessionDescription) (webrtc.SessionDescription, error) {
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(d); err != nil {
		return d, err
	}
	<-gathered
	return *c.pc.LocalDescription(), nil
}

// aimedAt puts an address in place of those of a description.
func aimedAt(sdp, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	return eachLine(sdp, func(line string) string {
		f := strings.Fields(line)
		if !strings.HasPrefix(line, "a=candidate:") || len(f) < 6 {
			return line
		}
		f[4], f[5] = host, port // RFC 8839, section 5.1
		return strings.Join(f, " ")
	}), nil
}

// eachLine changes each line of a description; "" leaves it out.
func eachLine(sdp string, change func(string) string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.ReplaceAll(sdp, "\r\n", "\n"), "\n") {
		if line = change(line); line != "" {
			b.WriteString(line + "\r\n")
		}
	}
	return b.String()
}

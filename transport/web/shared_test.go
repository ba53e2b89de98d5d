//go:build !js

package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"

	"github.com/tickwire/tickwire/transport"
)

// A sharedPort is a UDP port with WebRTC and WebTransport on it, behind one board, whose owner echoes
// what comes.
type sharedPort struct {
	t     *testing.T
	board *board
	port  *ownPort
	d     *diverter
	rtc   *rtcServer
	wt    *wtServer
	cert  *certificate

	refuse atomic.Pointer[string] // origins are refused with that
}

const wtPath = "/tickwire"

// newSharedPort opens one; others than usual are set before anything comes.
func newSharedPort(t *testing.T, limit limits, set ...func(*sharedPort)) *sharedPort {
	t.Helper()
	return newSharedPortAt(t, "127.0.0.1:0", limit, set...)
}

func newSharedPortAt(t *testing.T, address string, limit limits, set ...func(*sharedPort)) *sharedPort {
	t.Helper()
	s := &sharedPort{t: t, board: newBoard(4096, limit)}
	var err error
	if s.port, err = openPort(address); err != nil {
		t.Fatal(err)
	}
	s.d = newDiverter(s.port)
	if s.rtc, err = newRTCServer(s.board, s.d); err != nil {
		t.Fatal(err)
	}
	if s.cert, err = newCertificate("", "", nil, time.Now); err != nil {
		t.Fatal(err)
	}
	origins := func(*http.Request) error {
		if why := s.refuse.Load(); why != nil {
			return fmt.Errorf("%s", *why)
		}
		return nil
	}
	if s.wt, err = newWTServer(s.board, s.d, s.port.LocalAddr(), wtPath, s.cert.tls(), origins); err != nil {
		t.Fatal(err)
	}
	for _, set := range set {
		set(s)
	}
	s.port.serve(s.d)
	t.Cleanup(s.close)
	return s
}

func (s *sharedPort) close() {
	_ = s.board.shut(CodeGoingAway, "the test is over")
	s.rtc.close()
	s.wt.close()
	_ = s.port.close()
}

// echo sends back all that comes, until the port closes.
func (s *sharedPort) echo() {
	go func() {
		ds := make([]transport.Datagram, 64)
		for {
			if _, err := s.board.Wait(time.Time{}); err != nil {
				return
			}
			n, err := s.board.Read(ds)
			if err != nil {
				return
			}
			_, _ = s.board.Write(ds[:n])
			_ = s.board.Ended(nil)
		}
	}()
}

// An rtcClient is a browser's data channel, as pion makes it.
type rtcClient struct {
	conn *webrtc.PeerConnection
	dc   *webrtc.DataChannel
	open chan struct{}
	got  chan []byte
}

// rtcBrowser answers an offer.
func rtcBrowser(t *testing.T, offer string) (*rtcClient, string) {
	t.Helper()
	c, answer, err := answerOffer(offer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	c.dc.OnMessage(func(m webrtc.DataChannelMessage) { c.got <- m.Data })
	return c, answer
}

func answerOffer(offer string) (*rtcClient, string, error) {
	s := webrtc.SettingEngine{LoggerFactory: silence{}}
	s.SetIncludeLoopbackCandidate(true)
	conn, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, "", err
	}
	c := &rtcClient{conn: conn, open: make(chan struct{}), got: make(chan []byte, 4096)}
	ordered, retransmits, negotiated, id := false, uint16(0), true, uint16(rtcID)
	if c.dc, err = conn.CreateDataChannel(rtcLabel, &webrtc.DataChannelInit{
		Ordered: &ordered, MaxRetransmits: &retransmits, Negotiated: &negotiated, ID: &id,
	}); err != nil {
		return nil, "", err
	}
	c.dc.OnOpen(func() { close(c.open) })
	if err := conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return nil, "", err
	}
	answer, err := conn.CreateAnswer(nil)
	if err != nil {
		return nil, "", err
	}
	return c, answer.SDP, conn.SetLocalDescription(answer)
}

// dialRTC opens a data channel to the port.
func (s *sharedPort) dialRTC() (*rtcClient, *rtcPeer) {
	s.t.Helper()
	p, offer, err := s.rtc.offer([]netip.AddrPort{s.port.LocalAddr()})
	if err != nil {
		s.t.Fatal(err)
	}
	c, answer := rtcBrowser(s.t, offer)
	if err := p.answer(answer); err != nil {
		s.t.Fatal(err)
	}
	within(s.t, "the data channel opens", c.open)
	return c, p
}

func within[T any](t *testing.T, what string, c <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-c:
	case <-time.After(patience):
		t.Fatalf("not within %v: %s", patience, what)
	}
	return got
}

// Eventually and Patience are for tests that see the package from outside.
var Eventually = eventually

const Patience = patience

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// dialWT opens a session, with the certificate pinned by its hash as a browser does it.
func (s *sharedPort) dialWT(path string) (*webtransport.Session, error) {
	s.t.Helper()
	hashes, err := s.cert.hashes()
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	return dialSession(ctx, fmt.Sprintf("https://%v%s", s.port.LocalAddr(), path), [][]byte{hashes[0][:]})
}

func dialSession(ctx context.Context, url string, hashes [][]byte) (*webtransport.Session, error) {
	dialer := &webtransport.Transport{
		TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, // it is the hash that counts
			NextProtos:         []string{"h3"},
			VerifyConnection: func(c tls.ConnectionState) error {
				seen := sha256.Sum256(c.PeerCertificates[0].Raw)
				if !slices.ContainsFunc(hashes, func(h []byte) bool { return bytes.Equal(h, seen[:]) }) {
					return fmt.Errorf("another certificate than the one whose hash was published")
				}
				return nil
			},
		},
		QUICConfig: &quic.Config{EnableDatagrams: true, EnableStreamResetPartialDelivery: true},
	}
	response, session, err := dialer.Dial(ctx, url, nil)
	if err != nil && response != nil {
		err = fmt.Errorf("%w: %s", err, response.Status)
	}
	return session, err
}

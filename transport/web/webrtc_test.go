//go:build !js

package web

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/tickwire/tickwire/transport"
)

// TestWebRTC: a data channel carries datagrams of all sizes both ways, is an association with the
// address of its peer, and ends at both ends when either does.
func TestWebRTC(t *testing.T) {
	s := newSharedPort(t, limits{})
	s.echo()
	c, p := s.dialRTC()
	for _, n := range []int{1, 100, MaxWebRTCDatagram} {
		if err := c.dc.Send(bytes.Repeat([]byte{byte(n)}, n)); err != nil {
			t.Fatal(err)
		}
		if got := within(t, "an echo", c.got); len(got) != n || got[0] != byte(n) {
			t.Errorf("%d bytes came back as %d", n, len(got))
		}
	}
	at := p.path(t)
	if at.Kind != transport.KindWebRTC || !at.Remote.Addr().IsLoopback() || at.Remote.Port() == 0 || at.Association == 0 {
		t.Errorf("its path is %v", at)
	}
	_ = c.conn.Close()
	eventually(t, "the association ends", func() bool { return s.board.counts[kindIndex(transport.KindWebRTC)].stats().Open == 0 })
	eventually(t, "nothing is left of it", func() bool { return s.rtc.idle() })
}

// path waits for the association.
func (p *rtcPeer) path(t *testing.T) (at transport.Path) {
	t.Helper()
	eventually(t, "it is an association", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.association != nil {
			at = p.association.path
		}
		return p.association != nil
	})
	return at
}

// idle reports whether the server has forgotten all of its peers.
func (r *rtcServer) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table.mu.Lock()
	defer r.table.mu.Unlock()
	return len(r.peers) == 0 && len(r.table.names) == 0 && len(r.table.addresses) == 0 && len(r.waiting) == 0
}

// TestWebRTCEndedHere: a peer that the owner sends away is told.
func TestWebRTCEndedHere(t *testing.T) {
	s := newSharedPort(t, limits{})
	s.echo()
	c, p := s.dialRTC()
	closed := make(chan struct{})
	c.dc.OnClose(func() { close(closed) })
	at := p.path(t)
	s.board.End(at)
	within(t, "the peer learns of it", closed)
	eventually(t, "nothing is left of it", s.rtc.idle)
}

// TestWebRTCFull: when there is no room for another player he is told so in place of an offer; of two
// who asked at a time the second channel closes.
func TestWebRTCFull(t *testing.T) {
	s := newSharedPort(t, limits{players: 1})
	p, offer, err := s.rtc.offer([]netip.AddrPort{s.port.LocalAddr()})
	if err != nil {
		t.Fatal(err)
	}
	s.dialRTC()
	_, answer := rtcBrowser(t, offer)
	if err := p.answer(answer); err != nil {
		t.Fatal(err)
	}
	within(t, "the second ends", p.done)
	var full *CloseError
	here := s.port.LocalAddr()
	if _, _, err := s.rtc.offerTo(here.Addr(), []netip.AddrPort{here}); !errors.As(err, &full) || full.Code != CodeFull {
		t.Errorf("a third gets %v", err)
	}
	if n := s.board.refuse.full.Load(); n != 2 {
		t.Errorf("%d are counted, want 2", n)
	}
}

// TestWebRTCCrowded: when there is no room for another player from his address he is told so in place of an offer, and one from
// another address is not.
func TestWebRTCCrowded(t *testing.T) {
	s := newSharedPort(t, limits{perAddress: 1})
	_, p := s.dialRTC()
	p.path(t)
	at := []netip.AddrPort{s.port.LocalAddr()}
	var crowded *CloseError
	if _, _, err := s.rtc.offerTo(at[0].Addr(), at); !errors.As(err, &crowded) || crowded.Code != CodeFull || !strings.Contains(crowded.Reason, "this address (1)") {
		t.Errorf("a second one gets %v", err)
	}
	if _, _, err := s.rtc.offerTo(netip.MustParseAddr("192.0.2.1"), at); err != nil {
		t.Errorf("somebody else gets %v", err)
	}
	if n := s.board.refuse.crowded.Load(); n != 1 {
		t.Errorf("%d are counted, want 1", n)
	}
}

// TestWebRTCTooLarge: a message that is larger than a datagram ends its data channel, and costs nobody anything else.
func TestWebRTCTooLarge(t *testing.T) {
	s := newSharedPort(t, limits{})
	s.echo()
	honest, _ := s.dialRTC()
	ours := fmt.Sprintf("max-message-size:%d", MaxWebRTCDatagram)
	for i, n := range []int{MaxWebRTCDatagram + 1, MaxWebRTCDatagram + 2, 4000, 65536} {
		p, offer, err := s.rtc.offer([]netip.AddrPort{s.port.LocalAddr()})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(offer, ours) {
			t.Fatalf("the offer does not say what is taken: %s", offer)
		}
		c, answer := rtcBrowser(t, strings.Replace(offer, ours, "max-message-size:65536", 1)) // who does not care
		if err := p.answer(answer); err != nil {
			t.Fatal(err)
		}
		within(t, "the data channel opens", c.open)
		if err := c.dc.Send(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		within(t, "it has ended", p.done)
		eventually(t, fmt.Sprintf("one of %d bytes is counted, and the other stays", n), func() bool {
			got := s.board.stats().WebRTC
			return got.TooLarge == uint64(i)+1 && got.Open == 1
		})
	}
	if err := honest.dc.Send([]byte("small")); err != nil {
		t.Fatal(err)
	}
	if got := within(t, "an echo", honest.got); string(got) != "small" {
		t.Errorf("%d bytes came back", len(got))
	}
}

// TestWebRTCAnotherChannel: who opens a second data channel loses the first.
func TestWebRTCAnotherChannel(t *testing.T) {
	s := newSharedPort(t, limits{})
	s.echo()
	honest, _ := s.dialRTC()
	c, p := s.dialRTC()
	for range 100 {
		if _, err := c.conn.CreateDataChannel("another", nil); err != nil {
			break // it is over already
		}
	}
	within(t, "it has ended", p.done)
	eventually(t, "it is counted, and the other stays", func() bool {
		got := s.board.stats()
		return got.Refused.Rules > 0 && got.WebRTC.Open == 1
	})
	if err := honest.dc.Send([]byte("small")); err != nil {
		t.Fatal(err)
	}
	within(t, "an echo", honest.got)
}

// TestWebRTCRubbish: answers that no browser gives are refused with words for it, cost nothing that
// stays, and leave room for those who play.
func TestWebRTCRubbish(t *testing.T) {
	s := newSharedPort(t, limits{})
	good := answer{name: "abcd", password: strings.Repeat("p", 22), fingerprint: strings.Repeat("AB:", 31) + "AB", setup: "active"}
	whole := good.description()
	for what, sdp := range map[string]string{
		"nothing":            "",
		"rubbish":            "\x00\xff\xfe rubbish",
		"too long":           whole + strings.Repeat("a=x\r\n", mostAnswer/4),
		"two channels":       whole + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
		"video":              strings.Replace(whole, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=video 9 UDP/TLS/RTP/SAVPF 96", 1),
		"a refusal":          strings.Replace(whole, "m=application 9", "m=application 0", 1),
		"no name":            strings.Replace(whole, "ice-ufrag", "ice-x", 1),
		"a short secret":     strings.Replace(whole, strings.Repeat("p", 22), "p", 1),
		"a long secret":      strings.Replace(whole, strings.Repeat("p", 22), strings.Repeat("p", 300), 1),
		"a secret of spaces": strings.Replace(whole, strings.Repeat("p", 22), strings.Repeat(" ", 22), 1),
		"no certificate":     strings.Replace(whole, "AB:AB", "AB-AB", 1),
		"SHA-1":              strings.Replace(whole, "sha-256", "sha-1", 1),
		"no role":            strings.Replace(whole, "setup:active", "setup:actpass", 1),
	} {
		p, _, err := s.rtc.offer([]netip.AddrPort{s.port.LocalAddr()})
		if err != nil {
			t.Fatal(err)
		}
		var wrong *answerError
		if err := p.answer(sdp); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "want that of a browser") {
			t.Errorf("%s: %v", what, err)
		}
		p.end(nil)
	}
	p, _, err := s.rtc.offer([]netip.AddrPort{s.port.LocalAddr()})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.answer(whole); err != nil {
		t.Errorf("one that is right: %v", err)
	}
	if err := p.answer(whole); err == nil {
		t.Error("a second answer is taken")
	}
	if err := p.candidate(strings.Repeat("x", mostCandidate+1)); err == nil {
		t.Error("a candidate without end is taken")
	}
	if err := p.candidate("candidate:1 1 udp 1 0.local 9 typ host"); err != nil {
		t.Error(err)
	}
	p.end(nil)
	if !s.rtc.idle() {
		t.Error("something is left of them")
	}
}

// TestWebRTCManyWants: browsers that ask for one offer after the other, and answer none, hold a
// bounded number, and nobody up who answers: the oldest goes for the newest.
func TestWebRTCManyWants(t *testing.T) {
	s := newSharedPort(t, limits{})
	s.echo()
	want := func() *rtcPeer {
		p, _, err := s.rtc.offer([]netip.AddrPort{s.port.LocalAddr()})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := want()
	for range rtcHandshakes - 1 {
		want()
	}
	select {
	case <-first.done:
		t.Error("the first goes before there are too many")
	default:
	}
	c, open := s.dialRTC() // while there are too many
	within(t, "the first has gone", first.done)
	open.path(t)
	for range 3 * rtcHandshakes {
		want()
	}
	if err := c.dc.Send([]byte("still here")); err != nil {
		t.Fatal(err)
	}
	within(t, "an echo", c.got)
	s.rtc.mu.Lock()
	peers, waiting := len(s.rtc.peers), slices.Clone(s.rtc.waiting)
	s.rtc.mu.Unlock()
	if peers != rtcHandshakes+1 || len(waiting) != rtcHandshakes || s.rtc.displaced.Load() != 3*rtcHandshakes {
		t.Errorf("%d are kept, %d under way, %d gone", peers, len(waiting), s.rtc.displaced.Load())
	}
	for _, p := range append(waiting, open) {
		p.end(nil)
	}
	if !s.rtc.idle() {
		t.Error("something is left of them")
	}
	start := time.Now()
	for range 200 { // one at a time, as by one WebSocket
		p, _, err := s.rtc.offer([]netip.AddrPort{s.port.LocalAddr()})
		if err != nil {
			t.Fatal(err)
		}
		p.end(nil)
	}
	t.Logf("an offer and its end take %v", time.Since(start)/200)
}

// TestWebRTCCandidates: the offer has the addresses that it is to have, and no other of this host.
func TestWebRTCCandidates(t *testing.T) {
	s := newSharedPort(t, limits{})
	at := reachedAt([]netip.Addr{netip.MustParseAddr("203.0.113.5"), netip.MustParseAddr("2001:db8::5")}, 7777,
		netip.MustParseAddr("::ffff:203.0.113.5"), netip.MustParseAddr("0.0.0.0"), netip.Addr{}, netip.MustParseAddr("10.0.0.1"))
	p, sdp, err := s.rtc.offer(at)
	if err != nil {
		t.Fatal(err)
	}
	defer p.end(nil)
	want := []string{"203.0.113.5:7777", "[2001:db8::5]:7777", "10.0.0.1:7777"}
	if got := candidatesOf(sdp); !slices.Equal(got, want) {
		t.Errorf("candidates %v, want %v in\n%s", got, want, sdp)
	}
	if !strings.Contains(sdp, "a=ice-lite") || !strings.Contains(sdp, "a=setup:actpass") {
		t.Errorf("the offer is\n%s", sdp)
	}
}

func FuzzAnswer(f *testing.F) {
	good := answer{name: "abcd", password: strings.Repeat("p", 22), fingerprint: strings.Repeat("AB:", 31) + "AB", setup: "active"}
	f.Add(good.description())
	f.Add("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=ice-ufrag:")
	f.Fuzz(func(t *testing.T, sdp string) {
		a, err := readAnswer(sdp)
		if err != nil {
			return
		}
		again, err := readAnswer(a.description())
		if err != nil || again != a {
			t.Errorf("%+v is %+v, %v when it is read again", a, again, err)
		}
	})
}

// TestWebRTCWantsOfOne: one address has some data channels under way, also if it leaves each as soon as it is offered, and
// holds up nobody else.
func TestWebRTCWantsOfOne(t *testing.T) {
	t.Parallel()
	s := listen(t, Config{})
	if s.udp.rtc.failed != rtcFailed {
		t.Errorf("one that comes to nothing counts for %v, want %v", s.udp.rtc.failed, rtcFailed)
	}
	s.udp.rtc.failed = time.Hour // so that all of them count at once
	for i := range rtcPerSource {
		ws, m := wantsFrom(t, s, "127.0.0.1")
		if m.Offer == nil {
			t.Fatalf("%d: %+v", i, m)
		}
		if i%2 == 0 {
			_ = ws.CloseNow()
		}
	}
	if _, m := wantsFrom(t, s, "127.0.0.1"); m.Refused == nil || m.Refused.Reason != "too many data channels are under way from this address (16)" {
		t.Errorf("one too many is told %+v", m)
	}
	if n := s.Stats().Refused.Crowded; n != 1 {
		t.Errorf("Crowded = %d", n)
	}
	if _, m := wantsFrom(t, s, "127.0.0.9"); m.Offer == nil {
		t.Errorf("somebody else is told %+v", m)
	}
}

// TestWebRTCWantsThatFailed: those that came to nothing count for a while, and no longer.
func TestWebRTCWantsThatFailed(t *testing.T) {
	t.Parallel()
	s := listen(t, Config{})
	s.udp.rtc.failed = 100 * time.Millisecond
	for range rtcPerSource + 5 {
		eventually(t, "an offer", func() bool {
			ws, m := wantsFrom(t, s, "127.0.0.1")
			_ = ws.CloseNow()
			return m.Offer != nil
		})
	}
	eventually(t, "none counts", func() bool {
		s.udp.rtc.sources.mu.Lock()
		defer s.udp.rtc.sources.mu.Unlock()
		return len(s.udp.rtc.sources.from) == 0
	})
}

// wantsFrom asks for a data channel from an address, and reads what it is told.
func wantsFrom(t *testing.T, s *Socket, from string) (*websocket.Conn, signal) {
	t.Helper()
	by := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	ws := byHand(t, s.URL(), &websocket.DialOptions{
		Subprotocols: []string{Subprotocol}, HTTPClient: &http.Client{Transport: &http.Transport{DialContext: by.DialContext}},
	})
	readSignal(t, ws)
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"want":{"transport":"webrtc"}}`)); err != nil {
		t.Fatal(err)
	}
	return ws, readSignal(t, ws)
}

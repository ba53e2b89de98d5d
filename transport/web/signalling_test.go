//go:build !js

package web

import (
	"net/netip"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// wanting is a WebSocket that has asked for a data channel, and been offered one.
func wanting(t *testing.T, s *Socket) (ws *websocket.Conn, id uint64) {
	t.Helper()
	ws = byHand(t, s.URL(), nil)
	readSignal(t, ws)
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"want":{"transport":"webrtc"}}`)); err != nil {
		t.Fatal(err)
	}
	return ws, readSignal(t, ws).Offer.ID
}

// TestAnswerOfAnother: an answer to another offer than the last, which may be on its way when that is made, is passed over; one
// to the last is read, and what is wrong with it told.
func TestAnswerOfAnother(t *testing.T) {
	ws, id := wanting(t, listen(t, Config{}))
	for _, m := range []signal{
		{Answer: &sdpSignal{id + 1, "rubbish"}}, {Want: &wantSignal{"another"}}, {Answer: &sdpSignal{id, "rubbish"}},
	} {
		if err := ws.Write(t.Context(), websocket.MessageText, appendSignal(nil, &m)); err != nil {
			t.Fatal(err)
		}
	}
	if m := readSignal(t, ws); m.Refused == nil {
		t.Errorf("behind an answer to another offer comes %+v", m)
	}
	if got := farewell(t, ws); got.Code != CodeRules {
		t.Errorf("behind rubbish it is told %v", got)
	}
}

// TestOfferEndsWithItsWebSocket: nothing is left of a data channel under way whose WebSocket has ended.
func TestOfferEndsWithItsWebSocket(t *testing.T) {
	s := listen(t, Config{})
	ws, _ := wanting(t, s)
	if s.udp.rtc.idle() {
		t.Error("nothing is under way")
	}
	ws.CloseNow()
	eventually(t, "nothing is left of the offer", s.udp.rtc.idle)
}

// TestLongOfferLapses: an offer that nobody answers lasts for rtcPatience.
func TestLongOfferLapses(t *testing.T) {
	t.Parallel()
	s := newSharedPort(t, limits{})
	began := time.Now()
	p, _, err := s.rtc.offer([]netip.AddrPort{s.port.LocalAddr()})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(2 * rtcPatience):
	}
	if took := time.Since(began); took < rtcPatience || took >= 2*rtcPatience {
		t.Errorf("it lasted for %v", took)
	}
	eventually(t, "nothing is left of it", s.rtc.idle)
}

//go:build !js

package web

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"
)

// Strangers have no token. Each kind begins something, and does not go on with it.

func says(leave func()) player { return player{func([]byte) error { return nil }, leave} }

// strangerSilent opens a connection of TCP.
func strangerSilent(url string) (player, error) {
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(url, "ws://"), DefaultPath))
	if err != nil {
		return player{}, err
	}
	return says(func() { c.Close() }), nil
}

// strangerIdle opens a WebSocket.
func strangerIdle(url string) (player, error) {
	ws, _, err := signalsOf(url)
	if err != nil {
		return player{}, err
	}
	return says(func() { _ = ws.CloseNow() }), nil
}

// strangerWants has a data channel offered, and does not answer.
func strangerWants(url string) (player, error) {
	ws, _, err := signalsOf(url)
	if err != nil {
		return player{}, err
	}
	_ = ws.Write(context.Background(), websocket.MessageText, []byte(`{"want":{"transport":"webrtc"}}`))
	if m, err := nextSignal(context.Background(), ws); err != nil || m.Offer == nil {
		return player{}, fmt.Errorf("no offer: %v, %v", m.Refused, err)
	}
	return says(func() { _ = ws.CloseNow() }), nil
}

// strangerQUIC opens a connection of QUIC, and asks for no session.
func strangerQUIC(url string) (player, error) {
	at := strings.TrimSuffix(strings.TrimPrefix(url, "ws://"), DefaultPath)
	c, err := quic.DialAddr(context.Background(), at, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h3"}}, nil)
	if err != nil {
		return player{}, err
	}
	return says(func() { _ = c.CloseWithError(0, "") }), nil
}

// strangerSession opens a session.
func strangerSession(url string) (player, error) {
	p, err := joinWT(url)
	return says(p.leave), err
}

// churnOfEach is how often each stranger comes again who goes as soon as he is there.
const churnOfEach = 50

// strangerChurns begins something and leaves it, again and again, whatever becomes of it.
func strangerChurns(kind, url string) (player, error) {
	for range churnOfEach {
		switch kind {
		case "silent":
			if p, err := strangerSilent(url); err == nil {
				p.leave()
			}
		case "idle":
			if p, err := strangerIdle(url); err == nil {
				p.leave()
			}
		case "session":
			d := webtransport.Transport{
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h3"}},
				QUICConfig:      &quic.Config{EnableDatagrams: true, EnableStreamResetPartialDelivery: true},
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			if _, s, err := d.Dial(ctx, strings.Replace(url, "ws://", "https://", 1), nil); err == nil {
				_ = s.CloseWithError(0, "")
			}
			cancel()
			d.Close()
		}
	}
	return says(func() {}), nil
}

// junkOfEach is how much each stranger sends who sends junk.
const junkOfEach = 20_000

// junk is what looks like each of the protocols of a port.
var junk = map[string][]byte{
	"ours": append([]byte{0x08, 0}, make([]byte, 98)...),
	"stun": stunFor("nobody"),
	"dtls": dtlsRecord(22, 100),
	"long": quicLong(),
	"text": append([]byte{0x45}, make([]byte, 99)...), // as of QUIC, with an id that proves nothing
}

// strangerSends sends what looks like something, from one port, as fast as some 50 000 a second.
func strangerSends(kind, to string) (player, error) {
	c, err := net.Dial("udp", to)
	if err != nil {
		return player{}, err
	}
	b := append([]byte(nil), junk[kind]...)
	for i := range junkOfEach {
		switch kind {
		case "long":
			rand.Read(b[6:14]) // another connection
		case "ours", "text":
			rand.Read(b[2:20])
		}
		_, _ = c.Write(b)
		if i%50 == 49 {
			time.Sleep(time.Millisecond)
		}
	}
	return says(func() { c.Close() }), nil
}

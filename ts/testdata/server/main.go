// The command server is what the TypeScript tests speak with: a server that says everything back. It is
// started with one JSON object of settings, prints a JSON object that says where it is, and ends when its
// standard input does. Each line of that is a command, and is answered by a line.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// settings are what a test chooses.
type settings struct {
	Address        string // where to listen; empty: 127.0.0.1:0
	Key            byte   // each byte of the key; servers with the same one let in whoever has a ticket
	Suite          netcode.Suite
	TagBytes       int
	ForwardSecrecy bool
	Plain          bool // tokens without a pad
	MaxClients     int
	KeepSeats      int // seconds
	Timeout        int // seconds; 0: patient
	EpochPackets   int
	Web            bool // for browsers, too; then the address is that of both
	NoWebRTC       bool
	NoWebTransport bool
	Refuse         *tickwire.Refusal
	Release        string // of typed messages, "new" or "old"; empty: none
	MinSchema      int    // the oldest version of these
}

// patient is what waits for a machine that may do something else.
const patient = time.Minute

// command is one line of the standard input.
type command struct {
	Token uint64 // mint one for this player
	Close *struct {
		Code tickwire.Code
		Text string
	}
	Drain    bool
	HandOver []byte // tokens for another server, for everybody
	Patience int    // with those: seconds until the connections end anyhow; 0: patient
	Say      *struct {
		Channel tickwire.ChannelID
		Text    string
	}
}

func channels() []tickwire.AnyChannel {
	var all []tickwire.AnyChannel
	for i, d := range []tickwire.Delivery{
		tickwire.Unreliable, tickwire.UnreliableLatest, tickwire.ReliableUnordered, tickwire.ReliableLatest, tickwire.ReliableOrdered,
	} {
		all = append(all, tickwire.NewRawChannel(tickwire.ChannelConfig{
			ID: tickwire.ChannelID(i + 1), Name: d.String(), Delivery: d, MaxMessageBytes: 1 << 16,
		}))
	}
	return all
}

func listen(s settings) *tickwire.Hub {
	if s.Address == "" {
		s.Address = "127.0.0.1:0"
	}
	key := [netcode.KeyBytes]byte{1}
	for i := range key {
		key[i] += s.Key
	}
	cfg := tickwire.ServerConfig{
		Config: tickwire.Config{
			Channels: append(channels(), releases[s.Release].channels()...), MinSchemaVersion: s.MinSchema,
			Logger: slog.New(slog.DiscardHandler), EpochPackets: s.EpochPackets,
		},
		PrivateKey: netcode.KeyFrom(key), Development: true, MaxTokenLifetime: -1, MaxClients: s.MaxClients,
		KeepSeats:          time.Duration(s.KeepSeats) * time.Second,
		DevelopmentTimeout: cmp.Or(time.Duration(s.Timeout)*time.Second, patient),
		DevelopmentToken: func(m *netcode.MintConfig) {
			m.Suite, m.TagBytes, m.ForwardSecrecy, m.Plain = s.Suite, s.TagBytes, s.ForwardSecrecy, s.Plain
		},
		Admit: func(tickwire.Applicant) error {
			if s.Refuse != nil {
				return s.Refuse
			}
			return nil
		},
	}
	return tickwire.NewHub(must(tickwire.Listen(cfg, s.sockets()...)))
}

// sockets opens its ports. The system gives a number that is free for UDP: where somebody has it by TCP another one is asked for.
func (s settings) sockets() []transport.Socket {
	for {
		u := must(udp.Listen(s.Address))
		if !s.Web {
			return []transport.Socket{u}
		}
		w, err := web.New(u, web.Config{Origins: []string{"*"}, DisableWebRTC: s.NoWebRTC, DisableWebTransport: s.NoWebTransport})
		if !errors.Is(err, syscall.EADDRINUSE) || !strings.HasSuffix(s.Address, ":0") {
			return []transport.Socket{u, must(w, err)}
		}
		u.Close()
	}
}

// echo says everything back, and what happens as lines.
func echo(hub *tickwire.Hub, typed release) {
	for ev := range hub.Events(context.Background()) {
		switch ev.Kind {
		case tickwire.Message:
			if typed.echo(ev) {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), patient)
			if _, err := ev.Conn.SendContext(ctx, ev.Channel, ev.Payload, tickwire.SendOptions{}); err != nil {
				answer(map[string]any{"failed": err.Error()})
			}
			cancel()
		case tickwire.Connected, tickwire.Away, tickwire.Back, tickwire.Disconnected:
			answer(map[string]any{
				"event": ev.Kind.String(), "player": ev.Conn.ClientID(), "code": ev.Reason.Code, "text": ev.Reason.Text,
				"resumed": ev.Resumed, "kept": ev.Kept,
			})
		}
	}
}

func obey(hub *tickwire.Hub, c command) {
	switch {
	case c.Token > 0:
		answer(map[string]any{"token": must(hub.DevToken(c.Token))})
	case c.Close != nil:
		for _, conn := range hub.Conns() {
			check(conn.Close(c.Close.Code, c.Close.Text))
		}
	case c.Drain:
		for _, conn := range hub.Conns() {
			check(conn.Drain(0, "that was all", patient))
		}
	case c.HandOver != nil:
		patience := cmp.Or(time.Duration(c.Patience)*time.Second, patient)
		for _, conn := range hub.Conns() {
			check(conn.HandOver(c.HandOver, patience))
		}
	case c.Say != nil:
		for _, conn := range hub.Conns() {
			check(conn.Send(c.Say.Channel, []byte(c.Say.Text)))
		}
	}
}

var out = make(chan any, 1000)

func answer(v any) { out <- v }

func main() {
	var s settings
	if len(os.Args) != 2 {
		log.Fatal("usage: server '{…}'")
	}
	check(json.Unmarshal([]byte(os.Args[1]), &s))
	hub := listen(s)
	go func() {
		lines := json.NewEncoder(os.Stdout)
		for v := range out {
			check(lines.Encode(v))
		}
	}()
	var addresses []netip.AddrPort = hub.PublicAddresses()
	answer(map[string]any{"address": fmt.Sprint(addresses[0])})
	go echo(hub, releases[s.Release])
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var c command
		check(json.Unmarshal(lines.Bytes(), &c))
		obey(hub, c)
	}
	check(hub.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

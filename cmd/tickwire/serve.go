package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// A serveCmd is `tickwire serve`: a server that sends back what it gets, on the
// channel on which it came.
type serveCmd struct {
	Listen      string        `default:"127.0.0.1:7777" placeholder:"HOST:PORT" help:"UDP address to listen on, default 127.0.0.1:7777; :7777 is port 7777 of all addresses."`
	Key         *keyFlag      `placeholder:"HEX" help:"${key}"`
	Protocol    uint64        `placeholder:"ID" help:"Protocol id that tokens must have, such as 0x1234; default 0."`
	Public      []string      `placeholder:"HOST:PORT" help:"How players reach this server, as tokens name it, if not by --listen or an address of this machine."`
	MaxClients  int           `default:"256" help:"How many players may be connected."`
	MaxLifetime time.Duration `default:"45s" help:"The longest life of a token. For as long after the start, tokens are refused that an earlier server may have seen; negative: there was no earlier server."`
	Least       string        `default:"any" enum:"any,encrypted,forward-secret" help:"The protection that tokens must ask for: any, encrypted or forward-secret."`
	KeepSeats   time.Duration `default:"30s" help:"How long the seat of a player is kept who has fallen silent; 0: not at all, and players get no resume tickets."`
	HandOver    string        `placeholder:"HOST:PORT" help:"The server, one with the same key, that players are handed over to when this one is ended. Without it they are told that it ends."`
	EndWithin   time.Duration `default:"8s" help:"How long ending may take, until what was sent has arrived, and all know."`
}

// Help is what `tickwire serve --help` says beside its flags.
func (*serveCmd) Help() string {
	var b strings.Builder
	b.WriteString("Channels, by number, delivery and name:")
	for i, d := range echoDeliveries {
		fmt.Fprintf(&b, " %d %v %q,", i+1, d.delivery, d.name)
	}
	return strings.TrimSuffix(b.String(), ",") + "."
}

// echoRate is how often a second messages are sent back. It costs a hundredth of a
// core, and 5 ms of delay at most.
const echoRate = 200

// Validate is called by kong after parsing.
func (c *serveCmd) Validate() (err error) {
	if c.Key, err = needKey(c.Key); err != nil {
		return err
	}
	switch {
	case c.EndWithin <= 0:
		return fmt.Errorf("--end-within is %v: want a time such as 8s", c.EndWithin)
	case c.KeepSeats < 0:
		return fmt.Errorf("--keep-seats is %v: want a time such as 30s, or 0", c.KeepSeats)
	case c.MaxClients < 1 || c.MaxClients > netcode.MaxClients:
		return fmt.Errorf("--max-clients is %d: want 1 to %d", c.MaxClients, netcode.MaxClients)
	case c.MaxLifetime == 0:
		return errors.New("--max-lifetime is 0s: want a time such as 45s, or a negative one for none")
	}
	return flagErrors(c.config(nil, nil).Validate(), serveFlags)
}

// serveFlags are the flags behind the fields of a server.
var serveFlags = map[string]string{"KeepSeats": "keep-seats"}

// Run is called by kong.
func (c *serveCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *serveCmd) run(ctx context.Context, out io.Writer) error {
	srv, err := c.open(ctx)
	if err != nil {
		return err
	}
	c.waitOut(ctx, time.Now())
	fmt.Fprintf(out, "listening for tokens of protocol %#x for %v; ctrl-C or SIGTERM ends it\n", c.Protocol, srv.PublicAddresses())
	e := &echo{srv: srv, out: out, held: map[uint64]*echoSlots{}}
	for tick := range srv.Ticks(ctx, echoRate) {
		e.step(tick.Now)
	}
	if ctx.Err() == nil {
		defer srv.Close()
		return fmt.Errorf("the socket failed: %w", srv.Wait(time.Now()))
	}
	if c.HandOver == "" {
		fmt.Fprintf(out, "ending: telling %d players\n", len(e.held))
	} else {
		fmt.Fprintf(out, "ending: handing %d players over to %s\n", len(e.held), c.HandOver)
	}
	by, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.EndWithin)
	defer cancel()
	err = srv.Shutdown(by)
	e.tell()
	if errors.Is(err, context.DeadlineExceeded) { // which is what the flag is for
		fmt.Fprintf(out, "not everybody has confirmed it within %v\n", c.EndWithin)
		err = nil
	}
	fmt.Fprintln(out, "ended")
	return err
}

// waitOut ends with the second of the start, whose tokens are refused. So a token that is
// made once the server says that it listens is good.
func (c *serveCmd) waitOut(ctx context.Context, started time.Time) {
	if c.MaxLifetime < 0 {
		return
	}
	select {
	case <-time.After(started.Truncate(time.Second).Add(time.Second).Sub(started)):
	case <-ctx.Done():
	}
}

// hostPort reports whether an address has the shape of one: a host, and a port that there is.
func hostPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("udp", port)
	}
	return err == nil
}

func (c *serveCmd) open(ctx context.Context) (*tickwire.Server, error) {
	socket, err := udp.Listen(c.Listen)
	if err != nil {
		err = fmt.Errorf("--listen: %w", bare(err))
		if !hostPort(c.Listen) {
			err = mistaken(err)
		}
		return nil, err
	}
	public, err := c.public(ctx, socket.LocalAddr())
	if err != nil {
		socket.Close()
		return nil, err
	}
	handOver, err := c.handOver(ctx)
	if err != nil {
		socket.Close()
		return nil, err
	}
	srv, err := tickwire.Listen(c.config(public, handOver), socket)
	if e, ok := errors.AsType[*tickwire.ConfigError](err); ok && strings.HasPrefix(e.Field, "PublicAddresses") {
		err = fmt.Errorf("--public is %v: want %s", e.Value, e.Want)
	}
	return srv, err
}

func (c *serveCmd) config(public []netip.AddrPort, handOver func(*tickwire.Conn) []byte) tickwire.ServerConfig {
	return tickwire.ServerConfig{
		Config: tickwire.Config{
			ProtocolID: c.Protocol, Channels: echoChannels(), LeastProtection: leasts[c.Least],
		},
		PrivateKey: c.Key.Key, PublicAddresses: public, MaxClients: c.MaxClients,
		MaxTokenLifetime: c.MaxLifetime, Plain: tickwire.PlainRaw,
		KeepSeats: c.KeepSeats, HandOver: handOver,
	}
}

// handOver makes tokens for the other server, as the backend would, since this one has the
// key; nil if there is no other server.
func (c *serveCmd) handOver(ctx context.Context) (func(*tickwire.Conn) []byte, error) {
	if c.HandOver == "" {
		return nil, nil
	}
	other, err := resolveServers(ctx, []string{c.HandOver})
	if err != nil {
		return nil, fmt.Errorf("--hand-over: %w", err)
	}
	return func(conn *tickwire.Conn) []byte {
		token, err := netcode.Mint(time.Now(), netcode.MintConfig{
			ProtocolID: c.Protocol, Key: c.Key.Key, Addresses: other[0], ClientID: conn.ClientID(), UserData: conn.UserData(),
			ForwardSecrecy: true, // whatever his token asked for
		})
		if err != nil {
			return nil // he is told that the server ends
		}
		return token.Append(nil)
	}, nil
}

// public are the addresses that tokens may name: those that were given, that of
// the socket, or if that listens on all, those of this machine.
func (c *serveCmd) public(ctx context.Context, local netip.AddrPort) (public []netip.AddrPort, err error) {
	if len(c.Public) > 0 {
		servers, err := resolveServers(ctx, c.Public)
		if err != nil {
			return nil, fmt.Errorf("--public: %w", err)
		}
		return slices.Concat(servers...), nil
	}
	if !local.Addr().IsUnspecified() {
		return []netip.AddrPort{local}, nil
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("say by --public how players reach this server: %w", err)
	}
	for _, a := range own {
		if n, err := netip.ParsePrefix(a.String()); err == nil && !n.Addr().IsLinkLocalUnicast() {
			public = append(public, netip.AddrPortFrom(n.Addr().Unmap(), local.Port()))
		}
	}
	return public, nil
}

// echoSlots are what is held of a connection, by channel.
type echoSlots [1 + len(echoDeliveries)][]byte

// An echo sends back what comes. A message that finds no room is held, and its
// channel is not read until there is: so whoever does not read its echoes is
// stopped by its credit, and costs no more memory than that.
type echo struct {
	srv  *tickwire.Server
	out  io.Writer
	held map[uint64]*echoSlots // by connection
}

func (e *echo) step(now time.Time) {
	e.srv.Update(now)
	e.tell()
	for conn := range e.srv.Conns() {
		e.answer(conn)
	}
	e.srv.Flush(now)
}

// tell says who comes and goes.
func (e *echo) tell() {
	for ev := range e.srv.Events() {
		switch ev.Kind {
		case tickwire.Connected:
			e.held[ev.Conn.ID()] = new(echoSlots)
			how := dialect(ev.Conn)
			if ev.Resumed {
				how += ", with a resume ticket"
			}
			fmt.Fprintf(e.out, "client %d connected from %v, %s\n", ev.Conn.ClientID(), ev.Conn.RemoteAddr(), how)
		case tickwire.Away:
			fmt.Fprintf(e.out, "client %d is away, for %v at most\n", ev.Conn.ClientID(), ev.Conn.Away().Round(time.Second))
		case tickwire.Back:
			fmt.Fprintf(e.out, "client %d is back from %v%s\n", ev.Conn.ClientID(), ev.Conn.RemoteAddr(), cost(ev))
		case tickwire.Disconnected:
			delete(e.held, ev.Conn.ID())
			fmt.Fprintf(e.out, "client %d ended: %v%s\n", ev.Conn.ClientID(), ev.Reason, undelivered(ev))
		}
	}
}

// cost says what somebody's absence has cost.
func cost(ev tickwire.Event) string {
	if ev.Kept {
		return ", nothing is lost"
	}
	return lost(ev)
}

// undelivered says what is not known to have arrived, if anything.
func undelivered(ev tickwire.Event) string {
	if ev.Undelivered == 0 {
		return ""
	}
	return lost(ev)
}

func lost(ev tickwire.Event) string {
	return fmt.Sprintf("; messages that may be lost: %d", ev.Undelivered)
}

func dialect(c *tickwire.Conn) string {
	if c.Plain() {
		return "plain netcode"
	}
	return "tickwire"
}

func (e *echo) answer(conn *tickwire.Conn) {
	held := e.held[conn.ID()]
	if held == nil {
		return // it has ended
	}
	for id := range held {
		e.answerOn(conn, tickwire.ChannelID(id), &held[id])
	}
}

func (e *echo) answerOn(conn *tickwire.Conn, id tickwire.ChannelID, held *[]byte) {
	if *held != nil && errors.Is(conn.Send(id, *held), tickwire.ErrFull) {
		return
	}
	*held = nil
	for b := range conn.Receive(id) {
		if errors.Is(conn.Send(id, b), tickwire.ErrFull) {
			*held = bytes.Clone(b)
			return
		}
	}
}

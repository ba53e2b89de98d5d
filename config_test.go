package tickwire_test

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/udp"
)

// fields returns the fields that an error names, each with a way out.
func fields(t *testing.T, err error) (names []string) {
	t.Helper()
	switch err := err.(type) {
	case nil:
	case interface{ Unwrap() []error }:
		for _, e := range err.Unwrap() {
			names = append(names, fields(t, e)...)
		}
	default:
		var e *tickwire.ConfigError
		if !errors.As(err, &e) || e.Want == "" || !strings.Contains(err.Error(), e.Field+" is ") {
			t.Fatalf("error %v", err)
		}
		names = append(names, e.Field)
	}
	return names
}

func TestConfigErrors(t *testing.T) {
	channel := func(cfg tickwire.ChannelConfig) tickwire.Config {
		return tickwire.Config{Channels: tickwire.Channels(tickwire.NewRawChannel(cfg))}
	}
	server := func(cfg tickwire.ServerConfig) error { return cfg.Validate() }
	client := func(cfg tickwire.ClientConfig) error { return cfg.Validate() }
	nowhere := []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:7777")}
	key := netcode.KeyFrom([netcode.KeyBytes]byte{1})
	for want, err := range map[string]error{
		"":                     server(tickwire.ServerConfig{Development: true}),
		"PrivateKey":           server(tickwire.ServerConfig{}),
		"MaxClients":           server(tickwire.ServerConfig{PrivateKey: key, MaxClients: -1}),
		"Plain":                server(tickwire.ServerConfig{PrivateKey: key, Plain: 9}),
		"PublicAddresses[0]":   server(tickwire.ServerConfig{PrivateKey: key, PublicAddresses: nowhere}),
		"WireIDBytes":          client(tickwire.ClientConfig{WireIDBytes: 1}),
		"Plain,WireIDBytes":    client(tickwire.ClientConfig{WireIDBytes: 5, Plain: 3}),
		"MaxEvents":            tickwire.Config{MaxEvents: -1}.Validate(),
		"MaxPosted":            tickwire.Config{MaxPosted: -1}.Validate(),
		"MaxReadsPerCall":      tickwire.Config{MaxReadsPerCall: -1}.Validate(),
		"LeastProtection":      tickwire.Config{LeastProtection: 3}.Validate(),
		"EpochPackets":         tickwire.Config{EpochPackets: 1 << 23}.Validate(),
		"AckHold":              tickwire.Config{AckHold: time.Second}.Validate(),
		"MaxHold":              tickwire.Config{MaxHold: time.Millisecond}.Validate(),
		"MaxDatagramBytes":     tickwire.Config{MaxDatagramBytes: 100}.Validate(),
		"MaxPaths":             tickwire.ClientConfig{Redial: noRedial, Config: tickwire.Config{MaxPaths: 1}}.Validate(),
		"Channels[0]":          tickwire.Config{Channels: tickwire.Channels(nil)}.Validate(),
		"Channels[0].ID":       channel(tickwire.ChannelConfig{}).Validate(),
		"Channels[0].Delivery": channel(tickwire.ChannelConfig{ID: 1, Delivery: 9}).Validate(),
		"Channels[0].MaxMessageBytes": channel(
			tickwire.ChannelConfig{ID: 1, MaxMessageBytes: -1}).Validate(),
	} {
		got := fields(t, err)
		for _, name := range strings.Split(want, ",") {
			if name != "" && !strings.Contains(strings.Join(got, ","), name) || want == "" && got != nil {
				t.Errorf("fields %v, want %q", got, want)
			}
		}
	}
}

// TestEveryFieldIsValidated: of each field of the configurations it is known which values are
// illegal. A field that is new belongs into one of the tables.
func TestEveryFieldIsValidated(t *testing.T) {
	raw := func(cfg tickwire.ChannelConfig) []tickwire.AnyChannel {
		return tickwire.Channels(nil, tickwire.NewRawChannel(cfg))
	}
	t.Log("# everything that is wrong is told at once, of a channel too")
	everything := tickwire.ServerConfig{MaxClients: -1, KeepSeats: 25 * time.Hour, FailuresPerSecond: 1 << 25, HandshakesPerSecond: 1 << 25, Plain: 9, PublicAddresses: make([]netip.AddrPort, 1)}
	everything.Config = tickwire.Config{MaxPaths: 9, MinSchemaVersion: 1, OpenedBytesPerSecond: 1<<30 + 1, MaxEvents: -1, MaxPosted: -1, MaxReadsPerCall: -1, MaxDatagramBytes: 1, AckHold: time.Hour, UnsentDraft: 9, MaxHold: time.Millisecond, LeastProtection: 9, EpochPackets: -1, Resume: 2,
		Congestion: tickwire.CongestionConfig{Kind: 9},
		Inbound:    tickwire.Limits{PacketsPerSecond: 1, BytesPerSecond: 1, MessagesPerSecond: 1 << 30},
		Channels:   raw(tickwire.ChannelConfig{})[1:]}
	got := fields(t, everything.Validate())
	for _, want := range []string{
		"PrivateKey", "MaxClients", "FailuresPerSecond", "HandshakesPerSecond", "Plain", "PublicAddresses[0]", "MaxEvents", "MaxPosted", "MaxReadsPerCall", "AckHold", "MaxDatagramBytes", "UnsentDraft", "MaxHold", "LeastProtection", "EpochPackets", "MaxPaths", "MinSchemaVersion", "OpenedBytesPerSecond",
		"Congestion.Kind", "Inbound.PacketsPerSecond", "Inbound.BytesPerSecond", "Inbound.MessagesPerSecond", "Channels[0].ID",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not named in %v", want, got)
		}
	}
	got = append(got, fields(t, tickwire.ClientConfig{MaxSockets: -1}.Validate())...)
	several := tickwire.Config{Channels: raw(tickwire.ChannelConfig{Delivery: 9, Weight: -1})[1:]}
	if got := fields(t, several.Validate()); !slices.Equal(got, []string{"Channels[0].ID", "Channels[0].Delivery", "Channels[0].Weight"}) {
		t.Errorf("of a channel with three faults %v", got)
	}
	none := tickwire.Config{AckHold: time.Hour, Channels: raw(tickwire.ChannelConfig{})}
	if got := fields(t, none.Validate()); !slices.Equal(got, []string{"Channels[0]", "AckHold", "Channels[1].ID"}) {
		t.Errorf("of a channel that is none and two other faults %v", got)
	}
	t.Log("# and the others take any value")
	any := []string{
		"ProtocolID", "MaxReceipts", "BufferBytes", "WindowPoolBytes", "Controller", "DisableECN", "Logger", "Now", "Random", "Config",
		"MaxTokenLifetime", "KeepOldest", "Admit", "Development", "DevelopmentToken", "DevelopmentPublic", "DevelopmentTimeout", "WireIDBytes", "Redial", "ResumeFor", "TicketKey", "HandOver", "StayPut",
	}
	for _, of := range []reflect.Type{reflect.TypeFor[tickwire.Config](), reflect.TypeFor[tickwire.ServerConfig](), reflect.TypeFor[tickwire.ClientConfig]()} {
		for i := range of.NumField() {
			name := of.Field(i).Name
			wrong := slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, name) })
			if wrong == slices.Contains(any, name) {
				t.Errorf("%v.%s: is there an illegal value?", of, name)
			}
		}
	}
}

// TestEveryRoomNamesAll: whoever is given a configuration names each wrong field of it at once, by its
// way from what was given, in errors that any room's ConfigError finds.
func TestEveryRoomNamesAll(t *testing.T) {
	all := func(_ any, err error) []string { return fields(t, err) }
	nw := simnet.NewNetwork(1)
	addr := netip.MustParseAddrPort("10.0.0.1:1")
	two := []netip.AddrPort{addr, netip.MustParseAddrPort("10.0.0.2:1")}
	badLinks := simnet.Links{Up: simnet.LinkConfig{Loss: 2, MTU: -1}, Down: simnet.LinkConfig{Delay: -1}}
	_, _, pair := mem.Pair(mem.Config{Queue: -1, MaxDatagram: -1})
	for _, c := range []struct {
		room string
		got  []string
		want string
	}{
		{"Listen", all(tickwire.Listen(tickwire.ServerConfig{KeepSeats: time.Hour * 25, MaxClients: -1})), "PrivateKey,MaxClients,KeepSeats,sockets"},
		{"NewClient", all(tickwire.NewClient(tickwire.ClientConfig{WireIDBytes: 9, MaxSockets: -1})), "WireIDBytes,MaxSockets,sockets"},
		{"PathConfig", fields(t, tickwire.PathConfig{Use: 9, Weight: -1}.Validate()), "Use,Weight"},
		{"endpoint.New", all(endpoint.New(0, endpoint.Config{MaxPaths: 9, Path: endpoint.PathConfig{Weight: 300}})), "MaxPaths,Path.Weight"},
		{"netcode.Mint", all(netcode.Mint(time.Unix(0, 0), netcode.MintConfig{UserData: make([]byte, 300), TagBytes: 8, Addresses: two})), "Key,UserData,ClientID,Addresses,TagBytes"},
		{"netcode.NewServer", all(netcode.NewServer(0, 0, netcode.ServerConfig{MaxTokens: -1, EpochPackets: -1})), "PrivateKey,Addresses,EpochPackets,MaxTokens"},
		{"netcode.NewAdmission", all(netcode.NewAdmission(0, netcode.AdmissionConfig{MaxClients: -1, MaxTokens: -1})), "MaxClients,MaxTokens"},
		{"netcode.NewClient", all(netcode.NewClient(0, 0, nil, netcode.ClientConfig{Plain: 9, LeastProtection: 9})), "Plain,LeastProtection"},
		{"udp.Open", all(udp.Open(udp.Config{MaxDatagram: 1 << 20, Batch: -1, DSCP: 99})), "MaxDatagram,Batch,DSCP"},
		{"mem.Pair", fields(t, pair), "Queue,MaxDatagram"},
		{"simnet.Socket", all(nw.Socket(addr, simnet.SocketConfig{MaxDatagram: -1, SendBytes: -1})), "MaxDatagram,SendBytes"},
		{"simnet.SetHost", fields(t, nw.SetHost(addr.Addr(), badLinks)), "Up.Loss,Up.MTU,Down.Delay"},
	} {
		if got := strings.Join(c.got, ","); got != c.want {
			t.Errorf("%s names %s, want %s", c.room, got, c.want)
		}
	}
}

// listen tries a configuration on sockets and closes the server if it works.
func listen(t *testing.T, cfg tickwire.ServerConfig, sockets ...transport.Socket) error {
	t.Helper()
	srv, err := tickwire.Listen(cfg, sockets...)
	if err == nil {
		must(t, srv.Close())
	}
	for _, s := range sockets {
		if s.Close() != transport.ErrClosed {
			t.Error("left a socket open")
		}
	}
	return err
}

func wildcard(t *testing.T) transport.Socket {
	t.Helper()
	s, err := udp.Open()
	must(t, err)
	return s
}

func TestDevelopmentMode(t *testing.T) {
	var log tap
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	cfg.Logger = log.logger()
	t.Log("# it does not show itself to the Internet unless told to")
	if got := fields(t, listen(t, cfg, wildcard(t))); len(got) != 1 || got[0] != "Development" {
		t.Errorf("fields %v", got)
	}
	public := cfg
	public.DevelopmentPublic = true
	must(t, listen(t, public, wildcard(t)))
	t.Log("# it says loudly that it is insecure")
	if !strings.Contains(log.String(), "INSECURE") || !strings.Contains(log.String(), "WARN") {
		t.Errorf("log: %s", log.String())
	}
	t.Log("# without it there are no tokens")
	cfg.Development, cfg.PrivateKey = false, testKey
	inside, err := mem.Listen()
	must(t, err)
	srv, err := tickwire.Listen(cfg, inside)
	must(t, err)
	defer srv.Close()
	if _, err := srv.DevToken(1); !errors.Is(err, tickwire.ErrNotDevelopment) {
		t.Errorf("DevToken: %v", err)
	}
}

// TestAddresses: where a server listens and what tokens name are two things.
func TestAddresses(t *testing.T) {
	cfg := tickwire.ServerConfig{Config: config(), PrivateKey: testKey}
	t.Log("# a wildcard is no address that a token could name")
	if got := fields(t, listen(t, cfg, wildcard(t))); len(got) != 1 || got[0] != "PublicAddresses" {
		t.Errorf("fields %v", got)
	}
	if got := fields(t, listen(t, cfg)); len(got) != 1 || got[0] != "sockets" {
		t.Errorf("fields %v", got)
	}
	cfg.PublicAddresses = []netip.AddrPort{netip.MustParseAddrPort("203.0.113.7:9000")}
	must(t, listen(t, cfg, wildcard(t)))
	t.Log("# a bound address is one")
	cfg.PublicAddresses = nil
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	inside, err := mem.Listen()
	must(t, err)
	srv, err := tickwire.Listen(cfg, inside, socket)
	must(t, err)
	defer srv.Close()
	if got := srv.PublicAddresses(); len(got) != 1 || got[0] != socket.LocalAddr() {
		t.Errorf("public addresses %v, the socket is bound to %v", got, socket.LocalAddr())
	}
}

// TestMadeUp: a value that is none still has a name, for the log of a game that made it up.
func TestMadeUp(t *testing.T) {
	for got, want := range map[string]string{
		tickwire.EventKind(200).String(): "EventKind(200)",
		tickwire.State(9).String():       "State(9)",
		tickwire.Disconnected.String():   "Disconnected",
		tickwire.NextServer.String():     "next server",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func noRedial(tickwire.Redial) (transport.Socket, error) { return nil, errors.ErrUnsupported }

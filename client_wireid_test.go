package tickwire

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/mem"
)

// TestWireIDGivenBack: a connection gives its wire id back at its end, also one whose next token
// could not even be tried: it still has the id of the token before.
func TestWireIDGivenBack(t *testing.T) {
	key, nobody := netcode.KeyFrom([netcode.KeyBytes]byte{1}), netip.MustParseAddrPort("192.0.2.1:7777")
	now := time.Unix(1_000_000, 0)
	socket, err := mem.Listen()
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(ClientConfig{
		Config: Config{Now: now, LeastProtection: netcode.ForwardSecret}, WireIDBytes: 2,
	}, socket)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var tokens netcode.TokenList
	for _, fit := range []bool{true, false} {
		token, err := netcode.Mint(now, netcode.MintConfig{
			Key: key, ClientID: 7, Addresses: []netip.AddrPort{nobody}, ForwardSecrecy: fit,
		})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	var unfit *netcode.TokenError
	if _, err := client.Connect(tokens[1:].Append(nil)); !errors.As(err, &unfit) || len(client.byWireID) != 0 {
		t.Fatalf("error %v, and %d wire ids are given", err, len(client.byWireID))
	}
	conn, err := client.Connect(tokens.Append(nil))
	if err != nil || len(client.byWireID) != 1 {
		t.Fatalf("error %v, and %d wire ids are given", err, len(client.byWireID))
	}
	for range 4 { // nobody answers; then the Disconnected is shown, and forgotten
		now = now.Add(patience)
		client.Update(now)
		for range client.Events() {
		}
	}
	if conn.Reason().Code != CodeTimeout || len(client.byWireID) != 0 || len(client.dials) != 0 {
		t.Errorf("%+v: %d wire ids are given to %d connections", conn.Reason(), len(client.byWireID), len(client.dials))
	}
}

package simnet

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

var spy = netip.MustParseAddrPort("203.0.113.7:6000")

// withBystander is a player on a line of 30 ms, a server, and somebody beside the player.
func withBystander(t testing.TB, seed uint64, cfg BystanderConfig) (n *Network, a, b *Socket, y *Bystander) {
	t.Helper()
	n = NewNetwork(seed)
	line := LinkConfig{Delay: 30 * time.Millisecond}
	must(t, n.SetHost(hostA, Links{Up: line, Down: line}))
	a, b = bind(t, n, atA), bind(t, n, atB)
	cfg.Beside, cfg.Address = []netip.Addr{hostA}, spy
	y, err := n.Bystander(cfg)
	must(t, err)
	return n, a, b, y
}

// Somebody who forwards faster is a way in both directions.
func TestBystanderForwards(t *testing.T) {
	n, a, b, y := withBystander(t, 1, BystanderConfig{Forward: 1, Return: true})
	send(t, a, atB, "hello")
	n.Advance(20 * time.Millisecond)
	expect(t, read(t, b), "203.0.113.7:6000 hello @ 0s") // before the original
	send(t, b, spy, "challenge")
	n.Advance(20 * time.Millisecond)
	expect(t, read(t, b), "10.0.0.1:1000 hello @ 30ms")
	n.Advance(time.Second)
	expect(t, read(t, a), "10.0.0.2:2000 challenge @ 50ms") // as if from the server
	if s := y.Stats(); s.Seen != 1 || s.Forwarded != 1 || s.Returned != 1 || s.SentBytes != 5 || s.ReceivedBytes != 9 {
		t.Errorf("stats %+v", s)
	}
	send(t, b, atA, "down")
	n.Advance(time.Second)
	expect(t, read(t, a), "10.0.0.2:2000 down @ 1.07s") // it forwards what the host sends
	if s := y.Stats(); s.Seen != 2 || s.Forwarded != 1 {
		t.Errorf("stats %+v", s)
	}
	y.Leave()
	send(t, a, atB, "alone")
	n.Advance(time.Second)
	expect(t, read(t, b), "10.0.0.1:1000 alone @ 2.07s")
	bind(t, n, spy) // free again
}

// What is replayed was sent before, byte for byte, and what is forged was not.
func TestBystanderReplaysAndForges(t *testing.T) {
	play := func(seed uint64, cfg BystanderConfig) (replayed, forged [][]byte, from []netip.AddrPort) {
		n, a, b, y := withBystander(t, seed, cfg)
		sent := make([][]byte, 0, 200)
		ds := make([]transport.Datagram, 8)
		for i := range 200 {
			sent = append(sent, bytes.Repeat([]byte{byte(i)}, 40))
			send(t, a, atB, string(sent[i]))
			for k, _ := b.Read(ds); k > 0; k, _ = b.Read(ds) {
				for _, d := range ds[:k] {
					switch {
					case d.Path.Remote == atA && !cfg.Spoof:
						continue
					case slices.ContainsFunc(sent, func(b []byte) bool { return bytes.Equal(b, d.Bytes) }):
						replayed = append(replayed, bytes.Clone(d.Bytes))
					default:
						forged = append(forged, bytes.Clone(d.Bytes))
					}
					from = append(from, d.Path.Remote)
				}
			}
			n.Advance(time.Millisecond)
		}
		if s := y.Stats(); s.Replayed == 0 && s.Forged == 0 || s.Seen != 200 {
			t.Errorf("stats %+v", s)
		}
		return replayed, forged, from
	}
	replayed, forged, from := play(1, BystanderConfig{Replay: 0.5, Ports: 3})
	if len(replayed) < 60 || len(forged) > 0 {
		t.Errorf("%d were replayed, %d forged", len(replayed), len(forged))
	}
	ports := map[uint16]bool{}
	for _, at := range from {
		ports[at.Port()] = true
	}
	if len(ports) != 3 {
		t.Errorf("from ports %v", ports)
	}
	replayed, forged, _ = play(1, BystanderConfig{Forge: 0.5})
	if len(forged) < 60 || len(replayed) > 0 {
		t.Errorf("%d were forged, %d replayed", len(forged), len(replayed))
	}
	again, _, same := play(7, BystanderConfig{Replay: 0.5, Forge: 0.1, Ports: 3, Spoof: true})
	other, _, as := play(7, BystanderConfig{Replay: 0.5, Forge: 0.1, Ports: 3, Spoof: true})
	if !slices.EqualFunc(again, other, bytes.Equal) || !slices.Equal(same, as) {
		t.Error("one seed, two outcomes")
	}
	if !slices.Contains(same, atA) {
		t.Error("nothing was spoofed")
	}
}

func TestBystanderConfig(t *testing.T) {
	err := BystanderConfig{Ports: 1 << 17, Forward: -1, Replay: 2, Forge: 3}.Validate()
	for _, field := range []string{"Beside", "Address", "Ports", "Forward", "Replay", "Forge"} {
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(" "+field+" is ")) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	n := NewNetwork(1)
	bind(t, n, netip.AddrPortFrom(spy.Addr(), spy.Port()+1))
	if _, err := n.Bystander(BystanderConfig{Beside: []netip.Addr{hostA}, Address: spy, Ports: 2}); !errors.Is(err, ErrAddressInUse) {
		t.Errorf("an address that is in use: %v", err)
	}
	bind(t, n, spy) // given back
	if _, err := n.Bystander(BystanderConfig{}); err == nil {
		t.Error("a bystander beside nobody")
	}
}

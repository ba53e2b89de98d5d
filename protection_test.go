package tickwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// An overhearer is a socket whose owner is heard by everybody on the way.
type overhearer struct {
	*simnet.Socket
	words []byte
	heard int          // datagrams with the words in them
	odd   map[byte]int // sealed packets by the parity of their epoch
	bytes uint64       // of theirs, with the headers of IPv4 and UDP
}

func (o *overhearer) Write(ds []transport.Datagram) (int, error) {
	for _, d := range ds {
		if bytes.Contains(d.Bytes, o.words) {
			o.heard++
		}
		if d.Bytes[0]&0xf8 == 0x08 {
			o.odd[d.Bytes[0]&4]++
			o.bytes += uint64(len(d.Bytes)) + 28
		}
	}
	return o.Socket.Write(ds)
}

// eavesdropped joins a client whose socket an overhearer has.
func (w *world) eavesdropped(words string, change func(*tickwire.ClientConfig)) (*tickwire.Client, *overhearer) {
	w.t.Helper()
	ear := &overhearer{Socket: w.socket(w.address()), words: []byte(words), odd: map[byte]int{}}
	cfg := tickwire.ClientConfig{Config: config()}
	w.simulate(&cfg.Config)
	if change != nil {
		change(&cfg)
	}
	client, err := tickwire.NewClient(cfg, ear)
	must(w.t, err)
	w.add(client)
	return client, ear
}

// wantLines says so many lines in both directions, and wants all of them to come.
func (w *world) wantLines(lines int, words string, conn, player *tickwire.Conn) {
	w.t.Helper()
	up, down := 0, 0
	for n := 0; n < lines || up < lines || down < lines; n++ {
		if n < lines {
			line := fmt.Appendf(nil, "%03d: %s", n, words)
			must(w.t, chat.Send(conn, line))
			must(w.t, chat.Send(player, line))
		}
		w.run(time.Second/60, nil)
		for range player.Receive(2) {
			up++
		}
		for range conn.Receive(2) {
			down++
		}
		if n > 3*lines {
			w.t.Fatalf("%d up, %d down of %d lines", up, down, lines)
		}
	}
}

// TestProtection: whatever the issuer asks for, a game over a bad line does
// not notice; keys change all the time, nothing that is authentic is dropped
// for it, and who listens on the way understands what he may.
func TestProtection(t *testing.T) {
	const words = "what everybody may hear"
	for _, want := range []netcode.MintConfig{
		{}, {ForwardSecrecy: true}, {Suite: netcode.SuiteAES256GCM, ForwardSecrecy: true},
		{Suite: netcode.SuiteSignedOnly}, {Suite: netcode.SuiteSignedOnly, TagBytes: netcode.MinTagBytes},
	} {
		t.Run(fmt.Sprint(want.Suite, want.TagBytes, want.ForwardSecrecy), func(t *testing.T) {
			w := newWorld(t)
			must(t, w.nw.SetDefault(simnet.LinkConfig{
				Delay: 20 * time.Millisecond, Loss: 0.05, Duplicate: 0.1, Reorder: 0.2, ReorderBy: 15 * time.Millisecond,
			}))
			srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
				cfg.EpochPackets = 4
				cfg.DevelopmentToken = func(m *netcode.MintConfig) {
					m.Suite, m.TagBytes, m.ForwardSecrecy = want.Suite, want.TagBytes, want.ForwardSecrecy
				}
			})
			client, ear := w.eavesdropped(words, func(cfg *tickwire.ClientConfig) { cfg.EpochPackets = 4 })
			conn := w.open(client, srv, 1)
			w.wantLines(300, words, conn, players(srv)[0])
			if readable := ear.heard > 0; readable != (want.Suite == netcode.SuiteSignedOnly) {
				t.Errorf("%d datagrams can be read on the way", ear.heard)
			}
			if ear.odd[0] < 50 || ear.odd[4] < 50 {
				t.Errorf("%v packets in even and odd epochs", ear.odd)
			}
			if got := conn.Stats().BytesSent; got != ear.bytes {
				t.Errorf("the endpoint counts %d bytes sent, the socket %d", got, ear.bytes)
			}
			for _, st := range []tickwire.Stats{srv.Stats(), client.Stats()} {
				if d := st.Handshake.Drops; d[netcode.DropForged]+d[netcode.DropEpoch] > 0 {
					t.Errorf("%d packets did not open, %d were of no epoch", d[netcode.DropForged], d[netcode.DropEpoch])
				}
			}
		})
	}
}

// TestChangeKeys: on demand, once.
func TestChangeKeys(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	client, ear := w.eavesdropped("-", nil)
	conn := w.open(client, srv, 1)
	say := func() {
		must(t, chat.Send(conn, []byte("hello")))
		w.run(time.Second, nil)
		for range players(srv)[0].Receive(2) {
		}
	}
	say()
	if ear.odd[0] == 0 || ear.odd[4] != 0 {
		t.Errorf("%v packets in even and odd epochs", ear.odd)
	}
	conn.ChangeKeys()
	before := ear.odd[0]
	say()
	say()
	if ear.odd[0] != before || ear.odd[4] == 0 {
		t.Errorf("then %v packets in even and odd epochs", ear.odd)
	}
	if !conn.Open() || len(players(srv)) != 1 {
		t.Error("the connection ended")
	}
}

// TestLeastProtection: either side may insist on more than the issuer asks for.
func TestLeastProtection(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	w.serve(at, func(cfg *tickwire.ServerConfig) {
		withKey(cfg)
		cfg.LeastProtection = netcode.Encrypted
	})
	signed := w.mint(1, func(m *netcode.MintConfig) { m.Suite = netcode.SuiteSignedOnly }, at)
	wantCode(t, w.refused(signed, nil), tickwire.CodeSuite, true)
	strict := w.join(func(cfg *tickwire.ClientConfig) { cfg.LeastProtection = netcode.ForwardSecret })
	var e *netcode.TokenError
	if _, err := strict.Connect(w.mint(2, nil, at)); !errors.As(err, &e) || e.Field != "pad" {
		t.Errorf("error %v", err)
	}
	conn, err := strict.Connect(w.mint(3, func(m *netcode.MintConfig) { m.ForwardSecrecy = true }, at))
	must(t, err)
	w.until("connected", conn.Open)
}

// TestChangeKeysOnAnyPath: keys change when a packet under the present ones was acknowledged on any
// path, also when path 0 is closed.
func TestChangeKeysOnAnyPath(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	ear := &overhearer{Socket: w.socket(w.address()), words: []byte("-"), odd: map[byte]int{}}
	client := w.joinOver(nil, w.socket(w.address()))
	conn := w.open(client, srv, 1)
	talk := w.talk(conn, players(srv)[0])
	path, err := conn.OpenPath(ear, tickwire.PathConfig{})
	must(t, err)
	talk.run(time.Second)
	conn.ClosePath(0)
	for parity := range byte(3) {
		talk.run(8 * time.Second) // with several paths an epoch lasts for seven
		clear(ear.odd)
		talk.run(time.Second)
		if now := parity % 2 * 4; ear.odd[now] < 50 || ear.odd[4-now] > 0 {
			t.Errorf("after %d changes %v packets over path %d in even and odd epochs", parity, ear.odd, path)
		}
		conn.ChangeKeys()
	}
	talk.settle()
}

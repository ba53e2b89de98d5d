package tickwire_test

import (
	"context"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/udp"
)

// patientHub is a Hub that may hold its acknowledgements for as long as that is allowed.
func patientHub(t *testing.T, body func(tickwire.Event)) *tickwire.Hub {
	t.Helper()
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	cfg := tickwire.ServerConfig{Config: benchConfig(), Development: true}
	cfg.AckHold = 250 * time.Millisecond
	srv, err := tickwire.Listen(cfg, socket)
	must(t, err)
	hub := tickwire.NewHub(srv)
	t.Cleanup(func() { hub.Close() })
	go func() {
		for ev := range hub.Events(context.Background()) {
			body(ev)
		}
	}()
	return hub
}

// TestAckWhenShown: what the loop over Events has seen and not answered is acknowledged when its
// body is done, and not after AckHold.
func TestAckWhenShown(t *testing.T) {
	s := dialHub(t, patientHub(t, func(tickwire.Event) {}), 1)
	const n, most = 100, 10 * time.Second // would take 25 s
	send := func() {
		_, err := s.Conn().SendWith(2, []byte("seen"), tickwire.SendOptions{Receipt: true})
		must(t, err)
	}
	took := shortest(most, func() time.Duration {
		began, delivered := time.Now(), 0
		send()
		for ev := range s.Events(patiently(t)) {
			if ev.Kind != tickwire.Delivered {
				continue
			}
			if delivered++; delivered == n {
				break
			}
			send()
		}
		return time.Since(began)
	})
	if took > most {
		t.Errorf("%d messages were acknowledged in %v, want %v at most", n, took, most)
	}
}

// TestAckRidesAlong: in a conversation each message takes the acknowledgement of the one before it
// along, at both ends, so that there are not many more datagrams than messages.
func TestAckRidesAlong(t *testing.T) {
	hub := patientHub(t, func(ev tickwire.Event) {
		if ev.Kind == tickwire.Message {
			ev.Conn.Send(ev.Channel, ev.Payload)
		}
	})
	s := dialHub(t, hub, 1)
	const n = 1000
	sent := func() uint64 { return hub.Stats().Sockets[0].Sent + s.Stats().Sockets[0].Sent }
	got, before := 0, sent()
	must(t, s.Send(2, []byte("there and back")))
	for ev := range s.Events(patiently(t)) {
		if ev.Kind != tickwire.Message {
			continue
		}
		if got++; got == n {
			break
		}
		must(t, s.Send(2, ev.Payload))
	}
	if packets := sent() - before; got != n || packets > 2*n*5/4 {
		t.Errorf("%d messages came back, with %d datagrams; want %d, with some %d", got, packets, n, 2*n)
	}
}

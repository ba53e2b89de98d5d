//go:build js && browser

package web

import (
	"context"
	"errors"
	"os"
	"syscall/js"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// These tests run in a browser; TestLongGoInTheBrowser builds them, serves them and reads how they went.
// The server echoes what comes.

func dialFromPage(t *testing.T, cfg DialConfig) *Ladder {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l, err := Dial(ctx, os.Getenv("TICKWIRE_HOME"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// climbTo waits until the best rung is of a kind.
func climbTo(t *testing.T, l *Ladder, kind transport.Kind) transport.Path {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		all := l.Rungs(nil)
		if len(all) > 0 && all[0].Kind == kind {
			return all[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("the rungs are %v, want one of %v in front", all, kind)
		}
		if _, err := l.Wait(deadline); err != nil {
			t.Fatal(err)
		}
		l.Read(make([]transport.Datagram, 4))
	}
}

// patience is for what comes in a moment; a busy machine takes longer.
const patience = time.Minute

// echo sends datagrams of sizes up to one by a path, and hears them again. What a busy browser drops is sent once more.
func echo(t *testing.T, l *Ladder, by transport.Path, most int) {
	t.Helper()
	for size := most; size > 0; size -= 97 {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(i * size)
		}
		for deadline := time.Now().Add(patience); !echoes(t, l, by, b); {
			if time.Now().After(deadline) {
				t.Fatalf("%d bytes by %v did not come back", size, by.Kind)
			}
		}
	}
}

// echoes sends a datagram, and reports whether it came back within two seconds; beside it none but those that were sent twice.
func echoes(t *testing.T, l *Ladder, by transport.Path, b []byte) bool {
	t.Helper()
	if n, err := l.Write([]transport.Datagram{{Path: by, Bytes: b}}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	ds := make([]transport.Datagram, 1)
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); l.Wait(deadline) {
		n, err := l.Read(ds)
		if err != nil {
			t.Fatal(err)
		}
		l.Ended(nil)
		l.Rungs(nil)
		if n == 0 || len(ds[0].Bytes) != len(b) { // of a size before, which came late
			continue
		}
		if ds[0].Path != by || string(ds[0].Bytes) != string(b) {
			t.Fatalf("%d bytes by %v came back as others by %v", len(b), by, ds[0].Path)
		}
		return true
	}
	return false
}

func TestWebSocketInBrowser(t *testing.T) {
	l := dialFromPage(t, DialConfig{DisableWebRTC: true, DisableWebTransport: true})
	echo(t, l, l.Peer(), MaxWebSocketDatagram)
}

func TestWebRTCInBrowser(t *testing.T) {
	l := dialFromPage(t, DialConfig{DisableWebTransport: true})
	by := climbTo(t, l, transport.KindWebRTC)
	echo(t, l, by, MaxWebRTCDatagram)
	echo(t, l, l.Peer(), MaxWebSocketDatagram)
	if n := l.MaxDatagram(by); n != MaxWebRTCDatagram {
		t.Errorf("carries %d bytes", n)
	}
}

func TestWebTransportInBrowser(t *testing.T) {
	l := dialFromPage(t, DialConfig{})
	by := climbTo(t, l, transport.KindWebTransport)
	echo(t, l, by, transport.MinDatagram) // the server carries less than the browser
	if n := l.MaxDatagram(by); n < transport.MinDatagram {
		t.Errorf("carries %d bytes", n)
	}
	l.End(by)
	waitEnded(t, l, by)
	again := climbTo(t, l, transport.KindWebTransport)
	echo(t, l, again, transport.MinDatagram)
}

// TestSmallerPathInBrowser: a session whose browser takes less from now on, as when its path is another, says so, and the rest goes on.
func TestSmallerPathInBrowser(t *testing.T) {
	l := dialFromPage(t, DialConfig{})
	by := climbTo(t, l, transport.KindWebTransport)
	l.board.mu.Lock()
	grams := l.board.open[by.Association].conduit.(*browserSession).grams
	l.board.mu.Unlock()
	const less = transport.MinDatagram - 100
	js.Global().Get("Object").Call("defineProperty", grams, "maxDatagramSize", map[string]any{"value": less})
	l.Write([]transport.Datagram{{Path: by, Bytes: make([]byte, less+1)}})
	for deadline := time.Now().Add(patience); l.MaxDatagram(by) != less || l.Stats().WebTransport.TooLarge != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it carries %d bytes, and %+v is counted", l.MaxDatagram(by), l.Stats().WebTransport)
		}
	}
	echo(t, l, by, less)
}

func TestRefusedInBrowser(t *testing.T) {
	_, err := Dial(t.Context(), os.Getenv("TICKWIRE_FULL_URL"), DialConfig{})
	if said, ok := errors.AsType[*CloseError](err); !ok || said.Code != CodeFull || said.Reason == "" {
		t.Errorf("a full server: %v", err)
	}
}

func waitEnded(t *testing.T, l *Ladder, p transport.Path) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); l.Wait(time.Now().Add(10 * time.Millisecond)) {
		for _, e := range l.Ended(nil) {
			if e.Path == p {
				return
			}
		}
		l.Read(make([]transport.Datagram, 4))
	}
	t.Fatalf("%v does not end", p)
}

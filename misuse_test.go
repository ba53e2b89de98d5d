package tickwire_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
)

// wantText looks for a text in an error.
func wantText(t *testing.T, what string, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v, want %q", what, err, text)
	}
}

// TestErrorsHaveSubjects: what is closed, what has not ended and what never began is said.
func TestErrorsHaveSubjects(t *testing.T) {
	wantText(t, "Close twice", tickwire.ErrClosed, "the Server or Client, or the Hub or Session that drives it, is closed")
	wantText(t, "no reason", &tickwire.ConnError{}, "the connection has not ended")
	used := tickwire.Reason{Code: tickwire.CodeUsed, Remote: true}
	wantText(t, "of one that was", &tickwire.ConnError{Reason: used}, "connection ended: token already used")
	used.RetryAfter = time.Second
	wantText(t, "of one that never was", &tickwire.ConnError{Reason: used, NeverBegan: true},
		"not connected: token already used (by the peer); try again after 1s; it takes another connect token")
	for code, want := range map[tickwire.Code]string{
		tickwire.CodeTimeout:     "timed out (by this side); try again with a new connect token: the server may have taken this one, though no answer came",
		tickwire.CodeExpired:     "token expired (by this side); it takes a new connect token",
		tickwire.CodeForgotten:   "; it takes another connect token",
		tickwire.CodeBanned:      "banned (by this side)",
		tickwire.CodePlainServer: "(by this side)",
	} {
		if text := (&tickwire.ConnError{Reason: tickwire.Reason{Code: code}, NeverBegan: true}).Error(); !strings.HasSuffix(text, want) {
			t.Errorf("%v: %q, want %q", code, text, want)
		}
	}
	nobody := &tickwire.SendError{Channel: 2, Err: tickwire.ErrNoChannel}
	wantText(t, "a channel", nobody, "no such channel: 2: name one with this ID in Config.Channels, at both ends")
}

// TestRefusedAtTheCall: a mistake is told where it is made.
func TestRefusedAtTheCall(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	client := w.join(nil)
	wantText(t, "Post(nil)", srv.Post(nil), "f is nil")
	for _, rate := range []int{-1, 0, 1_000_001} {
		what := panicOf(func() { client.Ticks(context.Background(), rate) })
		if text, _ := what.(string); !strings.Contains(text, "rate is") {
			t.Errorf("a rate of %d: %v", rate, what)
		}
	}
	what := panicOf(func() { tickwire.NewHub(nil) })
	if text, _ := what.(string); !strings.Contains(text, "nil Server") {
		t.Errorf("NewHub(nil): %v", what)
	}
	what = panicOf(func() { _ = chat.Send(nil, []byte("to whom?")) })
	if text, _ := what.(string); !strings.Contains(text, "nil Conn") {
		t.Errorf("Send to a nil Conn: %v", what)
	}
	player := w.open(client, srv, 1)
	wantText(t, "a long text", player.Close(tickwire.CodeNone, strings.Repeat("because ", 40)), "text is 320 bytes: want at most 200")
	if player.Open() {
		t.Error("it is open all the same")
	}
	for field, err := range map[string]error{
		"DevelopmentTimeout": tickwire.ServerConfig{Config: config(), Development: true, DevelopmentTimeout: time.Millisecond}.Validate(),
		"MaxReceipts":        tickwire.Config{MaxReceipts: 1 << 30}.Validate(),
	} {
		wantText(t, field, err, field+" is")
	}
	must(t, srv.Close())
	if _, err := srv.DevToken(1); !errors.Is(err, tickwire.ErrClosed) {
		t.Errorf("DevToken after Close: %v", err)
	}
}

// TestNotTokens: an answer of a login that is no token list is told from one that is damaged.
func TestNotTokens(t *testing.T) {
	w := newWorld(t)
	client := w.join(nil)
	for _, body := range []string{`{"error":"banned"}`, " \n<html>", "[]"} {
		_, err := client.Connect([]byte(body))
		wantText(t, body, err, "tokenhttp.Fetch")
	}
	if _, err := client.Connect(make([]byte, 13)); err == nil || strings.Contains(err.Error(), "Fetch") {
		t.Errorf("thirteen zeros: %v", err)
	}
}

// TestSendContextInVain: who has waited for room in vain learns on which channel, that it was full, and
// why the waiting ended.
func TestSendContextInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, 1)
		defer l.hub.Close()
		s := l.enter(1)
		ctx := within(t, time.Second)
		var err error
		for err == nil { // nobody reads at the other end
			_, err = s.SendContext(ctx, 2, make([]byte, 4000), tickwire.SendOptions{})
		}
		full, ok := errors.AsType[*tickwire.SendError](err)
		if !errors.Is(err, tickwire.ErrFull) || !errors.Is(err, context.DeadlineExceeded) || !ok || full.Channel != 2 {
			t.Errorf("%v", err)
		}
		wantText(t, "SendContext", err, "channel 2")
		err = s.Shutdown(t.Context())
		if lost, ok := errors.AsType[*tickwire.UndeliveredError](err); !ok || lost.Messages == 0 || lost.Conns != 1 {
			t.Errorf("Shutdown: %v", err)
		}
	})
}

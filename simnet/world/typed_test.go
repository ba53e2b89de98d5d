package world

import (
	"errors"
	"strings"
	"testing"

	"github.com/tickwire/tickwire"
)

// TestRefusedConfig: a world without channels, or with a tick that is none, is refused by the fields' names.
func TestRefusedConfig(t *testing.T) {
	_, err := New(Config{TickRate: -1})
	for _, field := range []string{"Channels", "TickRate"} {
		if err == nil || !strings.Contains(err.Error(), "tickwire: "+field+" is ") {
			t.Errorf("%s is not named by %v", field, err)
		}
	}
	var one *tickwire.ConfigError
	if !errors.As(err, &one) {
		t.Errorf("%T is no ConfigError", err)
	}
}

// TestShutEnd: an end that takes no message says whether it is not open yet, or over; both are ErrClosed.
func TestShutEnd(t *testing.T) {
	w := newWorld(t, config())
	p, err := w.Join(1)
	if err != nil {
		t.Fatal(err)
	}
	early := p.Client.Send(chat.Config().ID, Message{Size: 20})
	if !errors.Is(early, tickwire.ErrClosed) || !strings.Contains(early.Error(), "not open yet") {
		t.Errorf("before it is open: %v", early)
	}
	w.Run(1e9, nil)
	w.Close()
	late := p.Client.Send(chat.Config().ID, Message{Size: 20})
	if !errors.Is(late, tickwire.ErrClosed) || !strings.Contains(late.Error(), "is over") {
		t.Errorf("afterwards: %v", late)
	}
	if err := p.Client.Send(99, Message{}); !errors.Is(err, tickwire.ErrNoChannel) {
		t.Errorf("on no channel: %v", err)
	}
}

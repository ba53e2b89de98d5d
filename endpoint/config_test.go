package endpoint

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestConfigErrorsNameTheField(t *testing.T) {
	channel := func(ch ChannelConfig) Config { return Config{Channels: []ChannelConfig{{ID: 1}, ch}} }
	for _, c := range []struct {
		cfg   Config
		field string
	}{
		{Config{AckHold: time.Second}, "AckHold"},
		{Config{MaxHold: 500 * time.Millisecond}, "MaxHold"},
		{Config{MaxHold: 24 * time.Hour}, "MaxHold"},
		{Config{MaxDatagramBytes: 575}, "MaxDatagramBytes"},
		{Config{MaxDatagramBytes: 65508}, "MaxDatagramBytes"},
		{Config{Channels: make([]ChannelConfig, 1025)}, "Channels"},
		{channel(ChannelConfig{ID: 0}), "Channels[1].ID"},
		{channel(ChannelConfig{ID: 16384}), "Channels[1].ID"},
		{channel(ChannelConfig{ID: 1}), "Channels[1].ID"},
		{channel(ChannelConfig{ID: 2, Delivery: 5}), "Channels[1].Delivery"},
		{channel(ChannelConfig{ID: 2, MaxMessageBytes: -1}), "Channels[1].MaxMessageBytes"},
		{channel(ChannelConfig{ID: 2, MaxMessageBytes: 1 << 29}), "Channels[1].MaxMessageBytes"},
		{channel(ChannelConfig{ID: 2, MaxMessageBytes: 1000, MaxQueuedBytes: 1031}), "Channels[1].MaxQueuedBytes"},
		{channel(ChannelConfig{ID: 2, Delivery: ReliableOrdered, WindowBytes: 1000}), "Channels[1].WindowBytes"},
		{channel(ChannelConfig{ID: 2, MaxMessageBytes: 2000, WindowBytes: 2031}), "Channels[1].WindowBytes"},
		{channel(ChannelConfig{ID: 2, Full: DropNewest + 1}), "Channels[1].Full"},
		{channel(ChannelConfig{ID: 2, Weight: -1}), "Channels[1].Weight"},
		{channel(ChannelConfig{ID: 2, Weight: 1<<16 + 1}), "Channels[1].Weight"},
		{channel(ChannelConfig{ID: 2, Delivery: ReliableOrdered, Resend: ResendPolicy{MaxAttempts: -1}}), "Channels[1].Resend.MaxAttempts"},
		{channel(ChannelConfig{ID: 2, Resend: ResendPolicy{MaxAttempts: 3}}), "Channels[1].Resend"},
	} {
		_, err := New(0, c.cfg)
		var named *ConfigError
		if !errors.As(err, &named) || !strings.Contains(err.Error(), c.field+" is ") || named.Want == "" {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	t.Log("# everything that is wrong is told at once")
	err := Config{AckHold: time.Hour, Channels: []ChannelConfig{{ID: 0}}}.Validate()
	if text := err.Error(); !strings.Contains(text, "AckHold") || !strings.Contains(text, "Channels[0].ID") {
		t.Error(text)
	}
	t.Log("# the zero value and the channels of these tests are fine")
	if err := errors.Join(Config{}.Validate(), channels().Validate()); err != nil {
		t.Error(err)
	}
}

func TestSendErrors(t *testing.T) {
	cfg := Config{MaxReceipts: 2, Channels: []ChannelConfig{
		{ID: 1, Delivery: ReliableOrdered, MaxMessageBytes: 100, MaxQueuedBytes: 300},
		{ID: 2, Delivery: Unreliable, MaxMessageBytes: 100, MaxQueuedBytes: 300},
	}}
	p := newPair(t, cfg, time.Millisecond)
	a := p.ends[0]
	wants := func(err, kind error, words ...string) {
		t.Helper()
		if !errors.Is(err, kind) {
			t.Fatalf("%v, want %v", err, kind)
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not tell %q", err, w)
			}
		}
	}
	t.Log("# errors name the channel, the value, the limit and the setting")
	_, err := a.Send(9, nil, SendOptions{})
	wants(err, ErrNoChannel, "9")
	_, err = a.Send(1, make([]byte, 101), SendOptions{})
	wants(err, ErrTooLarge, "channel 1", "101", "MaxMessageBytes", "100")
	for range 2 {
		p.send(0, 1, make([]byte, 100))
	}
	_, err = a.Send(1, make([]byte, 100), SendOptions{})
	wants(err, ErrFull, "channel 1", "MaxQueuedBytes", "300")
	_, err = a.Send(1, nil, SendOptions{Keyed: true})
	wants(err, ErrOption, "channel 1", "Keyed")
	_, err = a.Send(1, nil, SendOptions{Receipt: true})
	wants(err, ErrFull, "MaxReceipts", "2")
	t.Log("# an unreliable channel drops its oldest instead")
	for range 5 {
		if _, err := a.Send(2, make([]byte, 100), SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := a.Stats().MessagesDropped[Dropped]; n != 3 {
		t.Errorf("%d dropped", n)
	}
	t.Log("# after Close nothing is sent any more")
	a.Close(p.now, CodeNone, "")
	_, err = a.Send(1, nil, SendOptions{})
	wants(err, ErrClosed)
}

func TestReceiptsAreBounded(t *testing.T) {
	cfg := channels()
	cfg.MaxReceipts = 10
	p := newPair(t, cfg, time.Millisecond).open()
	t.Log("# receipts that the game does not read count too, until it does")
	for range 10 {
		p.send(0, chanOf(ReliableOrdered), []byte("x"))
	}
	p.run(time.Second)
	if _, err := p.ends[0].Send(chanOf(ReliableOrdered), nil, SendOptions{Receipt: true}); !errors.Is(err, ErrFull) {
		t.Fatalf("the eleventh receipt: %v", err)
	}
	if _, err := p.ends[0].Send(chanOf(ReliableOrdered), nil, SendOptions{}); err != nil {
		t.Errorf("without a receipt: %v", err)
	}
	if n := len(p.fates(0)); n != 10 {
		t.Errorf("%d receipts", n)
	}
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
}

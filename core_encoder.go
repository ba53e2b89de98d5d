package tickwire

import (
	"encoding"
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
)

// An encoder is what a core has for a channel: its handle, and drafts in which
// messages are encoded for it. They have learned how large those are.
type encoder struct {
	handle  AnyChannel // nil: there is no such channel
	buffers *endpoint.Buffers
	spare   []*endpoint.Draft // several, since what encodes itself may send, too
}

// plainHandle is the handle of PlainChannel.
var plainHandle = NewRawChannel(ChannelConfig{ID: PlainChannel, MaxMessageBytes: netcode.MaxPayloadBytes})

// A catalogue knows the channels that are configured. It does not change.
type catalogue struct {
	encoders []encoder   // by ID, PlainChannel first; those without a handle are none
	reliable []ChannelID // of the configured ones, those that are
}

func (k *catalogue) init(channels []AnyChannel, buffers *endpoint.Buffers) {
	k.add(plainHandle, buffers)
	for _, ch := range channels {
		k.add(ch, buffers)
		if cfg := ch.Config(); cfg.Delivery.Reliable() {
			k.reliable = append(k.reliable, cfg.ID)
		}
	}
}

func (k *catalogue) add(ch AnyChannel, buffers *endpoint.Buffers) {
	id := int(ch.Config().ID)
	k.encoders = append(k.encoders, make([]encoder, max(0, id+1-len(k.encoders)))...)
	k.encoders[id] = encoder{handle: ch, buffers: buffers}
}

// encoder returns the encoder of a channel.
func (k *catalogue) encoder(id ChannelID) (*encoder, error) {
	if int(id) < len(k.encoders) && k.encoders[id].handle != nil {
		return &k.encoders[id], nil
	}
	return nil, &SendError{Channel: id, Err: ErrNoChannel}
}

// errOtherChannel: the ID is in the configuration, for something else.
var errOtherChannel = fmt.Errorf("%w: its ID is that of another one in Config.Channels", ErrNoChannel)

// encoderOf returns the encoder of a handle. It refuses one of which the configuration has
// nothing but the ID: one that was configured, or its twin, passes.
func (k *catalogue) encoderOf(ch AnyChannel, cfg *ChannelConfig) (*encoder, error) {
	e, err := k.encoder(cfg.ID)
	if err != nil || e.handle == ch {
		return e, err
	}
	if mine := e.handle.Config(); mine.Delivery == cfg.Delivery && mine.Name == cfg.Name {
		return e, nil
	}
	return nil, &SendError{Channel: cfg.ID, Err: errOtherChannel}
}

// borrow returns an empty draft for a message of the channel, until drop. The
// lock is held.
func (e *encoder) borrow() *endpoint.Draft {
	n := len(e.spare)
	if n == 0 {
		return endpoint.NewDraft(e.buffers, []ChannelConfig{e.handle.Config()})
	}
	d := e.spare[n-1]
	e.spare = e.spare[:n-1]
	return d
}

// drop takes a draft back, sent or not.
func (e *encoder) drop(d *endpoint.Draft) {
	d.Reset()
	e.spare = append(e.spare, d)
}

// encode returns a draft with a value, until drop. It is a function for each T,
// so that no value is put into an interface, which would allocate.
func encode[T encoding.BinaryAppender](e *encoder, v T) (*endpoint.Draft, error) {
	d := e.borrow()
	b, err := v.AppendBinary(d.AvailableBuffer())
	if err == nil {
		_, err = d.Write(b)
	}
	if err != nil {
		e.drop(d)
		return nil, err
	}
	return d, nil
}

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

func (k *core) addEncoder(ch AnyChannel) {
	id := int(ch.Config().ID)
	k.encoders = append(k.encoders, make([]encoder, max(0, id+1-len(k.encoders)))...)
	k.encoders[id] = encoder{handle: ch, buffers: k.buffers}
}

// encoder returns the encoder of a channel.
func (k *core) encoder(id ChannelID) (*encoder, error) {
	if int(id) < len(k.encoders) && k.encoders[id].handle != nil {
		return &k.encoders[id], nil
	}
	return nil, &SendError{Channel: id, Err: ErrNoChannel}
}

// errOtherChannel: the ID is in the configuration, for something else.
var errOtherChannel = fmt.Errorf("%w: its ID is that of another one in Config.Channels", ErrNoChannel)

// encoderOf returns the encoder of a handle. It refuses one of which the configuration has
// nothing but the ID: one that was configured, or its twin, passes.
func (k *core) encoderOf(ch AnyChannel, cfg *ChannelConfig) (*encoder, error) {
	l, err := k.encoder(cfg.ID)
	if err != nil || l.handle == ch {
		return l, err
	}
	if mine := l.handle.Config(); mine.Delivery == cfg.Delivery && mine.Name == cfg.Name {
		return l, nil
	}
	return nil, &SendError{Channel: cfg.ID, Err: errOtherChannel}
}

// borrow returns an empty draft for a message of the channel, until giveBack. The
// lock is held.
func (l *encoder) borrow() *endpoint.Draft {
	n := len(l.spare)
	if n == 0 {
		return endpoint.NewDraft(l.buffers, []ChannelConfig{l.handle.Config()})
	}
	d := l.spare[n-1]
	l.spare = l.spare[:n-1]
	return d
}

// giveBack takes a draft back that is empty.
func (l *encoder) giveBack(d *endpoint.Draft) { l.spare = append(l.spare, d) }

// drop takes one back that is not.
func (l *encoder) drop(d *endpoint.Draft) {
	d.Reset()
	l.giveBack(d)
}

// encode returns a draft with a value, until giveBack. It is a function for each T,
// so that no value is put into an interface, which would allocate.
func encode[T encoding.BinaryAppender](l *encoder, v T) (*endpoint.Draft, error) {
	d := l.borrow()
	b, err := v.AppendBinary(d.AvailableBuffer())
	if err == nil {
		_, err = d.Write(b)
	}
	if err != nil {
		l.drop(d)
		return nil, err
	}
	return d, nil
}

package tickwire

import (
	"cmp"
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
	values  []any             // of typed messages: what points to a value while it is encoded
	room    int               // that these want to begin with
}

// mostRoom bounds encoder.room: what is larger learns by its draft how large it is.
const mostRoom = 1 << 10

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

// encode returns a draft with a value, until drop. The value is encoded where it stays from one message
// to the next: one that went into an interface would be allocated.
func encode[T any](e *encoder, f *form[T], v T, version int) (*endpoint.Draft, error) {
	if f.err != nil {
		return nil, f.err
	}
	d, p := e.borrow(), borrowValue[T](e)
	*p = v
	d.Grow(e.room)
	offered := d.AvailableBuffer()
	b, err := f.write(p, offered, cmp.Or(version, anyVersion))
	dropValue(e, p)
	if err == nil {
		if cap(b) > cap(offered) { // it wants room for its largest, however small this one is
			e.room = max(e.room, min(cap(b), mostRoom))
		}
		_, err = d.Write(b)
	}
	if err != nil {
		e.drop(d)
		return nil, err
	}
	return d, nil
}

// borrowValue returns memory for a value, until dropValue.
func borrowValue[T any](e *encoder) *T {
	if n := len(e.values); n > 0 {
		v, ok := e.values[n-1].(*T)
		e.values = e.values[:n-1]
		if ok {
			return v
		}
	}
	return new(T)
}

// dropValue takes it back, and keeps nothing that the value pointed to.
func dropValue[T any](e *encoder, v *T) {
	var zero T
	*v = zero
	e.values = append(e.values, v)
}

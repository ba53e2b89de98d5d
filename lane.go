package tickwire

import (
	"encoding"
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
)

// A lane is what a core knows of a channel: its handle, and drafts in which
// messages are encoded for it. They have learned how large those are.
type lane struct {
	handle AnyChannel // nil: there is no such channel
	spare  []*endpoint.Draft
}

// plainLane is PlainChannel.
var plainLane = NewRawChannel(ChannelConfig{ID: PlainChannel, MaxMessageBytes: netcode.MaxPayloadBytes})

func (k *core) addLane(ch AnyChannel) {
	id := int(ch.Config().ID)
	k.lanes = append(k.lanes, make([]lane, max(0, id+1-len(k.lanes)))...)
	k.lanes[id].handle = ch
}

// errOtherChannel: the ID is in the configuration, for something else.
var errOtherChannel = fmt.Errorf("%w: its ID is that of another one in Config.Channels", ErrNoChannel)

// checkHandle refuses to send on a channel of which the configuration has nothing
// but the ID: one that was configured, or its twin, passes.
func (k *core) checkHandle(ch AnyChannel, cfg *ChannelConfig) error {
	if int(cfg.ID) >= len(k.lanes) || k.lanes[cfg.ID].handle == nil {
		return &SendError{Channel: cfg.ID, Err: ErrNoChannel}
	}
	handle := k.lanes[cfg.ID].handle
	if handle == ch {
		return nil
	}
	if mine := handle.Config(); mine.Delivery == cfg.Delivery && mine.Name == cfg.Name {
		return nil
	}
	return &SendError{Channel: cfg.ID, Err: errOtherChannel}
}

// borrow returns an empty draft for a message of a channel, until giveBack.
func (k *core) borrow(id ChannelID) (*endpoint.Draft, error) {
	if int(id) < len(k.lanes) {
		if l := &k.lanes[id]; len(l.spare) > 0 {
			d := l.spare[len(l.spare)-1]
			l.spare = l.spare[:len(l.spare)-1]
			return d, nil
		} else if l.handle != nil {
			return endpoint.NewDraft(k.buffers, []ChannelConfig{l.handle.Config()}), nil
		}
	}
	return nil, &SendError{Channel: id, Err: ErrNoChannel}
}

// giveBack takes a draft back that is empty.
func (k *core) giveBack(id ChannelID, d *endpoint.Draft) {
	l := &k.lanes[id]
	l.spare = append(l.spare, d)
}

// encode returns a draft with a value, until giveBack. It is a function for each T,
// so that no value is put into an interface, which would allocate.
func encode[T encoding.BinaryAppender](k *core, id ChannelID, v T) (*endpoint.Draft, error) {
	d, err := k.borrow(id)
	if err != nil {
		return nil, err
	}
	b, err := v.AppendBinary(d.AvailableBuffer())
	if err == nil {
		_, err = d.Write(b)
	}
	if err != nil {
		d.Reset()
		k.giveBack(id, d)
		return nil, err
	}
	return d, nil
}

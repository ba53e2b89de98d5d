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
	handle  AnyChannel // nil: there is no such channel
	buffers *endpoint.Buffers
	spare   []*endpoint.Draft // several, since an encoder may send, too
}

// plainLane is PlainChannel.
var plainLane = NewRawChannel(ChannelConfig{ID: PlainChannel, MaxMessageBytes: netcode.MaxPayloadBytes})

func (k *core) addLane(ch AnyChannel) {
	id := int(ch.Config().ID)
	k.lanes = append(k.lanes, make([]lane, max(0, id+1-len(k.lanes)))...)
	k.lanes[id] = lane{handle: ch, buffers: k.buffers}
}

// lane returns the lane of a number.
func (k *core) lane(id ChannelID) (*lane, error) {
	if int(id) < len(k.lanes) && k.lanes[id].handle != nil {
		return &k.lanes[id], nil
	}
	return nil, &SendError{Channel: id, Err: ErrNoChannel}
}

// errOtherChannel: the ID is in the configuration, for something else.
var errOtherChannel = fmt.Errorf("%w: its ID is that of another one in Config.Channels", ErrNoChannel)

// laneOf returns the lane of a handle. It refuses one of which the configuration has
// nothing but the ID: one that was configured, or its twin, passes.
func (k *core) laneOf(ch AnyChannel, cfg *ChannelConfig) (*lane, error) {
	l, err := k.lane(cfg.ID)
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
func (l *lane) borrow() *endpoint.Draft {
	n := len(l.spare)
	if n == 0 {
		return endpoint.NewDraft(l.buffers, []ChannelConfig{l.handle.Config()})
	}
	d := l.spare[n-1]
	l.spare = l.spare[:n-1]
	return d
}

// giveBack takes a draft back that is empty.
func (l *lane) giveBack(d *endpoint.Draft) { l.spare = append(l.spare, d) }

// drop takes one back that is not.
func (l *lane) drop(d *endpoint.Draft) {
	d.Reset()
	l.giveBack(d)
}

// encode returns a draft with a value, until giveBack. It is a function for each T,
// so that no value is put into an interface, which would allocate.
func encode[T encoding.BinaryAppender](l *lane, v T) (*endpoint.Draft, error) {
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

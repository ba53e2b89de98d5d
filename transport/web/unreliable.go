//go:build !js

package web

import (
	"reflect"
	"unsafe"

	"github.com/pion/datachannel"
	"github.com/pion/sctp"
)

// makeUnreliable has what is sent on a data channel go once, whatever comes of it, and overtake what was sent before, as its offer
// says. Up to version 1.6.3 pion/datachannel tells the stream below only when the peer has answered a message that
// opens the channel, and there are none for a negotiated one: its messages were repeated until they arrived, in order. The
// stream is not to be had in any other way; where it is found no more, pion does so by itself.
func makeUnreliable(channel datachannel.ReadWriteCloser) {
	c, ok := channel.(*datachannel.DataChannel)
	if !ok {
		return
	}
	field := reflect.ValueOf(c).Elem().FieldByName("stream")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*sctp.Stream]() {
		return
	}
	stream := *(**sctp.Stream)(unsafe.Pointer(field.UnsafeAddr()))
	stream.SetReliabilityParams(true, sctp.ReliabilityTypeRexmit, 0)
}

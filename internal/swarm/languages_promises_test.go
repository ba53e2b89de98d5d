package swarm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/tickwire/tickwire/endpoint"
)

// What the two ends of TestLanguages say, held against what the deliveries promise.

// A spoken is a message that one end has sent.
type spoken struct {
	channel  int
	bytes    []byte
	opts     endpoint.SendOptions
	fate     string
	received int
}

// A speech is what one end says to the other, and what came of it.
type speech struct {
	sent      map[int][]*spoken // by channel
	byReceipt map[int64]*spoken
	got       map[int][]int
}

func newSpeech() *speech {
	return &speech{map[int][]*spoken{}, map[int64]*spoken{}, map[int][]int{}}
}

func (l *languages) told(s *speech, receipt int64, fate string) {
	m := s.byReceipt[receipt]
	if m == nil || m.fate != "" {
		l.failf("receipt %d: %s, for a message that is %+v", receipt, fate, m)
		return
	}
	m.fate = fate
}

// arrived holds a message that came against what its delivery promises.
func (l *languages) arrived(s *speech, channel int, b []byte) {
	index := int(binary.LittleEndian.Uint32(b))
	if index >= len(s.sent[channel]) || !bytes.Equal(s.sent[channel][index].bytes, b) {
		l.failf("channel %d: what came was never sent: %x", channel, b[:4])
		return
	}
	m := s.sent[channel][index]
	if m.received++; m.received > 1 {
		l.failf("channel %d: message %d came twice", channel, index)
	}
	for _, before := range s.got[channel] {
		if before > index && !l.mayOvertake(s, channel, before, index) {
			l.failf("channel %d: message %d came behind %d", channel, index, before)
		}
	}
	s.got[channel] = append(s.got[channel], index)
}

// mayOvertake reports whether a later message may arrive before an earlier one.
func (l *languages) mayOvertake(s *speech, channel, later, earlier int) bool {
	all := s.sent[channel]
	switch l.delivery(channel) {
	case 0, 2:
		return true
	case 1, 3:
		a, b := all[later].opts, all[earlier].opts
		return a.Keyed != b.Keyed || a.Key != b.Key
	}
	group := all[earlier].opts.Group
	other := func(m *spoken) bool { return m.opts.Group != group }
	return group != 0 && !all[earlier].opts.Droppable && !slices.ContainsFunc(all[earlier:later+1], other)
}

func (l *languages) delivery(channel int) int {
	i := slices.IndexFunc(l.channels, func(c tsChannel) bool { return c.ID == channel })
	return l.channels[i].Delivery
}

// missing names a message that must have arrived and has not, or of which a receipt did not tell, or did not tell the
// truth; "" if there is none.
func (l *languages) missing(s *speech, to string) string {
	for channel, all := range s.sent {
		newest := map[string]*spoken{}
		d := l.delivery(channel)
		key := func(m *spoken) string { return fmt.Sprint(m.opts.Keyed, m.opts.Key) }
		for _, m := range all {
			newest[key(m)] = m
		}
		for i, m := range all {
			if m.opts.Receipt && m.fate == "" {
				return fmt.Sprintf("to %s, channel %d: message %d has no fate", to, channel, i)
			}
			if m.fate == "delivered" && d%2 == 0 && !m.opts.Droppable && m.received == 0 {
				return fmt.Sprintf("to %s, channel %d: message %d is delivered and did not arrive", to, channel, i)
			}
			must := d >= 2 && m.opts.TTL == 0 && !m.opts.Droppable && (d != 3 || newest[key(m)] == m)
			if must && m.received == 0 {
				return fmt.Sprintf("to %s, channel %d: message %d of %d bytes did not arrive: %q", to, channel, i, len(m.bytes), m.fate)
			}
		}
	}
	return ""
}

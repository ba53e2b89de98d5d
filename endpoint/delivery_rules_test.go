package endpoint

import "fmt"

// The specification of the deliveries, as plain and as slow as it can be said. Rules hold one
// direction of one channel. They are told, in the order in which it happens, what the game
// sends, what it hears of that and what the other game is shown, and object to what must not be.

// Rules know everything about the messages of a channel.
type rules struct {
	ChannelConfig
	all []*asked
	of  map[string]*asked // by payload; no two are alike
}

func rulesOf(ch ChannelConfig) *rules { return &rules{ChannelConfig: ch, of: map[string]*asked{}} }

// An asked is a message as the game asked for it, and what has become of it.
type asked struct {
	SendOptions
	number  int // among the messages of the channel
	group   int // which group of the channel; 0: it is alone
	payload string
	until   int64 // its time is over then, if it has a TTL
	shown   bool
	fate    EventKind // Delivered, Lost, or NoEvent: not told yet
	why     LossReason
}

// sent: the channel took a message. One that names the same group as the one before it is of
// that group.
func (r *rules) sent(payload []byte, opts SendOptions, now int64) *asked {
	m := &asked{SendOptions: opts, number: len(r.all), payload: string(payload), until: now + int64(opts.TTL)}
	if opts.Group != 0 {
		m.group = 1 + len(r.all)
		if last := len(r.all) - 1; last >= 0 && r.all[last].Group == opts.Group {
			m.group = r.all[last].group
		}
	}
	r.all = append(r.all, m)
	r.of[m.payload] = m
	return m
}

// queue judges a Send by what waited before it and after it: a message that fits is taken, and
// no other pays for it; of one that does not the policy decides.
func (r *rules) queue(before, after ChannelStats, size int, err error) error {
	fits := before.QueuedBytes+charge(size) <= r.MaxQueuedBytes
	dropped := after.Dropped[Dropped] - before.Dropped[Dropped]
	replaced := after.Dropped[Replaced] > before.Dropped[Replaced]
	switch {
	case after.QueuedBytes > r.MaxQueuedBytes:
		return fmt.Errorf("%d bytes wait of %d", after.QueuedBytes, r.MaxQueuedBytes)
	case replaced && !r.Delivery.latest():
		return fmt.Errorf("a message that is no value was replaced")
	case fits, replaced && dropped == 0:
		if err == nil && dropped == 0 {
			return nil
		}
	case r.Full == Refuse:
		if err != nil && dropped == 0 && after.QueuedBytes == before.QueuedBytes {
			return nil
		}
	case r.Full == DropNewest:
		if err == nil && dropped == 1 && after.QueuedBytes == before.QueuedBytes {
			return nil
		}
	case err == nil && dropped > 0:
		return nil
	}
	return fmt.Errorf("fits %v, replaced %v, %d dropped, the answer is %v", fits, replaced, dropped, err)
}

// told: a receipt was resolved. It is once, and for a reason that is true.
func (r *rules) told(m *asked, ev Event, now int64, closed bool) error {
	why := ev.Why
	allowed := ev.Kind == Delivered
	if ev.Kind == Lost {
		allowed = map[LossReason]bool{
			NotKnown:   !r.Delivery.Reliable() || m.Droppable,
			Superseded: r.Delivery == ReliableLatest && r.newer(m, func(*asked) bool { return true }),
			Replaced:   r.Delivery.latest() && r.newer(m, func(*asked) bool { return true }) && !m.shown,
			Dropped:    r.Full != Refuse && !m.shown,
			Expired:    m.TTL != 0 && m.until <= now,
			GaveUp:     r.Delivery.Reliable() && !m.Droppable && r.Resend.limits(),
			ConnClosed: closed,
		}[why]
	}
	if m.fate != NoEvent || !allowed {
		return fmt.Errorf("message %d (%+v) reads %v (%v) after %v", m.number, m.SendOptions, ev.Kind, why, m.fate)
	}
	m.fate, m.why = ev.Kind, why
	return nil
}

// newer reports whether a newer value of the key of m is so.
func (r *rules) newer(m *asked, is func(*asked) bool) bool {
	for _, other := range r.all[m.number+1:] {
		if other.Keyed == m.Keyed && other.Key == m.Key && is(other) {
			return true
		}
	}
	return false
}

func shown(m *asked) bool { return m.shown }

// show: the other game is shown a message. This is what every delivery promises at each moment.
func (r *rules) show(payload string) error {
	m := r.of[payload]
	switch {
	case m == nil:
		return fmt.Errorf("a message of %d bytes is shown that was not sent", len(payload))
	case m.shown:
		return fmt.Errorf("message %d is shown again", m.number)
	case m.fate == Lost && (m.why == Replaced || m.why == Dropped):
		return fmt.Errorf("message %d is shown, and was %v before it was sent", m.number, m.why)
	case r.Delivery.latest() && r.newer(m, shown):
		return fmt.Errorf("value %d of key %d is shown after a newer one", m.number, m.Key)
	case r.Delivery == ReliableOrdered:
		if other := r.outOfPlace(m); other != nil {
			return fmt.Errorf("message %d (%+v) is out of its place: see %d (%+v)", m.number, m.SendOptions, other.number, other.SendOptions)
		}
	}
	m.shown = true
	return nil
}

// outOfPlace returns a message that shows that m is not in its place: one before it that is
// still to come, or one behind it that was shown already. Messages of a group may overtake each
// other, but no droppable comes behind anything that was sent after it. Nothing waits for a
// droppable, nor for what its sender has given up.
func (r *rules) outOfPlace(m *asked) *asked {
	for _, other := range r.all {
		mates := m.group != 0 && other.group == m.group
		switch {
		case other.number < m.number && !mates && !other.shown && !other.Droppable && other.fate != Lost,
			other.number > m.number && other.shown && (!mates || m.Droppable):
			return other
		}
	}
	return nil
}

// overdue returns a message that must have been shown by now, as its sender knows that it is
// Delivered, and nothing it could wait for is missing. It judges those of which nothing but the
// order of an ordered channel, and newer values, may keep the game.
func (r *rules) overdue() *asked {
	for _, m := range r.all {
		switch {
		case m.fate != Delivered || m.shown || !r.Delivery.Reliable() || m.Droppable:
		case r.Delivery == ReliableLatest && r.newer(m, shown):
		case r.Delivery == ReliableOrdered && r.waits(m):
		default:
			return m
		}
	}
	return nil
}

func (r *rules) waits(m *asked) bool {
	for _, other := range r.all[:m.number] {
		if !other.shown && !other.Droppable && (m.group == 0 || other.group != m.group) {
			return true
		}
	}
	return false
}

// end: the lines are good, both games have read everything, and nothing happens any more.
// Unless the connection was closed each reliable message was shown whose sender was not told
// otherwise. Of the others that are Delivered some may be missing: as many as the receiver says
// that its game did not take in time.
func (r *rules) end(closed bool) (missing int, err error) {
	for _, m := range r.all {
		switch {
		case m.fate == NoEvent:
			return 0, fmt.Errorf("message %d was told no fate", m.number)
		case closed || m.shown || m.fate == Lost:
		case r.Delivery.latest() && r.newer(m, shown):
		case m.Droppable && r.laterShown(m):
		case r.Delivery.Reliable() && !m.Droppable:
			return 0, fmt.Errorf("message %d is %v and was never shown", m.number, m.fate)
		default:
			missing++
		}
	}
	return missing, nil
}

func (r *rules) laterShown(m *asked) bool {
	for _, other := range r.all[m.number+1:] {
		if other.shown {
			return true
		}
	}
	return false
}

package endpoint

// An Intake holds a peer that has no Endpoint, as one of plain netcode, to Limits: of that each payload
// is a packet and a message. Nobody tells such a peer of them.
// What is dropped for it is not charged again but to twice the limit: a peer that sends somewhat more has
// its share.
type Intake struct{ in inbound }

// NewIntake returns what payloads of so many bytes at most are charged to; nil if there are no limits.
func NewIntake(now int64, limits Limits, largest int) *Intake {
	in := newInbound(now, &Config{Inbound: limits, MaxDatagramBytes: largest})
	if in == nil {
		return nil
	}
	return &Intake{*in}
}

// Take charges a payload that came. If it does not fit it is to be dropped; if broken names a limit, the
// peer has exceeded that twice over, and its connection ends with [CodeTooFast]. A nil Intake takes all.
func (i *Intake) Take(now int64, bytes int) (fits bool, broken string) {
	if i == nil {
		return true, ""
	}
	in, was := &i.in, i.in
	in.messages.spend(now, 1)
	broken = in.judge(now, bytes, elicits)
	if !in.packets.over() && !in.bytes.over() && !in.messages.over() {
		return true, broken
	}
	for _, b := range [...]struct{ now, was *throttle }{
		{&in.packets.once, &was.packets.once}, {&in.bytes.once, &was.bytes.once}, {&in.messages.once, &was.messages.once},
	} {
		*b.now = *b.was
	}
	return false, broken
}

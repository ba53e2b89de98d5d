package endpoint

import (
	"errors"
	"iter"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A Lone is an endpoint used alone, over a carrier of the caller's, without keys: NewLone makes one.
// The carrier may lose, repeat and reorder datagrams, but neither join, cut nor damage them: over a
// serial line, say, the caller frames them and adds a checksum. It must keep strangers out: a Lone
// has no seal, and whoever can write a datagram can speak for the peer, or end the connection by one
// that makes no sense.
//
// Its owner, one goroutine at a time, does in turn
//
//	HandleDatagram   for each datagram that came
//	HandleTimeout    by Deadline at the latest
//	Update           to see what has arrived: without it there are no messages and no events
//	NextEvent        until there is none
//	Receive          of each channel, until there is none
//	Send             what the game has to say; nothing leaves before AppendDatagram
//	AppendDatagram   and carries each to the peer, until there is none
//
// Times are since whenever the caller's monotonic clock began, the same for all calls, and
// must not run backwards: time.Since(start), say. All calls may come in any order.
type Lone struct {
	end     lone
	updated bool
}

// NewLone returns an endpoint for use without package netcode, over a carrier of which so much is
// known: the zero Carrier takes whatever Config.MaxDatagramBytes allows. Handshake and Trusted of
// the configuration are ignored; no datagram is marked, since a Lone hands on no marks. The error
// is a join of *ConfigErrors: also if there are no channels, if a Timeout is shorter than a tenth of a
// second, or if the carrier takes so little that the two ends could not meet, which with a few channels
// are 40 bytes, and more with many.
func NewLone(now time.Duration, cfg Config, carrier Carrier) (*Lone, error) {
	var v config.Check
	v.That(len(cfg.Channels) > 0, "Channels", "empty", "one channel at least, the same at both ends")
	v.That(cfg.Timeout <= 0 || cfg.Timeout >= leastLoneTimeout, "Timeout", cfg.Timeout,
		"at least 100ms, or 0 for 10s, or negative for ever")
	end, err := newLone(int64(now), cfg, carrier)
	if err = errors.Join(v.Err(), err); err != nil {
		return nil, err
	}
	return &Lone{end: end}, nil
}

// leastLoneTimeout is a few round trips of a short line.
const leastLoneTimeout = 100 * time.Millisecond

// endpoint is what it is around. That of no Lone is a mistake in the program.
func (l *Lone) endpoint() *lone {
	if l == nil || l.end.Endpoint == nil {
		panic("endpoint: this Lone is nil or zero: make it by NewLone")
	}
	return &l.end
}

// seen is endpoint for methods that give what Update has shown. If there is something, and there was no
// Update, there never will be.
func (l *Lone) seen() *lone {
	e := l.endpoint()
	if !l.updated && e.News() {
		panic("endpoint: something has arrived at this Lone, and Update was never called: it shows that")
	}
	return e
}

// SetCarrier says that the carrier is another one, as when it agrees with the peer on larger frames. The
// error is that of NewLone.
func (l *Lone) SetCarrier(carrier Carrier) error {
	e := l.endpoint()
	if err := e.check(carrier); err != nil {
		return err
	}
	e.Carrier = carrier
	return nil
}

// HandleDatagram takes a datagram of the peer. It is only read, and not kept.
func (l *Lone) HandleDatagram(now time.Duration, b []byte) {
	l.endpoint().HandleDatagram(int64(now), b)
}

// HandleTimeout does what is due: it finds out what is lost, and whether the peer is.
func (l *Lone) HandleTimeout(now time.Duration) { l.endpoint().HandleTimeout(int64(now)) }

// AppendDatagram appends the next datagram for the peer to dst; nothing if there is none to
// send now. Call it until it appends nothing.
func (l *Lone) AppendDatagram(now time.Duration, dst []byte) []byte {
	return l.endpoint().AppendDatagram(int64(now), dst)
}

// Deadline returns when HandleTimeout or AppendDatagram has something to do at the latest: a time
// that is over means at once; if there is nothing to wait for it is the largest Duration.
func (l *Lone) Deadline() time.Duration { return time.Duration(l.endpoint().Deadline()) }

// Update makes visible what arrived since the last one. Messages of Receive are valid until the next.
func (l *Lone) Update() {
	l.endpoint().Update()
	l.updated = true
}

// News reports whether Update would show something new: a message or an event.
func (l *Lone) News() bool { return l.endpoint().News() }

// NextEvent takes an event that an Update has shown; false if there is none.
func (l *Lone) NextEvent() (Event, bool) { return l.seen().NextEvent() }

// Receive takes a message of a channel that an Update has shown; false if there is none. What is not
// taken stays.
func (l *Lone) Receive(channel ChannelID) (Message, bool) { return l.seen().Receive(channel) }

// ClockSamples yields the exchanges of clocks since the last call, for package timeline.
func (l *Lone) ClockSamples() iter.Seq[ClockSample] { return l.endpoint().ClockSamples() }

// SetNow tells a Lone the time, from which the TTL of what is sent next counts; see [Endpoint.SetNow].
func (l *Lone) SetNow(now time.Duration) { l.endpoint().SetNow(int64(now)) }

// Send sends a message on a channel; see [Endpoint.Send]. Before the peer is there it waits.
func (l *Lone) Send(channel ChannelID, payload []byte, opts SendOptions) (Receipt, error) {
	return l.endpoint().Send(channel, payload, opts)
}

// Draft is where a message can be put together without a copy; see [Endpoint.Draft].
func (l *Lone) Draft() *Draft { return l.endpoint().Draft() }

// SendDraft sends the message of Draft; see [Endpoint.SendDraft].
func (l *Lone) SendDraft(channel ChannelID, d *Draft, opts SendOptions) (Receipt, error) {
	return l.endpoint().SendDraft(channel, d, opts)
}

// Budget is how many bytes of messages can be sent now so that they leave until a time, in the peer's
// channels together; see [Endpoint.Budget].
func (l *Lone) Budget(now, until time.Duration) int {
	return l.endpoint().Budget(int64(now), int64(until))
}

// ChannelBudget is Budget of one channel.
func (l *Lone) ChannelBudget(channel ChannelID, now, until time.Duration) int {
	return l.endpoint().ChannelBudget(channel, int64(now), int64(until))
}

// Cost is by how much a message of so many bytes makes Budget smaller; see [Endpoint.Cost].
func (l *Lone) Cost(now, until time.Duration, bytes int) int {
	return l.endpoint().Cost(int64(now), int64(until), bytes)
}

// PathBusy says that the carrier takes nothing for the moment, or does again; see [Endpoint.PathBusy].
func (l *Lone) PathBusy(now time.Duration, busy bool) { l.endpoint().PathBusy(int64(now), 0, busy) }

// Ping has the peer answer, to measure the way, or to keep one open.
func (l *Lone) Ping() { l.endpoint().Ping() }

// SendControl tells the peer's owner something beside the game; see [Endpoint.SendControl].
func (l *Lone) SendControl(kind uint64, body []byte) error {
	return l.endpoint().SendControl(kind, body)
}

// ReceiveControl takes what the peer's owner has told; false if there is nothing.
func (l *Lone) ReceiveControl() (kind uint64, body []byte, ok bool) {
	return l.endpoint().ReceiveControl()
}

// Open reports whether messages flow: the peer is there, has the same channels, and nobody has
// said goodbye. It does not wait for an Update.
func (l *Lone) Open() bool { return l.endpoint().Open() }

// Over reports whether the connection has ended; the event Closed says why.
func (l *Lone) Over() bool { return l.endpoint().Over() }

// Done reports whether nothing is left to do: the peer knows, or does not answer.
func (l *Lone) Done() bool { return l.endpoint().Done() }

// Away reports whether nothing was heard for as long as the timeout, and the connection is kept
// (Config.KeepFor).
func (l *Lone) Away() bool { return l.endpoint().Away() }

// AwayUntil is when a peer that is away is given up; the largest Duration if never. It is the
// timeout of one who is not away.
func (l *Lone) AwayUntil() time.Duration { return time.Duration(l.endpoint().AwayUntil()) }

// Continue goes on with a connection whose carrier was cut for longer than the timeout and kept; see
// [Endpoint.Continue]. Both ends must.
func (l *Lone) Continue(now time.Duration) error {
	return l.endpoint().Continue(int64(now), PathConfig{})
}

// Hold announces to the peer that nobody will drive this end for a while; see [Endpoint.Hold].
func (l *Lone) Hold(now, d time.Duration) error { return l.endpoint().Hold(int64(now), d) }

// Held is how much is left of the silence that the peer has announced.
func (l *Lone) Held(now time.Duration) time.Duration { return l.endpoint().Held(int64(now)) }

// Drain ends the connection when what was sent is through, or after a time; see [Endpoint.Drain].
// Drive it on until Done.
func (l *Lone) Drain(now time.Duration, code Code, text string, within time.Duration) {
	l.endpoint().Drain(int64(now), code, text, within)
}

// Close ends the connection now. Drive it on until Done, so that the peer hears of it.
func (l *Lone) Close(now time.Duration, code Code, text string) {
	l.endpoint().Close(int64(now), code, text)
}

// Release gives all memory back: nothing may be called afterwards.
func (l *Lone) Release() { l.endpoint().Release() }

// Stats is what was counted and measured.
func (l *Lone) Stats() Stats { return l.endpoint().Stats() }

// ChannelStats is what was counted of a channel.
func (l *Lone) ChannelStats(channel ChannelID) ChannelStats {
	return l.endpoint().ChannelStats(channel)
}

// PathStats is what was counted and measured of the carrier.
func (l *Lone) PathStats() PathStats { return l.endpoint().PathStats(0) }

// Package arena is a small authoritative game over tickwire: players move and
// shoot on a square field, and the server alone decides what happened.
//
//   - inputs go up, UnreliableLatest: each has the moves of the last eight ticks, so an old one is worth nothing;
//   - state comes down 60 times a second, UnreliableLatest, cut to what a player can see;
//   - hits are events, ReliableUnordered: each one counts, none waits for another;
//   - chat is ReliableOrdered;
//   - scores are ReliableLatest: only the newest table matters, but that one for certain;
//   - names go up, ReliableLatest;
//   - when the ticks are comes down, ReliableLatest: who predicts what he does needs it.
//
// The messages are generated, for Go and for TypeScript, from structs of this package.
//
// [World] is the game without a network. [Game] is its server: one Step of it
// is one tick. [Player] is the client, and [Bot] a brain that plays it. All of
// them take the time as a parameter, so that a whole match runs in virtual time
// in the tests, and over real sockets in `tickwire demo`. Package page is the game in
// the browser: it walks at once, and is right about it.
package arena

import "github.com/tickwire/tickwire"

// Rate is how many steps a second the game makes.
const Rate = 60

// ProtocolID tells this game, and this version of it, apart from others.
const ProtocolID = 0x6172656e61_03

// MaxPlayers is how many a Game has room for.
const MaxPlayers = 1024

// The channels. Both ends name them, through [NetConfig].
var (
	Inputs    = tickwire.NewChannel[Input](tickwire.ChannelConfig{ID: 1, Delivery: tickwire.UnreliableLatest, Name: "inputs"})
	States    = tickwire.NewChannel[State](tickwire.ChannelConfig{ID: 2, Delivery: tickwire.UnreliableLatest, Name: "states"})
	Hits      = tickwire.NewChannel[Hit](tickwire.ChannelConfig{ID: 3, Delivery: tickwire.ReliableUnordered, Name: "hits"})
	Chats     = tickwire.NewChannel[Chat](tickwire.ChannelConfig{ID: 4, Delivery: tickwire.ReliableOrdered, Name: "chat"})
	Scorecard = tickwire.NewChannel[Scores](tickwire.ChannelConfig{ID: 5, Delivery: tickwire.ReliableLatest, Name: "scores"})
	Names     = tickwire.NewChannel[Name](tickwire.ChannelConfig{ID: 6, Delivery: tickwire.ReliableLatest, Name: "names"})
	Anchors   = tickwire.NewChannel[Anchor](tickwire.ChannelConfig{ID: 7, Delivery: tickwire.ReliableLatest, Name: "anchors"})
)

// NetConfig is what servers and clients of the game have in common.
func NetConfig() tickwire.Config {
	return tickwire.Config{
		ProtocolID: ProtocolID,
		Channels:   tickwire.Channels(Inputs, States, Hits, Chats, Scorecard, Names, Anchors),
	}
}

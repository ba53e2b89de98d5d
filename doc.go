// Package tickwire is realtime networking for game servers and their players:
// messages with the guarantee each one needs, behind one API over UDP, within
// one process, and over transports of your own; secured by connect tokens.
//
// A server opens sockets (package transport/udp), listens, and runs a loop of
// ticks. What arrived becomes visible in Update; what is sent leaves with
// Flush; in between everything belongs to the game and needs no lock. Between
// ticks the wire is serviced without touching what the game can see.
//
// Channels are declared once, with a delivery each: [Unreliable],
// [UnreliableLatest], [ReliableUnordered], [ReliableLatest], [ReliableOrdered].
// Both ends name the same channels in their configuration; a difference is
// found, and named, before a seat is taken.
//
// # One message
//
// There are three ways to send it, of a [Conn], a [RawChannel] and a [Channel] alike. Send is
// the simple one. SendWith adds [SendOptions]: a receipt, a time to live, a key whose
// latest value counts, a group whose messages may overtake each other, or that nothing
// waits for the message if it is lost. SendContext waits, under a Hub or a Session, while
// the queue is full. What came is taken by Receive, the oldest first, or by Latest, the
// newest alone; under a Hub or a Session it is among the events.
//
// How channels share a connection is for their [ChannelConfig] to say:
// Priority, Weight, BytesPerSecond; so is what happens at a full queue, and how much of
// small messages goes out once more before anybody knows of a loss: Repair. A game that has
// more to say than the line takes sends, in each tick, until the [Conn.Cost] of the next
// message is more than is left of [Conn.Budget] or [Conn.ChannelBudget]; [Conn.LimitBudget]
// lowers it.
//
// # Building in place, and sending to many
//
// Bytes given to Send are copied, once. [Conn.Draft] is an io.Writer into the memory
// that a message is sent from: [Draft.SendWith] copies nothing, and chooses the
// channel when the message is written. Typed channels encode there anyway.
//
// [Server.Broadcast] sends one message to all Conns or to some: it is encoded once,
// lies in memory once, and each Conn adds its own header and seal. Drafts and typed
// channels can do so as well.
//
// # Typed messages
//
// A [Channel] carries values. Of which types there are three ways to say:
//
//	a struct, with //tickwire:message above it    NewChannel, and a run of tickwire gen, which puts it into few bits
//	a type that writes and reads itself           NewChannel, by AppendBinary or MarshalBinary, and UnmarshalBinary
//	any other: protobuf, msgpack, CBOR, JSON      NewChannelWith and a Codec: two functions
//
// [Registry] has several types on one channel, in one order. To send a value allocates nothing beside what
// its own methods do. [Channel.Receive] yields values that may be kept; [Channel.ReceiveInto] reads into
// memory that is used again, and allocates nothing but strings that have changed.
//
// Generated types are [Described]: the two ends compare them when they meet. Where fields have since or
// until in their tags, messages have versions: a server talks to clients of its own release and of older ones,
// to each in the newest version that both have, [Conn.SchemaVersion]. If there is none they do not connect,
// and the reason names the type and the field that differ.
//
// # Ownership
//
// A [Server], a [Client] and their [Conn]s belong to one goroutine at a time.
// Bytes that are received belong to tickwire and are valid until the next
// Update: they were copied once, out of their packets, and bytes.Clone keeps them
// longer. Bytes that are sent are copied. [Hub] and [Session] make
// the same connections usable from any goroutine.
//
// # Seats
//
// A server has ServerConfig.MaxClients of them. [Server.Reserve] keeps one for a
// player until a time, say for who is being matched or has dropped out; Admit can
// let in nobody else. Of two connections of one player the newer one stays, unless
// ServerConfig.KeepOldest says otherwise.
//
// # The end
//
// A connection ends by [Conn.Close], by [Conn.Drain] when what was sent has arrived,
// by its peer, or by silence; [Disconnected] is its last event and says why. Close of
// a [Server], [Client], [Hub] or [Session] ends everything at once and tells each peer
// once; Shutdown drains, and repeats the goodbye until the peers know: it is what a
// program that ends in order calls.
//
// With [ServerConfig].KeepSeats a silent player is kept for a while beyond his timeout: he is
// [Away], and [Back] when he returns by himself, with everything that was sent, or as a new process
// with the ticket of [Conn.Ticket], for [Client.Resume]. Tickets outlive a restart of the server.
// [Conn.HandOver], and Shutdown by [ServerConfig].HandOver, move players to another server.
//
// A game whose loop stops for a while, to load a level, announces that by
// [Conn.Hold], so that its silence is not taken for the end.
//
// # Timeouts
//
// How long silence may last is said by the connect token, to both ends, and is 10 s unless whoever
// mints it says otherwise: netcode.MintConfig.Timeout at a backend, tokenhttp.Grant.Timeout for one
// player, [ServerConfig].DevelopmentTimeout for DevToken. [Conn.Timeout] tells. It is what "his timeout"
// means everywhere. Beside it there are MintConfig.Lifetime, how long the token lets a player in,
// [ServerConfig].KeepSeats, how long his seat is kept after the timeout, and [Config].MaxHold, the longest
// silence that a peer may announce.
//
// # Coming back
//
// A client that lost its server has three ways back, for three losses:
//
//	lost                     way back                                by whom
//	the path: Wi-Fi, socket  ClientConfig.Redial: another socket     the Conn itself; the game sees Away and Back at most
//	the process              Resume, with a ticket of Conn.Ticket    the next process; as long as KeepSeats
//	the connection           Dial, with another connect token        Stay; or the program, if Reason.Retry says that it is of use
//
// [Stay] is a whole life of a player in one call: it logs in, dials, plays, pauses and comes again, and leaves in
// order. A program that does so itself by [Dial] and [Resume] needs to know that these own their sockets: if
// they fail those are closed, and the next try opens others. A token is used up when it has let somebody in;
// one that did not may be tried again until its life is over, unless [Reason.NeedsToken]. A [Session] whose
// loop has seen Disconnected is closed by Close, for its socket's sake.
//
// # Paths
//
// A player whose address changes is followed, and need not do anything; RemoteAddr is
// where he is now. A client's Conn may go over several sockets: [Conn.OpenPath] adds one,
// which shares the messages with the others, carries copies of them, or waits in reserve
// until they are dead. ClientConfig.Redial brings another socket when nobody answers
// any more. [PathChanged] tells what happens, [Conn.Paths] what is measured.
//
// # Functions of the game
//
// ServerConfig.Admit, HandOver and the handler of Config.Logger are called in the middle of the library's
// work. One that calls its own Server, Client, Hub or Session, or a Conn of it, panics, where it would
// wait for itself for ever; Post, DevToken, Clock and what never changes are free. The log names one that
// has not returned for a second. Redial is called in the same way by a Client; a Session calls it in a
// goroutine of its own, in which all is free. Encoders of messages, Config.Controller and
// Config.Random must not call back either, and nothing looks after them.
//
// # Limits
//
// Every queue has a limit with a default, documented at the field that sets it
// in [Config], [ServerConfig], [ClientConfig] and [ChannelConfig]. What happens at
// the limit is an error of Send, or is counted in [Stats], [ConnStats] and
// [ChannelStats]. After ErrFull the event [Writable] says when to go on; under a Hub
// or a Session [Conn.SendContext] waits for room. What an end takes of a peer in a
// second, Inbound in [Config] and [ChannelConfig] says; the peer keeps to it.
package tickwire

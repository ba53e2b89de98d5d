// Package tickwire is realtime networking for game servers and their players:
// messages with the guarantee each one needs, behind one API over UDP, within
// one process, or over a transport of your own, secured by connect tokens.
//
// A server opens sockets (package transport/udp), listens, and runs a loop of
// ticks. What has arrived becomes visible in Update; what was sent leaves with
// Flush; in between everything belongs to the game and needs no lock. Between
// ticks the sockets are served without changing anything the game can see.
//
// Channels are declared once, each with a delivery: [Unreliable],
// [UnreliableLatest], [ReliableUnordered], [ReliableLatest] or [ReliableOrdered].
// Both ends list the same channels in their configuration; if the lists differ the
// client is refused, and told how they differ, before it takes a seat.
//
// # Sending and receiving
//
// A [Conn], a [RawChannel] and a [Channel] have the same three ways to send. Send is the
// simple one. SendWith adds [SendOptions]: a receipt, a time to live, a key of which only
// the latest value counts, a group whose messages may overtake each other, or leave to
// drop the message if it is lost. SendContext waits while the queue is full; it needs a
// [Hub] or a [Session]. Receive takes the messages that have come, the oldest first, and Latest
// takes only the newest; under a Hub or a Session messages come as events instead.
//
// [ChannelConfig] says how channels share a connection (Priority, Weight,
// BytesPerSecond), what happens when a queue is full (Full), and how much of the small
// messages is sent twice in advance, so that a loss costs no round trip (Repair). A game with
// more to say than the line takes can send, in each tick, until the [Conn.Cost] of the next
// message exceeds what is left of [Conn.Budget] or [Conn.ChannelBudget]. [Conn.LimitBudget]
// lowers that budget.
//
// # Building in place, and sending to many
//
// Send copies the bytes it is given, once. [Conn.Draft] is an io.Writer into the memory
// that a message is sent from: [Draft.SendWith] copies nothing, and the channel is chosen
// only then. Typed channels always encode into that memory.
//
// [Server.Broadcast] sends one message to all Conns or to some of them: it is encoded once
// and kept in memory once; each Conn adds its own header and encryption. Drafts and typed
// channels can be broadcast as well.
//
// # Typed messages
//
// A [Channel] carries values of a Go type. There are three kinds of types:
//
//	a struct with //tickwire:message above it     NewChannel, after tickwire gen has written code that packs it into few bits
//	a type that writes and reads itself           NewChannel, by AppendBinary or MarshalBinary, and UnmarshalBinary
//	any other: protobuf, msgpack, CBOR, JSON      NewChannelWith and a Codec, which is two functions
//
// [Registry] puts several types on one channel, in one common order. Sending a value allocates
// only what its own methods allocate. [Channel.Receive] yields values that the game may keep;
// [Channel.ReceiveInto] reads into memory that is reused, and allocates only for strings that have changed.
//
// Generated types are [Described]: the two ends compare them when they connect. Where fields have since or
// until in their tags, messages have versions: a server talks to clients of its own release and of older ones,
// to each in the newest version that both have ([Conn.SchemaVersion]). If they have none in common the client is
// refused, and the reason names the type and the field that differ.
//
// # Ownership
//
// A [Server], a [Client] and their [Conn]s belong to one goroutine at a time.
// Received bytes belong to tickwire and are valid until the next Update; bytes.Clone
// keeps them longer. Sent bytes are copied. [Hub] and [Session] make
// the same connections usable from any goroutine.
//
// # Seats
//
// A server has ServerConfig.MaxClients seats. [Server.Reserve] keeps one for a
// player until a given time, such as one who is being matched or has dropped out; nobody else
// gets it. If a player connects twice the newer connection stays, unless
// ServerConfig.KeepOldest is set.
//
// # The end
//
// A connection ends by [Conn.Close]; by [Conn.Drain], once everything sent has arrived;
// because the peer ends it; or by silence. Its last event is [Disconnected], which says why. Close of
// a [Server], [Client], [Hub] or [Session] ends everything at once and tells each peer
// once. Shutdown drains first, and repeats the goodbye until the peers confirm it: this is what a
// program that ends in order calls.
//
// With [ServerConfig].KeepSeats a silent player is kept for a while beyond his timeout. He is
// [Away], and [Back] when he returns: by himself, and then nothing that was sent is lost, or as a new process
// that gives the ticket of [Conn.Ticket] to [Client.Resume]. Tickets remain valid across a restart of the server.
// [Conn.HandOver], and Shutdown with [ServerConfig].HandOver, move players to another server.
//
// A game whose loop stops for a while, to load a level say, announces that with
// [Conn.Hold], so that its silence is not taken for the end.
//
// # Timeouts
//
// The connect token says, to both ends, how long silence may last: the timeout. It is 10 s unless whoever mints the
// token says otherwise: netcode.MintConfig.Timeout in a backend, tokenhttp.Grant.Timeout for one
// player, [ServerConfig].DevelopmentTimeout for DevToken. [Conn.Timeout] returns it. Three other times
// are easily confused with it: MintConfig.Lifetime, how long the token can be used to connect;
// [ServerConfig].KeepSeats, how long a seat is kept after the timeout; and [Config].MaxHold, the longest
// silence that a peer may announce.
//
// # Coming back
//
// A client can lose three things, and has a way back for each:
//
//	lost                     way back                                who does it
//	the path: Wi-Fi, socket  ClientConfig.Redial: another socket     the Conn itself; the game sees Away and Back at most
//	the process              Resume, with a ticket of Conn.Ticket    the next process, within KeepSeats
//	the connection           Dial, with another connect token        Stay; or the program, if Reason.Retry says that it is worth trying
//
// [Stay] runs the whole life of a player in one call: it logs in, dials, plays, pauses and comes back, and leaves in
// order. A program that calls [Dial] and [Resume] itself should know that they own their sockets: if
// they fail the sockets are closed, and the next try has to open others. A token is used up once it has let somebody in;
// until then it may be tried again as long as it is valid, unless [Reason.NeedsToken] says otherwise. After Disconnected
// a [Session] still has to be closed by Close, which releases its socket.
//
// # Paths
//
// A player whose address changes is followed without doing anything; RemoteAddr is
// where he is now. A client's Conn may use several sockets: [Conn.OpenPath] adds one,
// which shares the messages with the others, carries copies of them, or waits in reserve
// until they are dead. ClientConfig.Redial supplies another socket when nobody answers
// any more. [PathChanged] reports such changes, [Conn.Paths] the measurements.
//
// # Functions of the game
//
// The library calls ServerConfig.Admit, HandOver and the handler of Config.Logger in the middle of its own
// work. If they call their own Server, Client, Hub or Session, or one of its Conns, that panics, since it would
// otherwise deadlock; Post, DevToken, Clock and everything that never changes may be called. If one
// has not returned after a second the log says so. A Client calls Redial in the same way; a Session calls it in a
// goroutine of its own, where everything may be called. Encoders of messages, Config.Controller and
// Config.Random must not call back either, but nothing checks that.
//
// # Limits
//
// Every queue has a limit with a default, documented at the field that sets it
// in [Config], [ServerConfig], [ClientConfig] and [ChannelConfig]. At the limit Send returns
// an error, or the loss is counted in [Stats], [ConnStats] and
// [ChannelStats]. After ErrFull the event [Writable] says when there is room again; under a Hub
// or a Session [Conn.SendContext] waits for it. Inbound in [Config] and [ChannelConfig] limits what this end
// takes from a peer in a second; the peer knows the limit and keeps to it.
package tickwire

// Package world plays whole games in virtual time over package simnet: a
// server, players who come, crash and come back, links that misbehave, and
// checkers that know what every channel has promised.
//
// A [World] is driven by one goroutine, a tick at a time. Ten minutes of eight
// players pass in a few seconds, and one seed gives one outcome. The example below
// is a test of a game: [New], [World.Join], [World.Run] with what the game does in a tick, [World.Settle] until
// all has arrived, [World.Close], and then there must be no [World.Violations].
//
// A message is a value of a typed channel ([Send], [Receive]), or given to the library as bytes
// ([End.Send]), or built in place (InPlace of [Message]), or sent to all players at once
// ([World.Broadcast]).
//
// A player's address changes ([Player.Roam]); it has several [Line]s if it opens paths, and each may
// go down for itself; and somebody beside them forwards, replays and forges ([Player.Bystander]).
//
// Where the server keeps seats (Server.KeepSeats of [Config]), an End whose peer is away is not over:
// the peer comes back, nothing reliable is lost or comes twice, and the game is told ([End.Away]).
// After a crash of the server ([World.CrashServer]), or of the player ([World.Resume]), both sides begin
// anew: what was under way is over and reported, and nothing of it comes later.
//
// # What is checked
//
// Each channel of each player has a [Lane] in each direction. It keeps a
// ledger of what was sent, by a counter of the sender's own and a hash of the
// content, and knows nothing of how the library numbers or packs messages. The
// checkers are those of [Checker]: exactly once, order, latest, untouched
// content, receipts that resolve once and truly, expiry in time, arrival of everything
// reliable once links heal, drains that bring everything across or say what is left, silence that was
// announced, bounded memory, budgets, caps and limits, full queues that say when there is room again,
// seats, what is sent to addresses where nobody has shown that he is there, whose address is taken for
// whose, pauses when somebody moves, peers who are away and come back, and the life of a connection. One of them is a spy who has the players' tokens
// and the specification, opens every packet that is written, and finds a key and nonce that seal two
// contents, across connections, key changes, comebacks with tickets and restarts. They know the
// options of each message (Options of [Message]) and the policies of its channel: latest is
// latest of a key, those of a group may overtake each other and nobody else, and what has a time
// to live, is droppable or may be given up may be missing, but never late, and never without
// the receipt saying why.
//
// A [Tap] stands between the library and the checkers, and may spoil what it
// sees: that is how a test proves that a checker can fail.
package world

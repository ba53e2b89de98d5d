// Package netcode decides who may talk, and seals what they say.
//
// A login backend mints a connect token for a player ([Mint]) and hands it out
// over HTTPS. With the token a [Client] proves to a [Server] who it is and
// where it is, in two round trips, and both get fresh keys for the packets
// that follow. The server needs to know nothing but a key that it shares with
// the backend. Package tokenhttp is such a backend, behind the application's own
// login. [Inspect] says what is wrong with a token, also with one of another
// library's.
//
// The handshake begins as netcode 1.02 does, byte for byte, and towards peers
// of other netcode libraries it goes on so. Between two tickwire peers it goes
// on in our dialect: OFFER and ACCEPT in place of response and keep-alive,
// then DATA packets with connection ids, by which they are known wherever they
// come from (answers go where the handshake was), under keys that are new for
// every connection. [SPEC.md] describes both.
//
// A server may give a client tickets ([Server.AppendTicket]), with which it comes back
// without its backend ([NewResumeClient]): after a silence that was too long, after a
// restart of either side, with fresh keys and as the same player. Nothing moves
// before it has proven that it is the one ([EventResumed]).
//
// How packets are protected, the backend says in the token ([MintConfig]):
// ChaCha20-Poly1305, AES-256-GCM, or signed and readable; with forward secrecy
// or without. No packet can lower it, and either side may insist on more
// ([Protection]). Keys change after so many packets ([Sealer.ChangeKeys]).
//
// Whoever has no token can make a server do little. What fails to authenticate is
// charged to where it came from, all handshakes together have a budget, and
// nothing is remembered of either ([AdmissionConfig]); players who get in are
// charged nothing.
//
// Nothing here owns a socket, a clock or a goroutine. Time is a parameter:
// now is monotonic, in nanoseconds since anything; unix is the wall clock in
// seconds since 1970. Datagrams go in with HandleDatagram and are opened in
// place; what is to be sent comes out of Event.Reply and NextDatagram. Bytes
// from the network never make an error: what is not taken is counted by
// reason, see [Drop].
//
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package netcode

// Package netcode decides who may connect, and encrypts what they send.
//
// A login backend mints a connect token for a player ([Mint]) and hands it out
// over HTTPS. With the token a [Client] proves to a [Server], in two round trips,
// who it is and that it is reachable at its address, and both get fresh keys for the
// packets that follow. All the server needs is a key that it shares with
// the backend. Package tokenhttp is such a backend, behind the application's own
// login. [Inspect] says what is wrong with a token, even one that another library
// made.
//
// The handshake begins as that of netcode 1.02 does, byte for byte, and with peers
// of other netcode libraries it continues so. Between two tickwire peers it continues
// in our dialect: OFFER and ACCEPT in place of response and keep-alive,
// then DATA packets under keys that are new for every connection. They have
// connection ids, so they are recognized whatever address they come from; this package sends its answers
// to the address of the handshake all the same. [SPEC.md] describes both.
//
// A server may give a client tickets ([Server.AppendTicket]). With a ticket the client comes
// back without its backend ([NewResumeClient]), with fresh keys and as the same player: after
// too long a silence, or after a restart of either side. Nothing changes for the old connection
// until the client has proven who it is ([EventResumed]).
//
// The token says how packets are protected ([MintConfig]):
// ChaCha20-Poly1305, AES-256-GCM, or signed but readable; with forward secrecy
// or without. No packet can lower that, and either side may insist on more
// ([Protection]). Keys change after a number of packets ([Sealer.ChangeKeys]).
//
// Without a token nobody can make a server do much. Packets that fail to authenticate are
// charged to the address they came from, and all handshakes together have a budget, both without
// keeping state for each sender ([AdmissionConfig]); players who get in are
// charged nothing.
//
// Nothing here owns a socket, a clock or a goroutine. Time is a parameter:
// now is monotonic, in nanoseconds since any fixed moment; unix is the wall clock in
// seconds since 1970. Datagrams go in with HandleDatagram and are decrypted in
// place; what is to be sent comes out of Event.Reply and NextDatagram. Bytes
// from the network never cause an error: datagrams that are not accepted are counted by
// reason, see [Drop].
//
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package netcode

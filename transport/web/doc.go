// Package web moves datagrams to and from browsers: by WebSockets, by data channels of WebRTC, and by
// sessions of WebTransport.
//
// A server opens a [Socket], beside its UDP socket by [New] or alone by [Listen], and gives both to
// tickwire.Listen. Nothing else changes: a player in a browser shows the same token, has the same channels
// and causes the same events. All of it is one port number: WebRTC and WebTransport share the UDP
// port with native players, and the WebSockets come by TCP, where [Config].Handler may serve the
// pages of the game as well. [SPEC.md] has every byte in section 12.
//
//	u, err := udp.Listen(":7777")
//	w, err := web.New(u, web.Config{Handler: http.FileServerFS(pages)})
//	srv, err := tickwire.Listen(cfg, u, w)
//
// A client in Go dials with [Dial]: natively it has WebSockets and WebTransport, and compiled for the browser all that
// the browser has. Its [Ladder] begins on the WebSocket and climbs to what is better as soon as that is there;
// what ends it opens again. Clients in TypeScript are in the folder ts.
//
// # Go in the browser
//
// A player in Go can be a page: [Dial] has the browser's WebSocket, data channel and WebTransport there, the rest of tickwire
// is as everywhere, and net/http, by which a token comes, is the browser's fetch. The folder client of [examples/browser] has
// one. In examples/browser two commands make what the page loads, 15 MB, 3.7 MB by gzip:
//
//	GOOS=js GOARCH=wasm go build -o game.wasm ./client
//	cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" .
//
// The page, which [Config].Handler may serve beside them, is
//
//	<!doctype html><body><script src="wasm_exec.js"></script><script>
//	const go = new Go();
//	WebAssembly.instantiateStreaming(fetch("game.wasm"), go.importObject).then((game) => go.run(game.instance));
//	</script>
//
// # What a WebSocket is like
//
// TCP loses nothing, and holds up everything behind what it has to send again. So a Socket keeps
// little of what TCP has not sent: 8 datagrams, and on Linux 4 KiB in the kernel (32 KiB of unacknowledged
// ones elsewhere). The rest waits in the channels of the endpoint, where a value gives way to a newer one and
// what has expired is dropped; so a slow player gets what is new, later than others and not seconds
// old.
//
// # Limits
//
// Each of these is in [Config], or a constant here. Who meets one is told so by the code and the text with which his
// WebSocket is closed, since a page sees nothing of HTTP, and is counted in [Stats]. Only who begins too much gets no
// WebSocket to read that by: the console of his browser shows the status.
//
//	what                                        limit                  beyond it
//	players by each kind of transport           1000 MaxPlayers        closed with 4503
//	of one address, or one /64 of IPv6          128 MaxPerAddress      closed with 4503
//	what one address begins: connections,       50 a second            429 with Retry-After, or closed when it is
//	WebSockets, offers, sessions; a request     RatePerAddress, a      accepted; a data channel is refused, QUIC too
//	for a page is a tenth of one                minute's worth at once
//	TCP connections of one address              32 more than that      closed when they are accepted
//	of all, those of trusted proxies apart      1024 and MaxPlayers    likewise
//	the head of a request                       16 KiB, 10 s           HTTP error, or closed
//	its body                                    10 s, as it likes      closed
//	a page that nobody takes                    10 s for 32 KiB        closed
//	no datagram was ever answered               10 s HandshakeTimeout  closed with 4408
//	nobody was let in there, answered or not    1 min, six of those    closed with 4408
//	nothing goes either way                     5 min IdleTimeout      closed with 4408
//	the player takes nothing                    10 s WriteTimeout      closed with 4408
//	a datagram; a text message                  1500 bytes; 16 KiB     closed with 1009
//	text messages                               100, and 10 a second   closed with 4400
//	what is no message, as pings and heads      64 KiB and 1 a second  closed with 4400
//	datagrams that wait to be read              8192 Queue             a WebSocket waits, others lose the newest
//	of one association                          64                     likewise
//	datagrams that wait to be written           8 of a WebSocket       Write takes no more
//	                                            32 of the others       the oldest gives way
//	of the others, behind newer ones            100 ms                 likewise
//	what pion holds of a data channel           8 to 128 KiB           the writer waits
//	what quic-go holds of a session             6 datagrams            the writer waits
//	data channels under way                     64, 15 s               the oldest ends
//	of one address, with those that came to     16                     refused
//	nothing within 5 s of their offer
//	connections of QUIC without a session,      256, 10 s              refused; from 32 on addresses prove themselves
//	and those that failed within 5 s
//	of one address that did                     32                     refused
//	datagrams that wait for pion                64 of a data channel   the oldest gives way
//	for quic-go                                 1024                   likewise
//	from whom nothing is known                  8 and 256 of those     likewise, so that floods cost no player
//	checks of one data channel                  200 a second           dropped
//
// Whose pages may play is [Config].Origins: those of the same host, whatever their port, if it is empty.
//
// # Behind a proxy
//
// Behind a proxy on this machine that ends TLS nothing is to be set but [Config].TrustedProxies, so that limits
// count players and not the proxy; one that names nobody in X-Forwarded-For wants MaxPerAddress off, too; WebRTC and WebTransport then go past it, by UDP. If UDP comes by
// another machine, or by another port than browsers know, say so:
//
//	web.New(u, web.Config{
//		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
//		Origins:        []string{"https://game.example"},                      // the proxy's pages
//		Advertise:      []netip.Addr{netip.MustParseAddr("203.0.113.7")},      // for WebRTC
//		AdvertiseHost:  "udp.game.example",                                    // for WebTransport
//		AdvertisePort:  7777,                                                  // for both
//	})
//
// # What a player costs
//
// A player by a WebSocket costs two goroutines and some 20 KiB of memory, all buffers included, and a
// datagram no allocation. A test holds him to 24 KiB. TLS adds some 6 KiB, and he is held to 32 KiB.
// By a data channel he costs 18 goroutines and some 175 KiB, by a session of WebTransport 12 and some
// 95 KiB, most of which is pion's and quic-go's; tests hold him to 192 and 128 KiB. Who has climbed costs both, as his
// WebSocket stays in reserve. Measure it with
//
//	go test -run LongCost -v ./transport/web
//
// # One UDP port
//
// What comes to the port is offered to WebRTC and WebTransport first. They take nothing of native players,
// who may speak the netcode standard, whose packets begin as those of DTLS and QUIC do: a check of ICE
// has its cookie; a record of DTLS counts only from where a browser has passed ICE; QUIC begins with
// bytes that the game never sends, and later with a connection id that proves itself to be ours. So no
// table of players is kept, and a session goes on when a NAT gives its player another port. What each
// protocol sent is in [Stats].UDP.
//
// A browser finds the port by WebTransport under the name that it reached the WebSocket by. By WebRTC it
// needs addresses: it is told the one that it asked for, where that is a number, the one at which the
// WebSocket arrived, and those of the machine; behind a NAT say in [Config].Advertise what it is outside. What
// came by a proxy arrived from there, and so says nothing.
//
// # Certificates
//
// With neither files nor a function in [Config] WebTransport has a certificate of its own making, which
// lasts less than two weeks, as browsers want it; the next is told to pages, those that are open
// already included, two days before it is used. The TCP port speaks plain HTTP then. A real one may
// come from files, which are read again when they change, five seconds later at most, or from an
// autocert.Manager; then both have it, and what is renewed is shown to the next player. A pair of files
// that does not fit together is logged, and the last one that did stays.
//
// # Pages that vanish
//
// A page that is closed says so. Of one that is gone without a word, as with a phone that is out of reach, the
// Conn hears nothing any more, and ends after its timeout; or it waits for as long as seats are kept. Then
// the owner ends its associations (End), and within 5 seconds of that nothing is left of them, whatever they had
// to write. Until then each costs what a player does, or less: QUIC gives up after 30 s by itself, ICE after 20 s.
//
// # The end
//
// Close sends what was written, tells every player that the server goes away (1001) and is through
// within a second. Then no goroutine is left.
//
// [examples/browser]: https://github.com/tickwire/tickwire/tree/main/examples/browser
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package web

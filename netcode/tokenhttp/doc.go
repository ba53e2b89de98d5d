// Package tokenhttp hands out connect tokens over HTTP, behind the login that
// an application already has. [Handler] is the side of the backend: the application says
// who a request is from ([Config].Login), the handler resolves the names of the
// game servers, mints, and answers. [Fetch] is the player's side.
//
// # What a client asks and gets
//
// POST, with whatever the application's login reads: a cookie, a header, a body.
//
//   - 200, application/octet-stream: netcode's TokenList, what tickwire.Dial and
//     Client.Connect take. 6 bytes and 2048 for each server; or, for players with a
//     client of another netcode library ([Grant].Plain), the 2048 bytes of one token.
//   - else application/json, an object: "error" is a word for programs, "message"
//     a sentence for people, "retry_after_s" is there when it is worth waiting.
//
// The words of the handler itself, beside those of a [Refusal]:
//
//	405 method        it was not POST
//	403 tls           it came over plain HTTP, see Config.PlainHTTP
//	403 origin        a page of another origin asked, see Config.AllowOrigins
//	413 too_large     the body is larger than Config.MaxBodyBytes
//	429 too_often     the player has had tokens just now, see Config.Interval
//	503 timeout       the login took longer than Config.MaxTime
//	503 servers       a game server's name could not be resolved
//	500 internal      the login failed, or granted what no token can say; the log has more
//
// Every answer has Cache-Control: no-store. A token is a key for as long as it
// lives, so serve this over HTTPS alone. Tokens, keys and user data are never
// logged, nor is what was sent to log in, unless an error of Login that is no Refusal quotes it.
package tokenhttp

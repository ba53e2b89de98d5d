// Package page is the arena in the browser: what `tickwire demo` serves, built and ready.
//
// It is TypeScript over the package of the folder ts, without a framework. What a player does is seen in the next
// frame, for the page walks by the rules of the server and puts itself right when that says otherwise; everybody else is
// drawn a little in the past: [docs/prediction.md] tells how. A panel shows what the network does.
//
//	main.ts ─▶ door.ts        a name, and why one did not get in
//	   └─────▶ game.ts        each frame: what is wished, and what is known
//	           match.ts       the connection ─▶ pace.ts        its clocks, and ticks
//	                                         ─▶ prediction.ts  where one is, by walk.ts
//	                                         ─▶ moves.ts, shots.ts
//	           controls.ts    keys, mouse and fingers (stick.ts) ─▶ a Move
//	           scene.ts       the field on a canvas: camera.ts, sight.ts, effects.ts
//	           hud.ts         scores, chat, what just happened
//	           panel.ts       the network: gauges.ts, sparkline.ts, link.ts
//	           readings.ts    what tests and the curious read: window.arena
//
// ?transport=websocket, webrtc or webtransport in the address has it play by that one, and ?name=Ada fills in a name.
// After a change of the page, of the client in ts or of the messages:
//
//	npm ci --prefix ts && go generate ./examples/arena/...
//
// [docs/prediction.md]: https://github.com/tickwire/tickwire/blob/main/docs/prediction.md
package page

//go:generate node build.mjs

// Package page is the arena in the browser: what `tickwire demo` serves, built and ready.
//
// It is TypeScript over the package of the folder ts, without a framework. What a player does is seen in the next
// frame, for the page walks by the rules of the server (walk.ts) and puts itself right when that says otherwise
// (prediction.ts); everybody else is drawn a little in the past (match.ts). A panel shows what the network does.
//
//	main.ts ─▶ join.ts        the door: a name, and why one did not get in
//	   └─────▶ match.ts       the connection and its clocks ─▶ prediction.ts ─▶ walk.ts
//	           controls.ts    keys, mouse and fingers ─▶ a Move
//	           scene.ts       the field on a canvas
//	           hud.ts         scores, chat, health
//	           panel.ts       the network, and the switch for the link
//
// After a change of the page, of the client in ts or of the messages:
//
//	npm ci --prefix ts && go generate ./examples/arena/...
package page

//go:generate rm -rf assets
//go:generate ../../../ts/node_modules/.bin/esbuild main.ts style.css index.html --bundle --splitting --chunk-names=[name]-[hash] --minify --format=esm --target=es2022 --loader:.html=copy --log-level=warning --outdir=assets

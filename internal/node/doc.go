// Package node lets a test run programs of the TypeScript library, and speak with them line by line: so what
// is written there meets what is written in Go, in virtual time.
//
//	peer := node.Start(t, "../../ts", "testdata/peer.ts")
//	var answer Answer
//	peer.Ask(Ask{Now: 1}, &answer)
//
// Tool runs the programs that build pages, esbuild say.
//
// It needs Node and what npm ci installs in the library's folder; a test without them fails, and says
// how to get them.
package node

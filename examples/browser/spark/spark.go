// Package spark has the typed message of the chat: this struct is what Go and TypeScript both send.
package spark

//go:generate go run github.com/tickwire/tickwire/cmd/tickwire gen --ts .

// A Spark is a click, in 255ths of the window.
//
//tickwire:message
type Spark struct{ X, Y uint8 }

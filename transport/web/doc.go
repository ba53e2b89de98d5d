// Package web carries the datagrams of players in browsers.
//
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package web

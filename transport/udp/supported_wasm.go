//go:build js || wasip1

package udp

// supported: neither browsers nor WASI preview 1 have UDP.
const supported = false

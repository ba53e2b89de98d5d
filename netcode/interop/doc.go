// Package interop holds tests only: they run a plain netcode 1.02 client and server
// in JavaScript, written from the standard alone, against package netcode over
// loopback UDP, in both directions.
package interop

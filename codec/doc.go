// Package codec is what generated message code calls: bits.
package codec

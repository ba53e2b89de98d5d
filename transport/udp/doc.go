// Package udp moves datagrams over UDP.
//
// A server listens on an address, a client opens a socket on any free port. No
// socket is connected, so that one client can talk to many servers, and each
// carries IPv4 and IPv6 where the system does both.
//
// On Linux a [Socket] moves whole batches in one system call, hands runs of equal
// datagrams for one peer to the kernel in one piece, takes the time of arrival
// from the kernel, and tells at which address and with which congestion mark a
// datagram arrived, so that a server that listens on all addresses answers from the
// one that was asked. Elsewhere a goroutine reads one datagram at a time into a
// bounded ring, and the time is taken right after the read. In a browser there is
// no UDP: everything compiles, and opening fails with [errors.ErrUnsupported].
package udp

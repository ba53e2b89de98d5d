package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"syscall"
)

// An AddressError says what is wrong with an address and what to do about it.
type AddressError struct {
	// Op is what was tried: "listen" or "resolve".
	Op string
	// Address is what was given.
	Address string
	// Hint is the way out.
	Hint string
	// Err is the cause.
	Err error
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("udp: %s %q: %v; %s", e.Op, e.Address, e.Err, e.Hint)
}

func (e *AddressError) Unwrap() error { return e.Err }

const (
	hintListen  = `write host:port, such as ":7777" for all addresses of this machine or "127.0.0.1:0" for any free port`
	hintResolve = `write host:port, such as "play.example.com:7777" or "[2001:db8::1]:7777"`
)

// listenError explains why an address could not be listened on.
func listenError(address string, err error) error {
	e := &AddressError{Op: "listen", Address: address, Hint: hintListen, Err: err}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		e.Err = op.Err // the rest repeats the address
	}
	switch {
	case isErrno(err, syscall.EADDRINUSE, 10048):
		e.Hint = "stop the program that has this port, or give port 0 for any free one"
	case isErrno(err, syscall.EADDRNOTAVAIL, 10049):
		e.Hint = `give an address of this machine, or ":port" for all of them`
	case isErrno(err, syscall.EACCES, 10013):
		e.Hint = "give a port above 1023, or run with the privilege to use lower ones"
	}
	return e
}

// isErrno reports whether the system said errno, or its number on Windows.
func isErrno(err error, errno, windows syscall.Errno) bool {
	got, ok := errors.AsType[syscall.Errno](err)
	return ok && (got == errno || runtime.GOOS == "windows" && got == windows)
}

// Resolve returns every address of "host:port", IPv4 and IPv6, IPv4-mapped ones
// unmapped, each once, in the order in which the system would try them (RFC 6724).
// A token carries one of each kind, so that a player with only one of the two
// protocols gets through; netcode.PerServer makes tokens of more. It may block as
// long as ctx allows.
func Resolve(ctx context.Context, address string) ([]netip.AddrPort, error) {
	fail := func(err error) ([]netip.AddrPort, error) {
		return nil, &AddressError{Op: "resolve", Address: address, Hint: hintResolve, Err: err}
	}
	host, service, err := net.SplitHostPort(address)
	if addrErr, ok := errors.AsType[*net.AddrError](err); ok {
		return fail(errors.New(addrErr.Err)) // without the address once more
	}
	port, err := strconv.ParseUint(service, 10, 16)
	switch {
	case err != nil || port == 0:
		return fail(fmt.Errorf("the port is %q, not 1 to 65535", service))
	case host == "":
		return fail(errors.New("the host is missing"))
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return fail(err)
	}
	seen := make(map[netip.Addr]bool, len(addrs))
	var out []netip.AddrPort
	for _, a := range addrs {
		if a = a.Unmap(); !seen[a] {
			seen[a] = true
			out = append(out, netip.AddrPortFrom(a, uint16(port)))
		}
	}
	return out, nil
}

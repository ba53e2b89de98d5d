//go:build !js && !wasip1

package udp

// supported: this system has UDP.
const supported = true

//go:build !js

package web

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// An answer is what a data channel needs to know of the description of a browser (RFC 8866): how its
// checks are signed, and the certificate that it will show. pion sees nothing else of what came.
type answer struct {
	name, password string // of checks (RFC 8839, section 5.4)
	fingerprint    string // SHA-256 of the browser's certificate (RFC 8122, section 5)
	setup          string // whether the browser begins with DTLS: active, as all of them do, or passive
}

// An answerError says what is wrong with a description.
type answerError struct{ what string }

func (e *answerError) Error() string {
	return "web: the answer " + e.what + ": want that of a browser with one data channel"
}

const (
	mostAnswer = 16 << 10
	// The lengths of an ICE name and password (RFC 8839, section 5.4).
	leastName, leastPassword, mostCredential = 4, 22, 256
	shaBytes                                 = 32
)

// readAnswer reads a description, whose lines are in sections that begin with m=. What stands in front
// of the first holds for all that do not say otherwise.
//
//	a=ice-ufrag:<4 to 256 of ALPHA / DIGIT / "+" / "/">
//	a=ice-pwd:<22 to 256 of those>
//	a=fingerprint:sha-256 <32 pairs of hexadecimal digits, with colons between>
//	a=setup:active (or passive)
//	m=application <port> UDP/DTLS/SCTP webrtc-datachannel
func readAnswer(sdp string) (answer, error) {
	var a answer
	if len(sdp) > mostAnswer {
		return a, &answerError{fmt.Sprintf("has %d bytes, more than %d", len(sdp), mostAnswer)}
	}
	media := 0
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "m="):
			if media++; media > 1 || !isDataChannel(line) {
				return a, &answerError{"has a section that was not offered"}
			}
		case name == "a=ice-ufrag":
			a.name = value
		case name == "a=ice-pwd":
			a.password = value
		case name == "a=setup":
			a.setup = value
		case name == "a=fingerprint":
			if print, ok := sha256Print(value); ok {
				a.fingerprint = print
			}
		}
	}
	switch {
	case media == 0:
		return a, &answerError{"has no section for a data channel"}
	case !isCredential(a.name, leastName):
		return a, &answerError{"has no a=ice-ufrag of 4 characters or more"}
	case !isCredential(a.password, leastPassword):
		return a, &answerError{"has no a=ice-pwd of 22 characters or more"}
	case a.fingerprint == "":
		return a, &answerError{"has no a=fingerprint by SHA-256"}
	case a.setup != "active" && a.setup != "passive":
		return a, &answerError{"does not say a=setup:active"}
	}
	return a, nil
}

// isDataChannel looks at a line m= (RFC 8841, section 5): its port is 0 if the section is refused.
func isDataChannel(line string) bool {
	words := strings.Fields(strings.TrimPrefix(line, "m="))
	return len(words) == 4 && words[0] == "application" && words[1] != "0" &&
		words[2] == "UDP/DTLS/SCTP" && words[3] == "webrtc-datachannel"
}

func isCredential(s string, least int) bool {
	if len(s) < least || len(s) > mostCredential {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/') {
			return false
		}
	}
	return true
}

// sha256Print returns the digits of a fingerprint, as they came.
func sha256Print(value string) (string, bool) {
	kind, digits, _ := strings.Cut(value, " ")
	if !strings.EqualFold(kind, "sha-256") || len(digits) != 3*shaBytes-1 {
		return "", false
	}
	for i := 2; i < len(digits); i += 3 {
		if digits[i] != ':' {
			return "", false
		}
	}
	if _, err := hex.DecodeString(strings.ReplaceAll(digits, ":", "")); err != nil {
		return "", false
	}
	return digits, true
}

// description is the answer as pion gets it.
func (a answer) description() string {
	return strings.Join([]string{
		"v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0",
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
		"c=IN IP4 0.0.0.0", "a=mid:0", "a=sendrecv",
		"a=ice-ufrag:" + a.name, "a=ice-pwd:" + a.password,
		"a=fingerprint:sha-256 " + a.fingerprint, "a=setup:" + a.setup,
		"a=sctp-port:5000", fmt.Sprintf("a=max-message-size:%d", MaxWebRTCDatagram), "",
	}, "\r\n")
}

package netcode

// A Drop says why a datagram was not taken. Each is counted; none is ever an
// error to the application.
// Nothing but silence answers most of them, since an answer is a tool for who forges sources.
type Drop uint8

// The reasons, in the order in which the checks are made.
const (
	DropNone            Drop = iota
	DropEmpty                // no byte at all
	DropTooShort             // shorter than its header and tag
	DropUnknownType          // no such packet
	DropReserved             // a packet of a later version
	DropWrongRole            // a packet that the other side reads
	DropSequenceBytes        // 0 or more than 8 bytes of sequence, or the largest one
	DropRequestSize          // a request that does not have 1078 bytes
	DropVersion              // another version of netcode
	DropProtocolID           // another game
	DropExpired              // the token, or resume ticket, has expired
	DropTooEarly             // an earlier run of this server may have seen the token
	DropTooLong              // the token lives longer than a backend may make it
	DropAhead                // the token outlives what ours may by seconds: it is good when they have passed
	DropSourceLimit          // the source has failed too often, or asked too often
	DropAddressLimit         // its address has
	DropNetworkLimit         // its network has
	DropBusy                 // more handshakes than the server may spend time on
	DropTokenForged          // the token does not open under our key
	DropTokenMalformed       // the token opens and does not parse
	DropPad                  // the token's pad is malformed or asks for something unknown
	DropSuite                // the token's pad asks for protection that this side does not have
	DropWrongAddress         // the token does not name this server
	DropSourceConnected      // the source already has a plain connection
	DropClientConnected      // the client id already has a connection
	DropUsed                 // the token was used before
	DropHistoryFull          // no room to remember another token
	DropFull                 // no free seat
	DropPlainRefused         // a plain peer, which the config refuses
	DropNotPlain             // a plain packet where our dialect is mandatory
	DropUnknownSource        // a plain packet from a source that no token was shown from
	DropUnknownToken         // an OFFER that names no token
	DropOfferSize            // an OFFER that is too short or too long
	DropResumeSize           // a RESUME that is too short or too long, or its ticket
	DropTicketForged         // a resume ticket that does not open under our key
	DropTicketMalformed      // a resume ticket that opens and does not parse
	DropForged               // does not open: forged, damaged, or of another connection
	DropMalformed            // opens and does not parse
	DropChallengeForged      // the challenge token is not one of ours
	DropChallengeMoved       // the challenge was for another source
	DropPadMismatch          // the two copies of the pad differ
	DropWireVersion          // no common version of our dialect
	DropRefused              // the application refused
	DropResumeOld            // a RESUME older than the newest of its player
	DropResumeLate           // what a resumed connection should go on with has ended meanwhile
	DropShare                // a share with which there is no secret to agree on
	DropOtherShard           // the connection id belongs to another shard
	DropUnknownID            // the connection id belongs to nobody
	DropEpoch                // a key epoch that is over, or not due
	DropReplay               // the number was seen before, or is too old to tell
	DropBodySize             // a standard packet whose content has the wrong size
	DropUnexpected           // not a packet for this state
	DropOtherSource          // not from the server that this client talks to
	DropRepeated             // a repeated handshake packet that changes nothing
	DropTooOften             // new keys for an unconfirmed seat, or the application's judgement, again at once
	DropNoRandom             // the source of randomness failed, so nothing was sealed
	DropQueueFull            // no room to queue an answer
	NumDrops
)

func (d Drop) String() string {
	if d >= NumDrops {
		return "unknown reason"
	}
	return [NumDrops]string{
		"none", "empty", "too short", "unknown type", "reserved", "wrong role", "sequence bytes", "request size",
		"version", "protocol id", "token expired", "token too early", "token too long", "token ahead", "source limit", "address limit",
		"network limit", "busy", "token forged", "token malformed", "pad",
		"suite", "wrong address", "source connected", "client connected", "token used", "history full",
		"server full", "plain refused", "not plain", "unknown source", "unknown token", "offer size",
		"resume size", "ticket forged", "ticket malformed", "forged",
		"malformed", "challenge forged", "challenge moved", "pad mismatch", "wire version", "refused",
		"resume old", "resume late", "share", "other shard", "unknown id", "epoch", "replay", "body size", "unexpected", "other source", "repeated",
		"too often", "no randomness", "queue full",
	}[d]
}

// Counters counts what a Server or a Client did.
type Counters struct {
	// Drops counts datagrams that were not taken, by reason.
	Drops [NumDrops]uint64
	// Challenges, Reasons and Gones count those answers of a server.
	Challenges, Reasons, Gones uint64
	// Unheard counts plain clients that a server answered, and of which it heard
	// nothing more.
	Unheard uint64
	// Decryptions counts connect tokens and resume tickets that were opened, or tried to.
	Decryptions uint64
}

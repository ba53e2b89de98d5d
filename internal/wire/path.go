package wire

import "encoding/binary"

// MaxPath is the highest number of a path.
const MaxPath = 7

// AppendPathChallenge appends PATH_CHALLENGE: who gets this shall return it.
func AppendPathChallenge(b []byte, token uint64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, TypePathChallenge), token)
}

// ConsumePathChallenge reads PATH_CHALLENGE.
func ConsumePathChallenge(b []byte) (token uint64, n int) {
	r := frame(b)
	token = r.U64()
	return token, r.n()
}

// AppendPathResponse appends PATH_RESPONSE: the token of a PATH_CHALLENGE.
func AppendPathResponse(b []byte, token uint64) []byte {
	b = binary.LittleEndian.AppendUint64(append(b, TypePathResponse), token)
	return append(b, 0) // no flags
}

// ConsumePathResponse reads PATH_RESPONSE. Its flags are all reserved.
func ConsumePathResponse(b []byte) (token uint64, n int) {
	r := frame(b)
	token = r.U64()
	r.Want(r.U8() == 0)
	return token, r.n()
}

// A PathState is what PATH_STATUS asks of the use of a path.
type PathState uint8

const (
	PathShare   PathState = iota // data in turn with other such paths, by weight
	PathReserve                  // none while another path lives
	PathAbandon                  // nothing more
	PathCopy                     // what goes over another path, too
)

// A PathStatus says how the sender wants a path to be used.
type PathStatus struct {
	Path   uint8
	Serial uint64 // a higher one is newer
	State  PathState
	Weight uint8 // at least 1
}

// AppendPathStatus appends PATH_STATUS.
func AppendPathStatus(b []byte, s *PathStatus) []byte {
	b = AppendUvarint(append(b, TypePathStatus, s.Path), s.Serial)
	return append(b, byte(s.State), s.Weight)
}

// ConsumePathStatus reads PATH_STATUS.
func ConsumePathStatus(b []byte) (s PathStatus, n int) {
	r := frame(b)
	s = PathStatus{Path: r.U8(), Serial: r.Uvarint(), State: PathState(r.U8()), Weight: r.U8()}
	r.Want(s.Path <= MaxPath && s.State <= PathCopy && s.Weight > 0)
	return s, r.n()
}

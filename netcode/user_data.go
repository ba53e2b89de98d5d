package netcode

import "bytes"

// UserDataBytes is the room for the application's data in a token.
const UserDataBytes = 256

// UserData is what a backend wrote into a token for the application on the server: always all 256
// bytes, what it did not fill being zero. A token of netcode 1.02 has no length of them. So text is
// read with [UserData.Text]; binary data that may end in zeros has a fixed size, or says its
// length itself.
type UserData []byte

// Text is what stands before the zeros at the end. Nobody but a backend has written it, so it is
// as trustworthy as that: if players choose what it says, look at it as at all that they say.
func (u UserData) Text() string { return string(bytes.TrimRight(u, "\x00")) }

// keptData is user data as it stays for as long as the player: without the zeros at its end, since most
// backends give little.
type keptData string

func keepData(b *[UserDataBytes]byte) keptData { return keptData(UserData(b[:]).Text()) }

// append appends all 256 bytes.
func (k keptData) append(dst []byte) []byte {
	dst = append(dst, k...)
	return append(dst, make([]byte, UserDataBytes-len(k))...)
}

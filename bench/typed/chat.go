package typed

//go:generate go run github.com/tinylib/msgp@v1.6.5 -tests=false -io=false
//go:generate protoc --go_out=paths=source_relative:. --go-vtproto_out=paths=source_relative,features=marshal+unmarshal+size:. chat.proto

// A Chat is what somebody says.
type Chat struct {
	Player uint32   `msg:"player" json:"player" cbor:"1,keyasint"`
	Text   string   `msg:"text" json:"text" cbor:"2,keyasint"`
	To     []uint32 `msg:"to" json:"to,omitempty" cbor:"3,keyasint,omitempty"`
}

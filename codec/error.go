package codec

import (
	"errors"
	"fmt"
)

// What can be wrong with a field, in a [FieldError].
var (
	ErrShort    = errors.New("the message ends before its last field")
	ErrTrailing = errors.New("bytes follow the message")
	ErrPadding  = errors.New("the bits behind the message are not zero")
	ErrRange    = errors.New("out of range")
	ErrTooLong  = errors.New("too long")
	ErrForm     = errors.New("a number is not in its shortest form")
	ErrOrder    = errors.New("keys of a map are not in ascending order")
	ErrUnion    = errors.New("not one of the union's types")
	ErrZone     = errors.New("an address with a zone")
)

// A FieldError says which field could not be written or read, and why.
type FieldError struct {
	Field string // as Type.Field; the type alone for what concerns the whole message
	Value any    // what the field held, or came; nil if that says nothing
	Want  string // what would be right; may be empty
	Err   error  // one of the errors of this package, or of a custom type
}

func (e *FieldError) Error() string {
	text := "codec: " + e.Field
	if e.Value != nil {
		text += fmt.Sprintf(" (%v)", e.Value)
	}
	text += ": " + e.Err.Error()
	if e.Want != "" {
		text += ", want " + e.Want
	}
	return text
}

func (e *FieldError) Unwrap() error { return e.Err }

// Package config says what cannot be configured, in one way for all rooms: each has Error as its
// ConfigError, and collects all that is wrong with a Check.
package config

import (
	"errors"
	"fmt"
)

// An Error names the field of a configuration, or the parameter, that cannot be, its value and what
// would do.
type Error struct {
	// Field is the way to the field from the configuration that the caller gave, as in
	// Channels[2].ID; of a parameter its name.
	Field string
	// Value is what it is, or words for that.
	Value any
	// Want says what would do.
	Want string
}

// Error names the field, the value, and what would do.
func (e *Error) Error() string {
	value := e.Value
	switch value {
	case nil:
		value = "nil"
	case "":
		value = `""`
	}
	return fmt.Sprintf("tickwire: %s is %v: want %s", e.Field, value, e.Want)
}

// Wrong is an Error of one field, or of one parameter.
func Wrong(field string, value any, want string) *Error { return &Error{field, value, want} }

// A Check collects what is wrong with a configuration. The zero value has found nothing yet.
type Check struct{ faults []error }

// That wants ok of a field.
func (c *Check) That(ok bool, field string, value any, want string) {
	if !ok {
		c.faults = append(c.faults, Wrong(field, value, want))
	}
}

// Take adds what the check of a part has found, one by one. Its fields get the name of the part in
// front; "" is a part whose fields are those of the whole.
func (c *Check) Take(part string, err error) {
	switch err := err.(type) {
	case nil:
	case interface{ Unwrap() []error }:
		for _, one := range err.Unwrap() {
			c.Take(part, one)
		}
	case *Error:
		field := err.Field
		if part != "" {
			field = part + "." + field
		}
		c.faults = append(c.faults, Wrong(field, err.Value, err.Want))
	default:
		if part != "" {
			err = fmt.Errorf("%s: %w", part, err)
		}
		c.faults = append(c.faults, err)
	}
}

// Err is a join of all that was found, nil if that is nothing.
func (c *Check) Err() error { return errors.Join(c.faults...) }

package tickwire_test

import "log"

// try ends an example whose preparations fail. A program of your own handles the error: it names the field
// that is wrong, and what would do.
func try[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

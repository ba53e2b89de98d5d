// Package gen writes the code of messages: Go that puts the fields of a struct into as few bits as the
// tags of the struct allow, by package codec, and TypeScript that reads and writes the same. The command
// tickwire gen calls it.
//
//	load.go      the source of a package, parsed and typed
//	build.go     its structs and their fields; types.go: the form of each type on the wire
//	tag.go       what a tag says
//	model.go     what was found; bounds.go: how many bits it takes; schema.go: its text and digest
//	print.go     Go: print_struct.go what a struct gets, print_write.go and print_read.go its bits,
//	             print_delta.go deltas, print_same.go equality, print_copy.go copies, print_enum.go enums
//	print_ts.go  TypeScript, in files of the same names behind print_ts_; print_ts_type.go: its types
package gen

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Generate writes the Go file of a package's messages into its folder, and if ts is not empty the
// TypeScript module of the package's name into that folder. A file that is as it should be is left as it
// is. The error is a [Mistakes] if the package is one that no code can be generated for.
func Generate(dir, ts string) error {
	p, err := Load(dir)
	if err != nil {
		return err
	}
	if len(p.Structs) == 0 {
		return fmt.Errorf("%s: no type is a message: want a line %s above a struct", dir, messageMark)
	}
	b, err := p.Go()
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, FileName), b); err != nil || ts == "" {
		return err
	}
	if b, err = p.TypeScript(); err == nil {
		err = os.MkdirAll(ts, 0o755)
	}
	if err != nil {
		return err
	}
	return replace(filepath.Join(ts, p.Name+".ts"), b)
}

// replace writes a file, unless it is there already.
func replace(file string, b []byte) error {
	switch old, err := os.ReadFile(file); {
	case err == nil && bytes.Equal(old, b):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return os.WriteFile(file, b, 0o644)
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tickwire/tickwire/compress"
)

// A dictCmd is `tickwire dict`.
type dictCmd struct {
	Train dictTrainCmd `cmd:"" help:"Make a dictionary of recorded messages, for channels that compress (ChannelConfig.Compression)."`
	Show  dictShowCmd  `cmd:"" help:"Tell what a dictionary is: its ID, its size, what it holds, and what it saves."`
}

// recordedHelp says what recorded messages are.
const recordedHelp = "A file is a recording: messages, each behind its length in four bytes, little-endian (compress.AppendRecord writes it). " +
	"With --lines it is text, a message in each line. A folder has a message in each file."

// mostRecorded is how many bytes of messages are read.
const mostRecorded = 256 << 20

// recorded reads all messages of files and folders, in their order, those of each path in a list.
func recorded(paths []string, lines bool) (lists [][][]byte, err error) {
	total := 0
	for _, path := range paths {
		more, err := recordedIn(path, lines)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			total += len(m)
		}
		if lists = append(lists, more); total > mostRecorded {
			return nil, fmt.Errorf("%s: with it there are more than 256 MiB of messages: some thousand of each kind do as well", path)
		}
	}
	return lists, nil
}

func recordedIn(path string, lines bool) ([][]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return folder(path)
	case info.Size() > 2*mostRecorded:
		return nil, fmt.Errorf("%s: %d MiB are too many: some thousand messages of each kind do", path, info.Size()>>20)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if lines {
		return bytes.FieldsFunc(b, func(r rune) bool { return r == '\n' || r == '\r' }), nil
	}
	messages, err := compress.Records(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; text with a message in each line is read with --lines, a folder with a message in each file by its name", path, err)
	}
	return messages, nil
}

// folder reads a message from each file below.
func folder(path string) (messages [][]byte, err error) {
	total := int64(0)
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if total += info.Size(); total > mostRecorded {
			return fmt.Errorf("%s: more than 256 MiB of messages: some thousand of each kind do as well", path)
		}
		b, err := os.ReadFile(name)
		messages = append(messages, b)
		return err
	})
	if err == nil && len(messages) == 0 {
		err = fmt.Errorf("%s: there is no file in it", path)
	}
	return messages, err
}

// readDictionary reads a file that dict train has written.
func readDictionary(path string) (*compress.Dictionary, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d, err := compress.ParseDictionary(b)
	switch {
	case errors.Is(err, compress.ErrDamaged):
		return nil, &exitError{exitBad, fmt.Errorf("%s: %w; both ends need the file as it was written", path, err)}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

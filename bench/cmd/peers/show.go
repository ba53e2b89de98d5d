package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/tickwire/tickwire/bench/report"
)

// A tableCmd is `peers table`.
type tableCmd struct {
	Files    []string `arg:"" type:"existingfile" help:"Raw lines."`
	Pictures bool     `help:"Show the pictures that peers plot draws into the same folder."`
}

// Run is called by kong.
func (c *tableCmd) Run() error {
	lines, err := readAll(c.Files)
	if err != nil {
		return err
	}
	return report.Table(os.Stdout, lines, c.Pictures)
}

// A plotCmd is `peers plot`.
type plotCmd struct {
	Files []string `arg:"" type:"existingfile" help:"Raw lines."`
	Out   string   `default:"." type:"existingdir" help:"Folder for the pictures."`
}

// Run is called by kong.
func (c *plotCmd) Run() error {
	lines, err := readAll(c.Files)
	if err != nil {
		return err
	}
	names, err := report.Plot(c.Out, lines)
	for _, name := range names {
		fmt.Println(name)
	}
	return err
}

// readAll reads the lines of all files.
func readAll(files []string) ([]report.Line, error) {
	var all []report.Line
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		lines, err := report.Read(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, lines...)
	}
	return all, nil
}

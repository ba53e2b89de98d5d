package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/tickwire/tickwire/internal/workload"
)

// matrix plays all spots of the matrix, and shows the worst of each figure below them.
func (c *benchLinkCmd) matrix(ctx context.Context, out, progress io.Writer) error {
	controller, err := namedController(c.Controller[0])
	if err != nil {
		return err
	}
	spots := workload.Matrix()
	readings := make([][]workload.Reading, len(spots))
	for i, s := range spots {
		var results [][]workload.Result
		for _, cell := range s.Cells() {
			cell.Controller = controller
			r, err := playSeeds(ctx, cell, 1, workload.MatrixSeeds, progress)
			if err != nil {
				return fmt.Errorf("%v: %v: %w", s, cell.Workload, err)
			}
			results = append(results, r)
		}
		readings[i] = s.Read(results)
	}
	fmt.Fprintln(out, matrixTable(spots, readings))
	if controller != nil {
		return nil // the floors are those of the default
	}
	bad := 0
	for i, s := range spots {
		for _, r := range readings[i] {
			if r.Bad() {
				bad++
				fmt.Fprintf(out, "%v: %s is %s %s, and was to be %s at worst\n", s, readingName(r), r.Figure.Format(r.Value), r.Figure.Unit, r.Figure.Format(r.Floor))
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d figures are worse than what the matrix asks for", bad)
	}
	return nil
}

func readingName(r workload.Reading) string { return r.Kind.String() + " " + r.Figure.Name }

func matrixTable(spots []workload.Spot, readings [][]workload.Reading) string {
	header := table.Row{"median of each"}
	for _, r := range readings[0] {
		header = append(header, strings.ReplaceAll(readingName(r), " ", "\n")+"\n"+r.Figure.Unit)
	}
	var rows []table.Row
	for i, s := range spots {
		row := table.Row{s.String()}
		for _, r := range readings[i] {
			row = append(row, r.Figure.Format(r.Value))
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	b.WriteString(plainTable(header, rows))
	for i, at := range workload.Worst(readings) {
		r := readings[at][i]
		fmt.Fprintf(&b, "\nworst %s: %s %s at %v", readingName(r), r.Figure.Format(r.Value), r.Figure.Unit, spots[at])
	}
	return b.String()
}

// useless finds flags that the matrix does not look at.
func (c *benchLinkCmd) useless(k *kong.Context) (errs []error) {
	for _, p := range k.Path {
		if p.Flag != nil && c.Matrix && p.Flag.Name != "matrix" && p.Flag.Name != "controller" {
			errs = append(errs, errors.New("--"+p.Flag.Name+" means nothing beside --matrix: leave one of them out"))
		}
	}
	if c.Matrix && (len(c.Controller) > 1 || slices.Contains(c.Controller, tcpController)) {
		errs = append(errs, fmt.Errorf("--controller is %s: the matrix is played with one controller of ours", strings.Join(c.Controller, ",")))
	}
	return errs
}

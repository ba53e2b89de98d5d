package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tickwire/tickwire/internal/workload"
)

// plainTable is a table without borders, whose columns from the second on are numbers.
func plainTable(header table.Row, rows []table.Row) string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options.SeparateColumns = false
	t.Style().Options.DrawBorder = false
	t.Style().Format.Header = text.FormatDefault
	t.Style().Box.PaddingLeft = ""
	t.Style().Box.PaddingRight = "  "
	t.AppendHeader(header)
	t.AppendRows(rows)
	var columns []table.ColumnConfig
	for i := 2; i <= len(header); i++ {
		columns = append(columns, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	var b strings.Builder
	for line := range strings.Lines(t.Render()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// cellTable shows what a cell gave: each figure's median, and its worst.
func cellTable(cell workload.Cell, first uint64, results []workload.Result) string {
	var rows []table.Row
	for _, f := range cell.Figures() {
		s := workload.Summarize(f, results)
		rows = append(rows, table.Row{f.Name, f.Unit, f.Format(s.Median), f.Format(s.Worst), first + uint64(s.At)})
	}
	out := plainTable(table.Row{"", "", "median", "worst", "its seed"}, rows)
	if cell.Workload != workload.Stream {
		out += fmt.Sprintf("\nceiling %.2f Mbit/s: %s", results[0].Ceiling/1e6, workload.CeilingFormula)
	}
	return out
}

// seriesEvery is the distance of the lines that --csv writes.
const seriesEvery = 100 * time.Millisecond

// writeCSV plays the first seed once more and writes what happened over time.
func (c *benchLinkCmd) writeCSV(cell workload.Cell) error {
	if c.CSV == "" {
		return nil
	}
	cell.Seed, cell.Every = c.Seed, seriesEvery
	r, err := cell.Run()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("seconds,goodput_bits_per_second,other_bits_per_second,queue_ms,estimate_bytes_per_second\n")
	for _, p := range r.Series {
		fmt.Fprintf(&b, "%.1f,%.0f,%.0f,%.3f,%d\n", p.At.Seconds(), p.Goodput, p.Other, milliseconds(p.Queue), p.Rate)
	}
	if err := os.WriteFile(c.CSV, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("--csv: %w", err)
	}
	return nil
}

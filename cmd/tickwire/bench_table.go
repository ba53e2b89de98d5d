package main

import (
	"fmt"
	"strings"

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

// table shows what the controllers gave: each figure's median, and its worst.
func (c *benchLinkCmd) table(cell workload.Cell, results [][]workload.Result) string {
	header := table.Row{"", ""}
	for _, name := range c.Controller {
		header = append(header, name+"\nmedian", "\nworst", "\nits seed")
	}
	var rows []table.Row
	for _, f := range cell.Figures() {
		row := table.Row{f.Name, f.Unit}
		for _, r := range results {
			s := workload.Summarize(f, r)
			row = append(row, f.Format(s.Median), f.Format(s.Worst), c.Seed+uint64(s.At))
		}
		rows = append(rows, row)
	}
	out := plainTable(header, rows)
	if cell.Workload != workload.Stream {
		out += fmt.Sprintf("\nceiling %.2f Mbit/s: %s", results[0][0].Ceiling/1e6, cell.CeilingFormula())
	}
	return out
}

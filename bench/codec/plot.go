package codec

import (
	"image/color"
	"io"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/tickwire/tickwire/bench/report"
)

// Sizes of the picture.
const (
	width, height = 10 * vg.Inch, 4 * vg.Inch
	legendWidth   = 1.2 * vg.Inch
	margin        = 0.1 * vg.Inch
	sans          = "Sans"
)

// Plot draws the rows as SVG: a panel for each figure, a line for each message, a dot for each format. Ours
// is 1 everywhere: a dot is how many times as much the others have.
func Plot(w io.Writer, rows []Row) error {
	sheet := vgsvg.New(width, height)
	whole := draw.New(sheet)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	legend := plot.NewLegend()
	legend.Top, legend.TextStyle.Font.Variant, legend.Padding = true, sans, vg.Points(4)
	each := (width - legendWidth) / vg.Length(len(figures))
	for i, f := range figures {
		p, err := panel(rows, f, i == 0, &legend)
		if err != nil {
			return err
		}
		left := each * vg.Length(i)
		p.Draw(draw.Crop(whole, left+margin, left+each-margin-width, margin, -margin))
	}
	legend.Draw(draw.Crop(whole, width-legendWidth, -margin, 0, -margin))
	_, err := sheet.WriteTo(w)
	return err
}

// panel is one figure; the first has the names, and tells the legend.
func panel(rows []Row, f figure, first bool, legend *plot.Legend) (*plot.Plot, error) {
	p := plot.New()
	for _, style := range []*text.Style{&p.X.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label} {
		style.Font.Variant = sans
	}
	p.X.Label.Text, p.X.Scale, p.X.Tick.Marker = f.name+", times ours", plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Y.Min, p.Y.Max = -0.6, float64(len(Messages))-0.4
	p.Y.Tick.Marker = names(first)
	p.Add(plotter.NewGrid())
	for i, format := range Formats {
		dots, err := plotter.NewScatter(dots(rows, f, format))
		if err != nil {
			return nil, err
		}
		dots.GlyphStyle = draw.GlyphStyle{Color: report.Colour(i), Radius: vg.Points(4), Shape: shape(format)}
		p.Add(dots)
		if first {
			legend.Add(format, dots)
		}
	}
	return p, nil
}

func shape(format string) draw.GlyphDrawer {
	if format == Ours {
		return draw.BoxGlyph{}
	}
	return draw.CircleGlyph{}
}

// names are the ticks of the axis of messages, the first on top.
func names(shown bool) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for i, message := range slices.Backward(Messages) {
		if !shown {
			message = " "
		}
		ticks = append(ticks, plot.Tick{Value: float64(len(Messages) - 1 - i), Label: message})
	}
	return ticks
}

func dots(rows []Row, f figure, format string) (points plotter.XYs) {
	for i, message := range slices.Backward(Messages) {
		own := rowsOf(rows, message)
		for _, r := range own {
			if r.Format == format {
				points = append(points, plotter.XY{X: f.of(&r) / ourOwn(own, f), Y: float64(len(Messages) - 1 - i)})
			}
		}
	}
	return points
}

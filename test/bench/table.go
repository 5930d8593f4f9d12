package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// cell is what one server reached in one row.
type cell struct {
	values []float64
	err    error
}

// table collects the figures of a run.
type table struct {
	servers []*target
	rows    []row
	cells   [][]cell
}

func (t *table) add(r row, cells []cell) {
	t.rows = append(t.rows, r)
	t.cells = append(t.cells, cells)
}

// print writes the table in Markdown, then what could not be measured and why.
// A row that a server failed is an error.
func (t *table) print(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	head := []string{"work"}
	for _, s := range t.servers {
		head = append(head, s.Name)
	}
	head = append(head, "ratio to best peer", "aim")
	lines := [][]string{head}
	var failures []string
	for i, r := range t.rows {
		line := []string{r.name + ", " + r.unit}
		for j, c := range t.cells[i] {
			if c.err != nil {
				line = append(line, "-")
				failures = append(failures, fmt.Sprintf("%s, %s: %v", r.key, t.servers[j].Name, c.err))
				continue
			}
			line = append(line, number(median(c.values), r.decimals))
		}
		lines = append(lines, append(line, t.ratio(i), aim(r)))
	}
	if _, err := io.WriteString(w, markdown(lines)); err != nil {
		return err
	}
	if len(failures) > 0 {
		return errors.New("not measured:\n" + strings.Join(failures, "\n"))
	}
	return nil
}

// ratio compares the measured server with the best of the references.
func (t *table) ratio(i int) string {
	r := t.rows[i]
	best, ours := 0.0, 0.0
	for j, c := range t.cells[i] {
		if c.err != nil {
			continue
		}
		v := median(c.values)
		switch {
		case !t.servers[j].reference:
			ours = v
		case best == 0, r.lower && v < best, !r.lower && v > best:
			best = v
		}
	}
	if best <= 0 || ours <= 0 {
		return "-"
	}
	if r.lower {
		best, ours = ours, best
	}
	return fmt.Sprintf("%.2f×", ours/best)
}

func aim(r row) string {
	switch {
	case r.key == "push":
		return "≤ 2 ms"
	case strings.HasPrefix(r.key, "memory"):
		return "≤ 24 KiB"
	default:
		return fmt.Sprintf("≥ %g×", r.aim)
	}
}

// number prints a figure with the thousands apart.
func number(v float64, decimals int) string {
	s := fmt.Sprintf("%.*f", decimals, v)
	whole, fraction, _ := strings.Cut(s, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}

func markdown(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, s := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(s))
		}
	}
	var b strings.Builder
	for n, line := range lines {
		for i, s := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s))
			if i == 0 {
				b.WriteString("| " + s + pad + " ")
			} else {
				b.WriteString("| " + pad + s + " ")
			}
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i, width := range widths {
			if i == 0 {
				b.WriteString("|" + strings.Repeat("-", width+2))
			} else {
				b.WriteString("|" + strings.Repeat("-", width+1) + ":")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

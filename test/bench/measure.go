package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"postern/test/bench/load"
)

// measureAll takes every row's figures, the servers in turns.
func measureAll(ctx context.Context, o options, rows []row, servers []*target, stderr io.Writer) (*table, error) {
	t := &table{servers: servers}
	for _, r := range rows {
		cells, err := measureRow(ctx, o, r, servers, stderr)
		if err != nil {
			return t, err
		}
		t.add(r, cells)
	}
	return t, nil
}

// measureRow fails only if the run is to end; a server that cannot do the row
// gets its reason into the cell.
func measureRow(ctx context.Context, o options, r row, servers []*target, stderr io.Writer) ([]cell, error) {
	cells := make([]cell, len(servers))
	for i, s := range servers {
		if r.prepare != nil {
			cells[i].err = r.prepare(ctx, s, o)
		}
	}
	for round := range o.rounds {
		for turn := range servers {
			i := (turn + round) % len(servers)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if cells[i].err != nil {
				continue
			}
			v, err := r.measure(ctx, servers[i], o)
			cells[i].err = err
			cells[i].values = append(cells[i].values, v)
			if _, err := fmt.Fprintf(stderr, "%-16s round %d  %-16s %12.*f %s\n",
				r.key, round+1, servers[i].Name, r.decimals, v, r.unit); err != nil {
				return nil, err
			}
		}
	}
	return cells, nil
}

// worker is one connection of a measurement and what it repeats.
type worker struct {
	conn *load.Conn // closed at the end; nil if the worker has none for good
	once func() error
}

// rate runs all workers for a while and returns how often a second one of them
// finished once.
func rate(d time.Duration, workers []worker) (float64, error) {
	counts := make([]int, len(workers))
	errs := make([]error, len(workers))
	var wg sync.WaitGroup
	start := time.Now()
	for i, w := range workers {
		wg.Go(func() {
			for time.Since(start) < d {
				if errs[i] = w.once(); errs[i] != nil {
					return
				}
				counts[i]++
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / elapsed.Seconds(), errors.Join(errs...)
}

func closeAll(workers []worker) error {
	var errs []error
	for _, w := range workers {
		if w.conn != nil {
			errs = append(errs, w.conn.Close())
		}
	}
	return errors.Join(errs...)
}

// repeat runs once for a while, at least three times, and returns the median
// of its times in milliseconds.
func repeat(d time.Duration, once func() (time.Duration, error)) (float64, error) {
	var all []float64
	for start := time.Now(); len(all) < 3 || time.Since(start) < d; {
		took, err := once()
		if err != nil {
			return 0, err
		}
		all = append(all, float64(took)/float64(time.Millisecond))
	}
	return median(all), nil
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

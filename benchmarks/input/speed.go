package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"sslkit/benchmarks/peers/python"
	"sslkit/benchmarks/result"
	"sslkit/data"
)

// reader is a side that reads all images once.
type reader struct {
	name string
	pass func() (seconds float64, err error)
}

// speeds measures the sides in turns.
func speeds(o options, p photos) (rows []result.Row, versions map[string]string, err error) {
	theirs, err := python.Start(context.Background(), o.python, o.script, "--side", strconv.Itoa(side),
		"--files", filepath.Join(p.files, "train"), "--squares", filepath.Join(p.squares, "train"))
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, theirs.Close()) }()
	sides := []reader{{"sslkit/files", p.decodeFiles}}
	for _, cached := range []struct {
		name     string
		encoding data.Encoding
	}{{"sslkit/raw cache", data.Raw}, {"sslkit/JPEG cache", data.JPEG}} {
		set, err := p.source(p.files, cached.encoding).Open(data.Train)
		if err != nil {
			return nil, nil, err
		}
		defer set.Close()
		sides = append(sides, reader{cached.name, func() (float64, error) { return readAll(set) }})
	}
	for _, name := range []string{"PIL/files", "torchvision/files", "PIL/squares", "torchvision/squares"} {
		sides = append(sides, reader{name, func() (seconds float64, err error) {
			err = theirs.Ask(name, &seconds)
			return seconds, err
		}})
	}

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	speed := map[string][]float64{}
	for turn := range o.turns + 1 { // The first warms up, and does not count.
		for _, s := range sides {
			passes, seconds := 0, 0.
			for ; seconds < o.seconds; passes++ {
				took, err := s.pass()
				if err != nil {
					return nil, nil, fmt.Errorf("%s: %w", s.name, err)
				}
				seconds += took
			}
			if turn > 0 {
				speed[s.name] = append(speed[s.name], float64(passes*p.number)/seconds)
			}
		}
	}
	mean := func(name, what, unit string, values []float64) error {
		row, err := result.Mean(name, what, unit, values)
		rows = append(rows, row)
		return err
	}
	for _, s := range sides {
		if err := mean(s.name, "speed of one core", "images/s", speed[s.name]); err != nil {
			return nil, nil, err
		}
	}
	for _, pair := range [][2]string{
		{"sslkit/JPEG cache", "PIL/squares"}, {"sslkit/JPEG cache", "torchvision/squares"}, {"sslkit/files", "PIL/files"},
		{"sslkit/files", "torchvision/files"}, {"sslkit/raw cache", "PIL/files"},
	} {
		ratios := make([]float64, o.turns)
		for i := range ratios {
			ratios[i] = speed[pair[0]][i] / speed[pair[1]][i]
		}
		if err := mean(pair[0]+" over "+pair[1], "ratio of speeds", "", ratios); err != nil {
			return nil, nil, err
		}
	}
	return rows, theirs.Versions, nil
}

// readAll reads all images of a set.
func readAll(set data.Set) (seconds float64, err error) {
	pix := make([]uint8, side*side*3)
	began := time.Now()
	for i := range set.Len() {
		if err := set.Read(i, pix); err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds(), nil
}

// decodeFiles makes the squares of all files anew.
func (p photos) decodeFiles() (seconds float64, err error) {
	source := p.source(p.files, data.Raw)
	source.Memory, source.Cache = 1<<30, filepath.Join(p.folder, "anew")
	defer os.RemoveAll(source.Cache)
	began := time.Now()
	set, err := source.Open(data.Train)
	if err != nil {
		return 0, err
	}
	return time.Since(began).Seconds(), set.Close()
}

package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// result is a benchmark's file: see the format in any of benchmarks/results.
type result struct {
	Benchmark string            `json:"benchmark"`
	Commit    string            `json:"commit"`
	Machine   machine           `json:"machine"`
	Backend   string            `json:"backend"`
	Peer      map[string]string `json:"peer"`
	Protocol  string            `json:"protocol"`
	Rows      []row             `json:"rows"`
}

type machine struct {
	Cores       int    `json:"cores"`
	Memory      string `json:"memory"`
	Processor   string `json:"processor"`
	Accelerator string `json:"accelerator"`
}

type row struct {
	Case   string  `json:"case"`
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Unit   string  `json:"unit"`
	N      int     `json:"n"`
	Seed   uint64  `json:"seed"`
}

func (r *result) add(name, metric, unit string, s statistic, n int) {
	r.Rows = append(r.Rows, row{name, metric, s.median, s.interval[0], s.interval[1], unit, n, seed})
}

// write replaces the file in one step.
func (r *result) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// thisMachine describes the cores that this process may use and the machine around them (Linux).
func thisMachine() machine {
	return machine{
		Cores:       runtime.NumCPU(),
		Memory:      procField("/proc/meminfo", "MemTotal"),
		Processor:   procField("/proc/cpuinfo", "model name"),
		Accelerator: "none",
	}
}

// procField is the first value of a field in a file of "field : value" lines, or "unknown".
func procField(path, field string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == field {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// statistic is a figure with its 95 % interval.
type statistic struct {
	median   float64
	interval [2]float64
}

func (s statistic) scaled(by float64) statistic {
	return statistic{s.median * by, [2]float64{s.interval[0] * by, s.interval[1] * by}}
}

func median(x []float64) float64 {
	sorted := slices.Sorted(slices.Values(x))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func medianInterval(x []float64) [2]float64 {
	return bootstrap(func(random *rand.Rand) float64 { return median(resample(random, x)) })
}

func ratioInterval(above, below []float64) [2]float64 {
	return bootstrap(func(random *rand.Rand) float64 {
		return median(resample(random, above)) / median(resample(random, below))
	})
}

// bootstrap is the 95 % percentile interval of a figure that draw makes from resampled
// measurements.
func bootstrap(draw func(*rand.Rand) float64) [2]float64 {
	random := rand.New(rand.NewPCG(seed, 1))
	figures := make([]float64, 2000)
	for i := range figures {
		figures[i] = draw(random)
	}
	slices.Sort(figures)
	return [2]float64{figures[len(figures)*25/1000], figures[len(figures)*975/1000-1]}
}

func resample(random *rand.Rand, x []float64) []float64 {
	out := make([]float64, len(x))
	for i := range out {
		out[i] = x[random.IntN(len(x))]
	}
	return out
}

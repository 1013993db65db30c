// Command memory asks whether a process that trains again and again grows. It runs on Linux alone:
//
//	go run ./benchmarks/memory
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
)

const asks = "Does a process that trains, evaluates and reports again and again grow?"

const protocol = "Trainings one after the other in one process, on 320 images of Shapes for 12 steps of 32, each with a seed " +
	"of its own. In turns: SimCLR of a small ViT, BYOL of one, and one distilled from the last SimCLR. The tenth, and every " +
	"30th from there, is SimCLR of a ResNet-10 of width 8. After each come features of training and test images, k-NN, a " +
	"linear probe and embeddings; after that of a ResNet also a report with all of its parts and a comparison of latencies. " +
	"Then, with nothing collected or given back for it, Linux tells what the process has, and go-xla how many buffers of the " +
	"device it holds. A second process trains the same with GLIBC_TUNABLES=" + exactHeap + ", where glibc's threads keep " +
	"no freed pieces for themselves, which it would count: there it tells how much of the C heap is in use."

// exactHeap is the setting by which glibc counts as in use of its heap what is in use alone.
const exactHeap = "glibc.malloc.tcache_count=0"

// settled is the number of trainings after which nothing is to grow: all kinds of training, and a
// report, have been there.
const settled = 10

// allowed is the growth in percent that is none.
const allowed = 5

// options are the flags.
type options struct {
	question.Options
	trainings int
	child     string
}

// series are trainings one after the other.
type series struct {
	Folder    string // Of their runs.
	Trainings int
}

func main() {
	var o options
	o.Register()
	flag.IntVar(&o.trainings, "trainings", 100, fmt.Sprintf("the number of trainings, at least %d", settled+1))
	flag.StringVar(&o.child, "child", "", "what a child process trains, as `JSON`; for this program alone")
	question.Main("memory", asks, func() error {
		if o.child != "" {
			return inChild(o.child)
		}
		return measure(o)
	})
}

// inChild trains a series, and ends with what was in use of the C heap after each of its trainings, in MiB.
func inChild(task string) error {
	var s series
	if err := json.Unmarshal([]byte(task), &s); err != nil {
		return fmt.Errorf("-child: %w", err)
	}
	looks, err := s.train()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(each(looks, inUse))
}

// train trains, and looks at the process after each training.
func (s series) train() ([]usage, error) {
	var looks []usage
	for i := range s.Trainings {
		if err := train(s.Folder, i); err != nil {
			return nil, fmt.Errorf("training %d: %w", i+1, err)
		}
		now, err := usageNow()
		if err != nil {
			return nil, err
		}
		fmt.Printf("after training %d: %v\n", i+1, now)
		looks = append(looks, now)
	}
	return looks, nil
}

// measure trains in this process and in another one. It is an error where one of them grows.
func measure(o options) error {
	if o.Quick {
		o.trainings = settled + 2
	}
	if o.trainings <= settled {
		return fmt.Errorf("-trainings is %d; it must be at least %d", o.trainings, settled+1)
	}
	out := result.New("memory", protocol) // Of the commit that it begins with.
	s := series{Folder: o.Runs("memory"), Trainings: o.trainings}
	looks, err := s.train()
	if err != nil {
		return err
	}
	if err := os.Setenv("GLIBC_TUNABLES", exactHeap); err != nil {
		return err
	}
	var heap []float64
	if err := question.Child(s, &heap); err != nil {
		return fmt.Errorf("trainings with GLIBC_TUNABLES=%s: %w", exactHeap, err)
	}
	for i := range looks {
		looks[i].inUseMiB = heap[i]
	}
	out.Rows = rows(looks)
	out.Notes = []string{fmt.Sprintf("The growth is that of a line through all looks after the %dth, by the median of the slopes between "+
		"any two (Theil and Sen), from its first point to its last. Memory of its own is what is resident without the pages of files, which "+
		"are the code of the program and of XLA.", settled)}
	if err := out.Write(o.Results()); err != nil {
		return err
	}
	return check(looks)
}

// check returns an error where the process grew by more than is allowed, or its C heap by as many MiB.
func check(looks []usage) error {
	begin, grown := trend(each(looks, resident))
	_, heap := trend(each(looks, inUse))
	for what, mib := range map[string]float64{"resident memory": grown, "the C heap in use": heap} {
		if share := 100 * mib / begin; share > allowed {
			return fmt.Errorf("%s grew after training %d by %.1f MiB, which is %.1f %% of the resident memory; it may by %d %%",
				what, settled, mib, share, allowed)
		}
	}
	return nil
}

func resident(u usage) float64 { return u.residentMiB }
func own(u usage) float64      { return u.ownMiB }
func inUse(u usage) float64    { return u.inUseMiB }

// each is one figure of all looks.
func each(looks []usage, of func(usage) float64) []float64 {
	all := make([]float64, len(looks))
	for i, look := range looks {
		all[i] = of(look)
	}
	return all
}

// trend is the line through what comes after the settled training: where it begins, and by how much it
// grows to the last one. Its slope is the median of the slopes between any two looks, so that single
// high ones, which there are, count for little (Sen, "Estimates of the regression coefficient based on
// Kendall's tau", 1968).
func trend(memory []float64) (begin, grown float64) {
	after := memory[settled:]
	var slopes []float64
	for i, at := range after {
		for j, later := range after[i+1:] {
			slopes = append(slopes, (later-at)/float64(j+1))
		}
	}
	slope := result.Median(slopes)
	begins := make([]float64, len(after))
	for i, at := range after {
		begins[i] = at - slope*float64(i)
	}
	return result.Median(begins), slope * float64(len(after)-1)
}

// growth is that of the trend, in percent of where it begins.
func growth(memory []float64) float64 {
	begin, grown := trend(memory)
	if begin == 0 { // Not known on this system.
		return 0
	}
	return 100 * grown / begin
}

// rows tell what the process had after the first, the settled and the last training, and how the
// memory went from then on.
func rows(looks []usage) []result.Row {
	var out []result.Row
	for _, n := range []int{1, settled, len(looks)} {
		look := looks[n-1]
		name := fmt.Sprintf("after training %d", n)
		out = append(out,
			result.Exact(name, "resident memory", look.residentMiB, "MiB"),
			result.Exact(name, "memory of its own", look.ownMiB, "MiB"),
			result.Exact(name, "Go's part of that", look.goMiB, "MiB"),
			result.Exact(name, "the C heap in use", look.inUseMiB, "MiB"),
			result.Exact(name, "buffers of the device", float64(look.buffers), ""),
			result.Exact(name, "goroutines", float64(look.goroutines), ""),
			result.Exact(name, "threads", float64(look.threads), ""),
			result.Exact(name, "open files", float64(look.files), ""))
	}
	name := fmt.Sprintf("trainings %d to %d", settled+1, len(looks))
	for _, m := range []struct {
		what string
		of   func(usage) float64
	}{{"resident memory", resident}, {"memory of its own", own}, {"the C heap in use", inUse}} {
		memory := each(looks, m.of)
		grown := result.Exact(name, m.what+", growth", growth(memory), "%")
		grown.Detail = fmt.Sprintf("MiB after each training: %.1f", memory)
		out = append(out, grown,
			result.Exact(name, m.what+", smallest", slices.Min(memory[settled:]), "MiB"),
			result.Exact(name, m.what+", largest", slices.Max(memory[settled:]), "MiB"))
	}
	return out
}

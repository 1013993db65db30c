//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// injuries are what a disk, a crash or a hand do to a file.
var injuries = []struct {
	name string
	do   func(content []byte, random *rand.Rand) []byte // Nil: the file is removed.
}{
	{"flip-1", flip}, {"flip-2", flip},
	{"cut", func(c []byte, random *rand.Rand) []byte { return c[:random.IntN(max(len(c), 1))] }},
	{"cut-at-line", func(c []byte, random *rand.Rand) []byte {
		lines := bytes.SplitAfter(c, []byte("\n"))
		return bytes.Join(lines[:random.IntN(len(lines))], nil)
	}},
	{"zero", func(c []byte, random *rand.Rand) []byte {
		c = bytes.Clone(c)
		from := random.IntN(max(len(c), 1))
		clear(c[from:min(from+4096, len(c))])
		return c
	}},
	{"remove", nil},
}

// flip flips one bit.
func flip(c []byte, random *rand.Rand) []byte {
	c = bytes.Clone(c)
	if len(c) > 0 {
		c[random.IntN(len(c))] ^= 1 << random.IntN(8)
	}
	return c
}

// damage is the injury of the files of finished runs, of interrupted ones and of the cache of pixels.
func damage() []fault {
	var all []fault
	ofAll := []string{
		"recipe.json", "env.json", "metrics.jsonl", "initial.safetensors", "encoder.safetensors", "SHA256SUMS", "method.safetensors",
		"report.json", "features/train-*", "features/test-*", "checkpoint/LAST/*.bin", "checkpoint/LAST/*.json", "checkpoint/LAST/SHA256SUMS",
	}
	for _, finished := range []struct {
		family string
		files  []string
	}{
		{"simclr", ofAll},
		{"supervised", append(slices.Clone(ofAll), "checkpoint/best-*/*.bin")}, // It stops early.
		{"dino", []string{"teacher.safetensors"}},
		{"byol", []string{"average.safetensors"}},
	} {
		family := finished.family
		for _, file := range finished.files {
			for _, injury := range injuries {
				all = append(all, fault{"finished/" + family + "/" + file + "/" + injury.name, "a file of a finished run is damaged",
					damaged(family, file, injury.do, func(s *stage, folder string) error { return s.copyOf(family, folder) })})
			}
		}
	}
	for _, family := range []string{"byol", "dino", "supervised"} {
		for _, file := range []string{
			"recipe.json", "env.json", "metrics.jsonl", "initial.safetensors", "SHA256SUMS", "checkpoint/LAST/*.bin", "checkpoint/LAST/*.json",
			"checkpoint/LAST/SHA256SUMS", "checkpoint/LAST",
		} {
			for _, injury := range injuries {
				if file == "checkpoint/LAST" && injury.do != nil {
					continue
				}
				all = append(all, fault{"interrupted/" + family + "/" + file + "/" + injury.name, "a file of an interrupted run is damaged",
					damaged(family, file, injury.do, func(s *stage, folder string) error { return s.interrupted(folder, family) })})
			}
		}
	}
	for i := range 4 {
		for _, injury := range injuries {
			all = append(all, fault{fmt.Sprintf("cache/pixels/%s-%d", injury.name, i), "the cache of pixels is damaged",
				func(s *stage, folder string, random *rand.Rand) (outcome, error) {
					if err := s.copyOf("folder", folder); err != nil {
						return outcome{}, err
					}
					split := []string{"train", "test"}[i%2]
					path, err := find(filepath.Join(folder, "cache", "pixels"), "*-"+split+"-*")
					if err != nil {
						return outcome{}, err
					}
					if i >= 2 { // Pixels are read anew, not only compared.
						if err := os.RemoveAll(filepath.Join(folder, "run")); err != nil {
							return outcome{}, err
						}
					}
					if changed, err := injure(path, injury.do, random); err != nil || !changed {
						return outcome{Result: same, Said: "the file is as it was"}, err
					}
					return s.recover(folder, "folder")
				}})
		}
	}
	return all
}

// damaged damages a file of a run that prepare has made, and runs that to its end.
func damaged(family, file string, do func([]byte, *rand.Rand) []byte, prepare func(s *stage, folder string) error) func(
	*stage, string, *rand.Rand) (outcome, error) {
	return func(s *stage, folder string, random *rand.Rand) (outcome, error) {
		if err := prepare(s, folder); err != nil {
			return outcome{}, err
		}
		path, err := find(filepath.Join(folder, "run"), file)
		if err != nil {
			return outcome{}, err
		}
		if changed, err := injure(path, do, random); err != nil || !changed {
			return outcome{Result: same, Said: "the file is as it was"}, err
		}
		return s.recover(folder, family, filepath.Base(path))
	}
}

// find is the file of a run that a pattern names; LAST is its last checkpoint.
func find(run, pattern string) (string, error) {
	if strings.Contains(pattern, "LAST") {
		checkpoints, err := filepath.Glob(filepath.Join(run, "checkpoint", "*-0*"))
		if err != nil || len(checkpoints) == 0 {
			return "", fmt.Errorf("no checkpoint in %s (%v)", run, err)
		}
		slices.SortFunc(checkpoints, func(a, b string) int { return strings.Compare(b, a) }) // step-… before best-….
		pattern = strings.Replace(pattern, "LAST", filepath.Base(checkpoints[0]), 1)
	}
	found, err := filepath.Glob(filepath.Join(run, pattern))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("no %s in %s (%v)", pattern, run, err)
	}
	return found[len(found)-1], nil
}

// injure changes a file, and tells whether it is another now.
func injure(path string, do func([]byte, *rand.Rand) []byte, random *rand.Rand) (bool, error) {
	if do == nil {
		return true, os.RemoveAll(path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	changed := do(content, random)
	return !bytes.Equal(changed, content), os.WriteFile(path, changed, 0o644)
}

// removals take folders away while a run trains or after it, and a run's files from beside it.
func removals() []fault {
	var all []fault
	for _, family := range []string{"simclr", "dino", "supervised"} {
		for i := range 4 {
			all = append(all, fault{fmt.Sprintf("removed/%s/run-%d", family, i), "the run directory is removed while it trains",
				func(s *stage, folder string, random *rand.Rand) (outcome, error) {
					return s.removeRun(folder, family, random)
				}})
		}
		for _, part := range []string{"checkpoint", "features"} {
			all = append(all, fault{"removed/" + family + "/" + part, "a folder of a finished run is removed",
				func(s *stage, folder string, random *rand.Rand) (outcome, error) {
					if err := s.copyOf(family, folder); err != nil {
						return outcome{}, err
					}
					if err := os.RemoveAll(filepath.Join(folder, "run", part)); err != nil {
						return outcome{}, err
					}
					return s.recover(folder, family, "checkpoint")
				}})
		}
	}
	return all
}

// removeRun removes a run's directory at a random step: the training must end with an error, and
// leave nothing that looks like a run.
func (s *stage) removeRun(folder, family string, random *rand.Rand) (outcome, error) {
	if _, _, err := s.unbroken(family); err != nil {
		return outcome{}, err
	}
	c, err := s.start(s.whatIn(folder, family, "train"))
	if err != nil {
		return outcome{}, err
	}
	run, lines := filepath.Join(folder, "run"), 1+random.IntN(20)
	for c.ctx.Err() == nil {
		metrics, _ := os.ReadFile(filepath.Join(run, "metrics.jsonl"))
		if bytes.Count(metrics, []byte("\n")) >= lines {
			break
		}
	}
	for range 100 { // Files that come meanwhile make removing fail.
		if os.RemoveAll(run) == nil {
			break
		}
	}
	e := c.wait()
	o := judge(e, nil, "removed or replaced")
	if e.status == 0 {
		o = outcome{lost, "the training ends without an error"}
	}
	filepath.WalkDir(run, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			o = outcome{lost, "it leaves " + path}
		}
		return nil
	})
	return o, nil
}

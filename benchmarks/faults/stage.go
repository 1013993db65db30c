//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long a child may take, on a busy machine.
const patience = 3 * time.Minute

// stage is where the faults play: the unbroken runs, and a folder for each fault.
type stage struct {
	folder string
	seed   uint64
	images string                   // Pictures, for family "folder".
	whole  map[string]state         // Of the unbroken run of a family.
	events map[string]int           // That an unbroken run of it makes in its file system.
	took   map[string]time.Duration // What it took.
}

// fault is one thing that goes wrong.
type fault struct {
	name string // kind/where/which
	kind string
	// play makes it go wrong in a folder of its own, with random numbers of its own, and says what
	// came of it.
	play func(s *stage, folder string, random *rand.Rand) (outcome, error)
}

func newStage(folder string, seed uint64) (*stage, error) {
	s := &stage{
		folder: folder, seed: seed, images: filepath.Join(folder, "images"),
		whole: map[string]state{}, events: map[string]int{}, took: map[string]time.Duration{},
	}
	if err := drawImages(s.images); err != nil {
		return nil, err
	}
	return s, nil
}

// drawImages writes 40 pictures of two classes.
func drawImages(folder string) error {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		img := image.NewRGBA(image.Rect(0, 0, 40, 32))
		for k := range img.Pix {
			img.Pix[k] = uint8(random.IntN(256))
		}
		for x := range 20 {
			img.Set(x, i%32, color.White)
		}
		path := filepath.Join(folder, []string{"cats", "dogs"}[i%2], fmt.Sprintf("%02d.png", i))
		var content bytes.Buffer
		if err := png.Encode(&content, img); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, content.Bytes()) {
			continue // The time stamp of a file is part of its state.
		}
		if err := os.WriteFile(path, content.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// try plays a fault.
func (s *stage) try(f fault) (outcome, error) {
	folder := filepath.Join(s.folder, "now")
	if err := os.RemoveAll(folder); err != nil {
		return outcome{}, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return outcome{}, err
	}
	h := fnv.New64a()
	h.Write([]byte(f.name))
	o, err := f.play(s, folder, rand.New(rand.NewPCG(s.seed, h.Sum64())))
	o.Said = strings.ReplaceAll(o.Said, folder+"/", "") // Where this machine has the folder says nothing.
	return o, err
}

// unbroken is the state of an unbroken run of a family, which lies in the folder that is returned.
func (s *stage) unbroken(family string) (state, string, error) {
	folder := filepath.Join(s.folder, "unbroken-"+family)
	if known, ok := s.whole[family]; ok {
		return known, folder, nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return nil, "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, "", err
	}
	c, err := s.start(s.whatIn(folder, family, "whole"))
	if err != nil {
		return nil, "", err
	}
	began := time.Now()
	count := c.countEvents(folder, -1)
	e := c.wait()
	if e.status != 0 || e.state == nil {
		return nil, "", fmt.Errorf("an unbroken run of %s ends with status %d: %s", family, e.status, e.words())
	}
	s.whole[family], s.events[family], s.took[family] = e.state, <-count, time.Since(began)
	return e.state, folder, nil
}

// whatIn is a call of a family in a folder.
func (s *stage) whatIn(folder, family, do string) call {
	return call{Do: do, Family: family, Run: filepath.Join(folder, "run"), Images: s.images, Cache: filepath.Join(folder, "cache")}
}

// child is a process that works, and may be hurt.
type child struct {
	*exec.Cmd
	output bytes.Buffer
	cancel context.CancelFunc
	ctx    context.Context
}

// exit is how a child ended.
type exit struct {
	status int // -1: by a signal.
	late   bool
	output string
	state  state // Nil where it printed none.
}

// start starts a child, with more in its environment, and perhaps by another program.
func (s *stage) start(what call, more ...string) (*child, error) {
	return s.startBy(nil, what, more...)
}

func (s *stage) startBy(by []string, what call, more ...string) (*child, error) {
	encoded, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{}
	c.ctx, c.cancel = context.WithTimeout(context.Background(), patience)
	line := append(append([]string{}, by...), self)
	c.Cmd = exec.CommandContext(c.ctx, line[0], line[1:]...)
	c.Env = append(append(os.Environ(), childCall+"="+string(encoded), "GOMLX_BACKEND=go"), more...)
	c.Stdout, c.Stderr = &c.output, &c.output
	return c, c.Start()
}

func (c *child) wait() exit {
	err := c.Wait()
	late := c.ctx.Err() != nil
	c.cancel()
	e := exit{output: c.output.String(), late: late}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		e.status = failed.ExitCode()
	} else if err != nil {
		e.status, e.output = 1, e.output+err.Error()
	}
	if _, line, ok := strings.Cut(e.output, stateMark); ok && e.status == 0 {
		json.Unmarshal([]byte(line[:strings.IndexByte(line, '\n')]), &e.state)
	}
	return e
}

// words is what a child said, without its progress and its state.
func (e exit) words() string {
	var kept []string
	for line := range strings.Lines(e.output) {
		line = strings.TrimSpace(line)
		if line == "" || line == "compiling" || strings.HasPrefix(line, "epoch ") || strings.HasPrefix(line, stateMark) ||
			strings.Contains(line, " steps of ") || strings.HasPrefix(line, "COLLAPSE") || strings.HasPrefix(line, "resumed after") {
			continue
		}
		kept = append(kept, line)
	}
	text := strings.Join(kept, "\n")
	if len(text) > 1000 {
		text = text[:1000] + "..."
	}
	return text
}

// run runs a call to its end.
func (s *stage) run(what call, more ...string) (exit, error) {
	c, err := s.start(what, more...)
	if err != nil {
		return exit{}, err
	}
	return c.wait(), nil
}

// recover runs a family to its end in a folder where something went wrong, and judges it.
func (s *stage) recover(folder, family string, names ...string) (outcome, error) {
	want, _, err := s.unbroken(family)
	if err != nil {
		return outcome{}, err
	}
	e, err := s.run(s.whatIn(folder, family, "whole"))
	if err != nil {
		return outcome{}, err
	}
	o := judge(e, want, names...)
	if o.Result == same || o.Result == said {
		if left := leftOver(folder); len(left) > 0 {
			return outcome{lost, "left over: " + strings.Join(left, ", ")}, nil
		}
	}
	return o, nil
}

// leftOver lists what killed processes left half-written.
func leftOver(folder string) []string {
	var left []string
	filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && (strings.Contains(entry.Name(), "writing") || strings.HasSuffix(path, ".part") || strings.HasSuffix(path, ".lock")) {
			left = append(left, filepath.Base(path))
		}
		return nil
	})
	return left
}

// copyOf copies the unbroken run of a family, with its cache, to a folder.
func (s *stage) copyOf(family, folder string) error {
	_, from, err := s.unbroken(family)
	if err != nil {
		return err
	}
	return os.CopyFS(folder, os.DirFS(from))
}

// interrupted leaves in a folder a run of a family that was killed between its checkpoints of the
// steps 12 and 24.
func (s *stage) interrupted(folder, family string) error {
	if _, _, err := s.unbroken(family); err != nil {
		return err
	}
	c, err := s.start(s.whatIn(folder, family, "train"))
	if err != nil {
		return err
	}
	target := filepath.Join(folder, "run", "checkpoint", "step-000000012")
	for range int(patience / time.Millisecond) {
		if _, err := os.Stat(target); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	c.Process.Kill()
	c.wait()
	if _, err := os.Stat(filepath.Join(folder, "run", "encoder.safetensors")); err == nil {
		return fmt.Errorf("the run of %s was finished before it was interrupted", family)
	}
	_, err = os.Stat(target)
	return err
}

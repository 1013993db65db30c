package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"
)

// decodeJob turns files into slots.
type decodeJob struct {
	size, maxPixels int
	quality         int // of the JPEGs that are kept; 0: raw pixels are
	onBad           BadImages
	classes         []string
	images          []located
	bar             *progress
	whole           *Fit                   // how whole images become square; nil: their centre squares do
	sizeOf          map[string]image.Point // that images of those paths must have, upright
	videoOf         func(located) string   // names the video of an image, whose frames must be of one size; nil: images may be of any size
}

// errStop ends a visit early.
var errStop = errors.New("stop")

// decode reads the images of a job from a tree, image i into slot i, on all
// cores.
func (j *decodeJob) decode(tree archive, to squareWriter) (*pixelIndex, error) {
	slotOf := make(map[string]int, len(j.images))
	for i, image := range j.images {
		slotOf[image.path] = i
	}
	type file struct {
		slot    int
		content func() ([]byte, error)
	}
	var (
		files   = make(chan file)
		d       = &decoder{size: j.size, maxPixels: j.maxPixels, whole: j.whole}
		bad     = make([]error, len(j.images))
		sizes   = make([]image.Point, len(j.images))
		hashes  = make([][sha256.Size]byte, len(j.images))
		visited = make([]bool, len(j.images)) // by the visiting goroutine
		failed  = make(chan struct{})
		once    sync.Once
		fatal   error
		workers sync.WaitGroup

		inFlight = semaphore.NewWeighted(maxInFlight)
	)
	fail := func(err error) { once.Do(func() { fatal = err; close(failed) }) }
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			pix := make([]uint8, j.size*j.size*3)
			for f := range files {
				content, err := f.content()
				if err == nil {
					sizes[f.slot], err = d.decode(content, pix)
					inFlight.Release(int64(len(content)))
				}
				if want, ok := j.sizeOf[j.images[f.slot].path]; err == nil && ok && want != sizes[f.slot] {
					err = fmt.Errorf("it is %d×%d pixels, and what is said of it is of %d×%d", sizes[f.slot].X, sizes[f.slot].Y, want.X, want.Y)
				}
				if err != nil {
					bad[f.slot] = err
					if j.onBad == Fail {
						fail(fmt.Errorf("%s: %w", j.images[f.slot].path, err))
					}
					continue
				}
				if err := to.put(f.slot, pix); err != nil {
					fail(fmt.Errorf("writing the cache: %w", err))
				}
				hashes[f.slot] = sha256.Sum256(pix)
			}
		})
	}
	wanted := func(path string) bool {
		slot, ok := slotOf[path]
		return ok && !visited[slot] // an archive may hold a path twice; the first counts
	}
	read := func(r io.Reader, size uint64) ([]byte, error) { return readImage(r, size, inFlight) }
	err := tree.visit(wanted, read, func(path string, content func() ([]byte, error)) error {
		slot := slotOf[path]
		visited[slot] = true
		select {
		case files <- file{slot, content}:
			j.bar.add(1)
			return nil
		case <-failed:
			return errStop
		}
	})
	close(files)
	workers.Wait()
	j.bar.end()
	if fatal != nil {
		return nil, fatal
	}
	if err != nil {
		return nil, err
	}
	for i := range visited {
		if !visited[i] {
			bad[i] = errors.New("the file disappeared while the folder was being read")
			if j.onBad == Fail {
				return nil, fmt.Errorf("%s: %w", j.images[i].path, bad[i])
			}
		}
	}
	if j.videoOf != nil {
		if err := j.checkSizes(sizes, bad); err != nil {
			return nil, err
		}
	}
	index, err := j.index(bad, hashes, sizes)
	if err != nil {
		return nil, err
	}
	to.finish(index)
	return index, nil
}

// index lists the good images and reports the bad ones.
func (j *decodeJob) index(bad []error, hashes [][sha256.Size]byte, sizes []image.Point) (*pixelIndex, error) {
	index := &pixelIndex{Size: j.size, Total: len(j.images), Classes: j.classes}
	h := sha256.New()
	fmt.Fprintf(h, "images of %d×%d, classes %q\n", j.size, j.size, j.classes)
	if j.quality > 0 {
		fmt.Fprintf(h, "JPEG of quality %d\n", j.quality)
	}
	good, all := make([]int, len(j.classes)+1), make([]int, len(j.classes)+1)
	for i, image := range j.images {
		all[image.class+1]++
		if bad[i] != nil {
			index.Skipped = append(index.Skipped, Skipped{image.path, bad[i].Error()})
			continue
		}
		good[image.class+1]++
		index.Paths = append(index.Paths, image.path)
		index.Labels = append(index.Labels, image.class)
		index.Slots = append(index.Slots, i)
		index.Hashes = append(index.Hashes, hashes[i][:]...)
		if j.whole != nil {
			index.Sizes = append(index.Sizes, sizes[i])
		}
		fmt.Fprintf(h, "%q %d %x\n", image.path, image.class, hashes[i])
	}
	for i, image := range j.images {
		if good[image.class+1] > 0 {
			continue
		}
		of := "all"
		if image.class >= 0 {
			of = "class " + j.classes[image.class] + ": all"
		}
		return nil, fmt.Errorf("%s %d images are bad, the first of them %s: %w", of, all[image.class+1], image.path, bad[i])
	}
	index.Fingerprint = hex.EncodeToString(h.Sum(nil))
	return index, nil
}

package track

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// TensorBoard writes event files for `tensorboard --logdir`: each scalar of rundir.Scalars as a
// curve, in float32 as TensorBoard has them, and the recipe as text.
//
// A run is written anew whenever it is shown or goes on, and its earlier files are removed, so that
// what TensorBoard shows is what metrics.jsonl holds.
type TensorBoard struct {
	// Dir is the folder for --logdir, in which each run has a folder of its name. Default: the run's
	// own directory, so that `tensorboard --logdir runs` shows all runs in runs.
	Dir string
}

// Check returns nil: any folder will do.
func (b TensorBoard) Check() error { return nil }

// String says where the files are.
func (b TensorBoard) String() string {
	return "TensorBoard in " + cmp.Or(b.Dir, "the run directory")
}

// Open writes what the run has reported.
func (b TensorBoard) Open(run Run) (Log, error) { return b.open(run, time.Now()) }

// eventFile begins the name of an event file, which TensorBoard knows by it.
const eventFile = "events.out.tfevents."

func (b TensorBoard) open(run Run, now time.Time) (Log, error) {
	folder := string(run.Dir)
	if b.Dir != "" {
		folder = filepath.Join(b.Dir, run.Name)
	}
	if err := os.MkdirAll(folder, wholefile.FolderPerms); err != nil {
		return nil, fmt.Errorf("making the folder of event files: %w", err)
	}
	earlier, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("looking for earlier event files: %w", err)
	}
	own := ".sslkit-" + run.id()
	for _, entry := range earlier {
		if strings.HasPrefix(entry.Name(), eventFile) && strings.HasSuffix(entry.Name(), own) {
			if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil {
				return nil, fmt.Errorf("removing an earlier event file of the run: %w", err)
			}
		}
	}
	// TensorBoard reads files in the order of their names, and nothing twice of one name.
	file, err := os.Create(filepath.Join(folder, fmt.Sprintf("%s%010d.%09d%s", eventFile, now.Unix(), now.Nanosecond(), own)))
	if err != nil {
		return nil, fmt.Errorf("making an event file: %w", err)
	}
	log := &eventLog{run: run, file: file, out: bufio.NewWriterSize(file, 1<<16)}
	for _, event := range [][]byte{fileVersion(run.Began), sessionStart(run.Began), recipeText(run)} {
		log.out.Write(record(event)) // Its error is sticky: Write returns it.
	}
	if err := log.Write(run.Metrics); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return log, nil
}

// eventLog appends to an event file.
type eventLog struct {
	run  Run
	file *os.File
	out  *bufio.Writer
}

func (l *eventLog) Write(lines []rundir.Metrics) error {
	for _, m := range lines {
		if event := scalars(m, l.run.at(m)); event != nil {
			l.out.Write(record(event))
		}
	}
	if err := l.out.Flush(); err != nil {
		return fmt.Errorf("writing event file %s: %w", l.file.Name(), err)
	}
	return nil
}

func (l *eventLog) Close(End) error {
	if err := errors.Join(l.file.Sync(), l.file.Close()); err != nil {
		return fmt.Errorf("closing event file %s: %w", l.file.Name(), err)
	}
	return nil
}
